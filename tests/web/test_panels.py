"""Panels as pages for frames: what each size shows, what their addresses may say, and starting and stopping in them."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import quote

import pytest

from runner.job import Job
from runner.parameters import IntegerParameter, TextParameter
from runner.service import Runner
from runner.settings import PoolSettings, Settings
from tests.support.commands import command, python, settings_of
from tests.support.jobs import end_of, start_job
from tests.web.conftest import Ask

SIZES = ("badge", "line", "tail", "full")
WRONG = [
    ("size=huge", "size must be one of badge, line, tail, full."),
    ("size=", "size must be one of badge, line, tail, full."),
    ("size=tail&size=line", "size was sent more than once."),
    ("lines=0", "lines must be 1 to 200."),
    ("lines=201", "lines must be 1 to 200."),
    ("lines=-1", "lines must be a whole number, 0 or more, of at most 18 digits."),
    ("lines=%D9%A1", "lines must be a whole number, 0 or more, of at most 18 digits."),
    ("theme=red", "theme must be one of auto, light, dark."),
    ("numbers=yes", "numbers must be one of 0, 1."),
    ("times=2", "times must be one of 0, 1."),
    ("buttons=", "buttons must be one of 0, 1."),
    ("ground=red", "The colour ground must be six hexadecimal digits."),
    ("ink=12345", "The colour ink must be six hexadecimal digits."),
    ("accent=%3Cb%3E", "The colour accent must be six hexadecimal digits."),
    (f"title={'x' * 81}", "The title must be at most 80 characters."),
    ("title=a&title=b", "title was sent more than once."),
]
"""An option that is not right, and what is said of it."""
LOUD = "import os, time; os.write(1, b'<b>bold</b> & \\x1b[31mred\\n'); os.write(2, b'half <i>'); time.sleep(600)"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Commands with and without parameters; one job runs, one may wait."""
    number = IntegerParameter(name="n", label="Up to", min=0, max=1_000)
    note = TextParameter(name="note", label="Note", required=False)
    return settings_of(
        tmp_path,
        command("count", "seq", "{n}", parameters=(number, note), title="Count & <all>"),
        command("wait", "sleep", "600", stop_grace=2.0),
        command("nothing", "true"),
        python(LOUD, "loud", stop_grace=2.0),
        pool=PoolSettings(running=1, queue=1),
    )


@pytest.fixture
async def counted(runner: Runner) -> Job:
    """A finished job of 30 lines."""
    job = await start_job(runner, "count", n=30)
    await end_of(runner, job)
    return job


async def page_of(asked: Ask, path: str, status: int = 200) -> str:
    answer = await asked("GET", path)
    assert (path, answer.status) == (path, status)
    page: str = answer.body.decode()
    assert page.count("<h1") == page.count("</html>") == 1
    return page


def gutter(page: str) -> list[str]:
    """What stands beside the lines."""
    return [text for found in re.findall('data-gutter="([^"]*)"', page) for text in found.split("\n")]


def posted_to(page: str) -> list[str]:
    return re.findall('<form[^>]* action="([^"]*)"', page)


@pytest.mark.parametrize("subject", ["job", "command"])
async def test_each_size_shows_so_much(asked: Ask, counted: Job, subject: str) -> None:
    base = f"/jobs/{counted.id}/panel?size=" if subject == "job" else "/commands/count/panel?size="
    badge, line, tail, full = [await page_of(asked, base + size) for size in SIZES]
    assert "<svg" in badge
    assert "<pre" not in badge + line
    assert '<p class="last"><code>30</code></p>' in line
    assert gutter(tail) == [f"{number} out" for number in range(11, 31)]
    assert gutter(full) == [f"{number} out" for number in range(1, 31)]
    for page in (badge, line, tail, full):
        assert 'data-state="finished" data-outcome="succeeded"' in page
        assert ("<svg" in page) == (page is badge)


async def test_without_a_size_it_is_the_reader(asked: Ask, counted: Job) -> None:
    assert 'id="log"' in await page_of(asked, f"/jobs/{counted.id}/panel")


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("lines=1", ["30 out"]),
        ("lines=2&numbers=1", ["29 out", "30 out"]),
        ("lines=2&numbers=0", ["out"] * 2),
    ],
)
async def test_so_many_lines_with_or_without_numbers(asked: Ask, counted: Job, query: str, shown: list[str]) -> None:
    assert gutter(await page_of(asked, f"/jobs/{counted.id}/panel?size=tail&{query}")) == shown


@pytest.mark.parametrize("size", ["tail", "full"])
async def test_times_stand_beside_the_lines(asked: Ask, counted: Job, size: str) -> None:
    both = gutter(await page_of(asked, f"/jobs/{counted.id}/panel?size={size}&times=1"))
    assert all(re.fullmatch(r"\d\d:\d\d:\d\d \d+ out", each) for each in both)
    only = gutter(await page_of(asked, f"/jobs/{counted.id}/panel?size={size}&times=1&numbers=0"))
    assert all(re.fullmatch(r"\d\d:\d\d:\d\d out", each) for each in only)
    assert both and only  # noqa: PT018 - one thought


@pytest.mark.parametrize("size", SIZES)
async def test_the_title_is_the_commands_own_another_or_none(asked: Ask, counted: Job, size: str) -> None:
    base = f"/jobs/{counted.id}/panel?size={size}"
    own, other, none = [await page_of(asked, base + end) for end in ("", f"&title={quote('<i>“Mine”</i>')}", "&title=")]
    assert "Count &amp; &lt;all&gt;" in own
    assert "&lt;i&gt;“Mine”&lt;/i&gt;" in other
    assert "<i>" not in own + other
    assert ('<p class="title">' in own, '<p class="title">' in none) == (size != "badge", False)


