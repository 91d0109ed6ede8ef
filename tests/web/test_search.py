"""Only the lines with a text, or of a stream: on the page, and as a running job goes on."""

from __future__ import annotations

import re

import pytest

from runner.lines import Run, Slice, Stream
from runner.service import Runner
from runner.web import search
from runner.web.matching import Filter, count_of, highlighted, last_of, passing
from tests.support.jobs import end_of, start_job
from tests.web.conftest import Ask

NUMBERS = b"".join(b"%d\n" % number for number in range(1, 101))
SLICE = Slice(1, 100, 0, (Run(1, 100, Stream.STDOUT, 0.0, NUMBERS),))


def numbers(slices: list[Slice]) -> list[int]:
    """The number of each line."""
    return [line for part in slices for run in part.runs for line in range(run.first, run.first + run.count)]


def test_lines_that_pass_keep_their_numbers() -> None:
    found = passing(SLICE, Filter("9"), 1_000)
    assert numbers([found]) == [number for number in range(1, 101) if "9" in str(number)]
    assert b"".join(run.data for run in found.runs).split() == [str(number).encode() for number in numbers([found])]
    assert found.next == 100


@pytest.mark.parametrize("most", [1, 2, 5, 19])
def test_as_many_as_wanted_and_the_cursor_after_them(most: int) -> None:
    found = passing(SLICE, Filter("9"), most)
    every = numbers([passing(SLICE, Filter("9"), 1_000)])
    assert numbers([found]) == every[:most]
    assert found.next == every[most - 1]
    assert numbers(last_of([passing(SLICE, Filter("9"), 1_000)], most)) == every[-most:]


def test_a_text_is_found_under_colours_and_marked_outside_tags_and_entities() -> None:
    run = Run(1, 2, Stream.STDOUT, 0.0, b"a \x1b[31mred\x1b[0m word\nother\n")
    assert count_of([passing(Slice(1, 2, 0, (run,)), Filter("red word"), 9)]) == 1
    assert highlighted('<span class="f1">span &amp; amp</span>', "span") == (
        '<span class="f1"><mark class="hit">span</mark> &amp; amp</span>'
    )
    assert highlighted("&amp; amp &lt;b&gt;", "amp") == '&amp; <mark class="hit">amp</mark> &lt;b&gt;'
    assert highlighted("x &lt;b&gt;", "<b>") == 'x <mark class="hit">&lt;b&gt;</mark>'


async def test_the_page_shows_only_lines_with_the_text(asked: Ask, runner: Runner) -> None:
    job = await start_job(runner, "count", n=3000)
    await end_of(runner, job)
    page = (await asked("GET", f"/jobs/{job.id}?q=99")).body.decode()
    shown = [int(number) for number in re.findall(r"(\d+) out", page)]
    assert shown == [number for number in range(1, 3001) if "99" in str(number)]
    assert f"{len(shown)} lines found, looked through lines 1 to 3,000 of 3,000" in page
    assert '<mark class="hit">99</mark>' in page
    assert "No such line among these." in (await asked("GET", f"/jobs/{job.id}?q=zap")).body.decode()


async def test_one_stream_alone(asked: Ask, runner: Runner) -> None:
    job = await start_job(runner, "talk")
    await end_of(runner, job)
    page = (await asked("GET", f"/jobs/{job.id}?stream=stderr&q=")).body.decode()
    assert page.count("err 1\n") == 1
    assert "out 1\n" not in page.split('id="log"')[1]


async def test_a_search_is_bounded_and_its_links_go_through_everything(
    asked: Ask, runner: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "FOUND_LINES", 100)
    job = await start_job(runner, "count", n=3000)
    await end_of(runner, job)
    for start, rel in (("", "prev"), ("&after=0", "next")):
        url, seen = f"/jobs/{job.id}?q=1{start}", []
        while url:
            page = (await asked("GET", url)).body.decode()
            seen += [int(number) for number in re.findall(r"(\d+) out", page)]
            link = re.search(f'href="([^"]+)" rel="{rel}"', page)
            url = link[1].replace("&amp;", "&") if link else ""
        assert sorted(seen) == [number for number in range(1, 3001) if "1" in str(number)]


async def test_a_filtered_poll_brings_what_passes_and_goes_on_filtered(asked: Ask, runner: Runner) -> None:
    job = await start_job(runner, "chat")
    await runner.lines(job.id, 0, wait=10)
    html = (await asked("GET", f"/jobs/{job.id}/lines?after=0&q=ready")).body.decode()
    assert '<mark class="hit">ready</mark>' in html
    assert f'hx-get="/jobs/{job.id}/lines?after=1&amp;seen=' in html
    assert "&amp;q=ready&amp;shown=1" in html


@pytest.mark.parametrize("query", ["q=a&line=3", "stream=zap", "q=" + "a" * 1001])
async def test_what_cannot_be_asked(asked: Ask, runner: Runner, query: str) -> None:
    job = await start_job(runner, "nothing")
    assert (await asked("GET", f"/jobs/{job.id}?{query}")).status == 400