async def test_themes_and_colours(asked: Ask, counted: Job) -> None:
    base = f"/jobs/{counted.id}/panel?size=line"
    for theme in ("auto", "light", "dark"):
        assert f'<html lang="en" class="{theme}">' in await page_of(asked, f"{base}&theme={theme}")
    assert '<html lang="en" class="auto">' in (plain := await page_of(asked, base))
    assert "/panel.css?" not in plain.replace("/static/panel.css?", "")
    coloured = await page_of(asked, f"{base}&ground=%23FFFFFF&accent=00ff7F")
    assert 'href="/panel.css?ground=ffffff&amp;accent=00ff7f"' in coloured
    css = await asked("GET", "/panel.css?ground=ffffff&accent=00ff7f")
    assert (css.status, css.header("content-type")) == (200, "text/css; charset=utf-8")
    assert "--page: #ffffff;" in css.body.decode()
    assert "--accent: #00ff7f;" in css.body.decode()
    assert "--ink" not in css.body.decode()


async def test_a_colour_is_six_digits_and_nothing_else(asked: Ask) -> None:
    for key in ("ground", "ink", "accent"):
        for sent in ("red", "fff", "ffffff;}*{x", "%0affffff", "ffffff%0a", "gggggg", "##ffffff", "%D9%A1" * 6):
            answer = await asked("GET", f"/panel.css?{key}={sent}")
            assert (sent, answer.status) == (sent, 400)
            assert f"The colour {key} must be six hexadecimal digits." in answer.body.decode()


async def test_what_an_option_cannot_be_is_said_in_the_frame(asked: Ask, counted: Job) -> None:
    for query, sentence in WRONG:
        for path in (f"/jobs/{counted.id}/panel", "/commands/count/panel"):
            answer = await asked("GET", f"{path}?{query}")
            assert (query, answer.status) == (query, 400)
            assert sentence in answer.body.decode()
            assert "frame-ancestors 'self'" in (answer.header("content-security-policy") or "")


async def test_a_title_of_any_80_characters_is_taken(asked: Ask, counted: Job) -> None:
    assert "ü" * 80 in await page_of(asked, f"/jobs/{counted.id}/panel?title={quote('ü' * 80)}")


@pytest.mark.parametrize("size", SIZES)
async def test_a_command_that_has_not_run_says_so_and_looks_for_its_first_job(asked: Ask, size: str) -> None:
    page = await page_of(asked, f"/commands/nothing/panel?size={size}")
    assert "not run yet" in page.lower()
    assert "data-state" not in page
    assert re.search(r'hx-get="/commands/nothing/panel/fragment\?[^"]*seen=none', page)
    assert f"url=/commands/nothing/panel?{f'size={size}&amp;' if size != 'full' else ''}r=1" in page
    assert posted_to(page) == (["/commands/nothing/panel" + f"?size={size}" * (size != "full")] * (size != "badge"))


async def test_a_command_shows_whatever_job_is_its_newest(asked: Ask, runner: Runner) -> None:
    for number in (3, 5, 4):
        job = await start_job(runner, "count", n=number)
        await end_of(runner, job)
        page = await page_of(asked, "/commands/count/panel?size=line")
        assert f"<code>{number}</code>" in page
        assert f'href="/jobs/{job.id}"' in page


async def test_a_job_that_waits_says_where_in_the_queue(asked: Ask, runner: Runner) -> None:
    await start_job(runner, "wait")
    queued = await start_job(runner, "count", n=1)
    for size in SIZES:
        page = await page_of(asked, f"/jobs/{queued.id}/panel?size={size}")
        assert 'data-state="queued"' in page
        assert "Waiting, 1st in the queue" in page


async def test_output_is_text_in_every_size(asked: Ask, runner: Runner) -> None:
    job = await start_job(runner, "loud")
    await runner.lines(job.id, 0, wait=10)
    await runner.lines(job.id, 1, wait=10, seen=0)
    for size in ("line", "tail", "full"):
        page = await page_of(asked, f"/jobs/{job.id}/panel?size={size}")
        assert "<b>bold" not in page
        assert "<i>" not in page
    assert "&lt;b&gt;bold&lt;/b&gt; &amp; " in page


async def test_a_job_that_cannot_be_found_is_a_sentence(asked: Ask) -> None:
    assert 'class="linefeed-panel trouble"' in await page_of(asked, f"/jobs/{'a' * 26}/panel?size=line", 404)
    assert 'class="linefeed-panel trouble"' in await page_of(asked, "/commands/none/panel", 404)


async def test_no_buttons_if_the_address_says_so(asked: Ask, runner: Runner) -> None:
    job = await start_job(runner, "wait")
    with_them = await page_of(asked, "/commands/wait/panel?size=line")
    assert posted_to(with_them) == ["/commands/wait/panel?size=line", f"/jobs/{job.id}/stop"]
    assert not posted_to(await page_of(asked, "/commands/wait/panel?size=line&buttons=0"))
    assert not posted_to(await page_of(asked, f"/jobs/{job.id}/panel?buttons=0"))


async def test_a_refresh_keeps_every_option(asked: Ask, runner: Runner) -> None:
    job = await start_job(runner, "wait")
    query = "size=tail&lines=7&theme=dark&title=A+b&numbers=0&times=1&buttons=0&ground=aabbcc&ink=112233&accent=00ff00"
    page = await page_of(asked, f"/jobs/{job.id}/panel?{query}&r=8")
    assert f'content="3; url=/jobs/{job.id}/panel?{query}&r=9#end"'.replace("&", "&amp;") in page
    assert re.search('hx-get="([^"]*)"', page)[1].startswith(  # type: ignore[index] # it is there, or this fails
        f"/jobs/{job.id}/panel/fragment?{query}&seen=".replace("&", "&amp;")
    )
