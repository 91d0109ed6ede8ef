"""A panel's fragment, for polls and for other sites' pages: what it holds, for whom it waits, who may read it."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from html import unescape
from pathlib import Path

import pytest
from quart import Quart

from runner.job import Job
from runner.service import Runner
from runner.settings import Settings
from runner.web import create_app
from runner.web.browser import COOKIE
from runner.web.context import context_of
from runner.web.panels import making
from tests.support.asgi import Answer, ask
from tests.support.commands import command, python, settings_of
from tests.support.jobs import end_of, start_job
from tests.support.waiting import until

WIKI, STATUS = "https://wiki.example.org", "http://status.example.org:8080"
BROWSER = ((b"cookie", f"{COOKIE}={'b' * 22}".encode()),)
SIZES = ("badge", "line", "tail")
STRANGERS = [
    "https://evil.example", "null", "", f"{WIKI}.evil.example", "https://evil-wiki.example.org", f"{WIKI}:444",
    "http://wiki.example.org", "https://wiki.example.org.", f"{WIKI}/", f"{WIKI} {STATUS}", f"{WIKI},{STATUS}",
    "HTTPS://WIKI.EXAMPLE.ORG", "https://x@wiki.example.org", "*", "wiki.example.org", "https://wiki.example.org\t",
    "http://status.example.org", "file://", "https://wıki.example.org",
]  # fmt: skip
HALF = "import os, time; os.write(1, b'one\\n'); os.write(2, b'half'); time.sleep(600)"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Two sites may embed, and none a command of its own mind."""
    plain = settings_of(
        tmp_path,
        command("nothing", "true"),
        command("closed", "true", frame_ancestors=()),
        command("wait", "sleep", "600", stop_grace=2.0),
        command("speak", "cat", stop_grace=2.0),
        python(HALF, "half", stop_grace=2.0),
    )
    return replace(plain, server=replace(plain.server, frame_ancestors=(WIKI, STATUS)))


@pytest.fixture
async def app(settings: Settings) -> AsyncIterator[Quart]:
    """The app."""
    web = create_app(settings)
    async with web.test_app():
        yield web


@pytest.fixture
def runner(app: Quart) -> Runner:
    """The Runner behind the app."""
    return context_of(app).runner


async def from_site(app: Quart, path: str, *origins: str, method: str = "GET") -> Answer:
    """The answer to a script of pages of these origins."""
    return await ask(app, method, path, [(b"origin", origin.encode()) for origin in origins])


def polled(answer: Answer) -> str:
    """Where the fragment asks for what is new."""
    found = re.search('hx-get="([^"]*)"', answer.body.decode())
    assert found is not None
    return unescape(found[1])


def allowed(answer: Answer) -> tuple[str | None, str | None]:
    """For whom CORS opens it, and whether other sites may have it at all."""
    assert answer.header("access-control-allow-credentials") is None
    return answer.header("access-control-allow-origin"), answer.header("cross-origin-resource-policy")


async def test_a_listed_site_gets_it_with_whole_addresses(app: Quart, runner: Runner) -> None:
    job = await start_job(runner, "wait")
    for path in (f"/jobs/{job.id}/panel/fragment", "/commands/wait/panel/fragment"):
        for size in SIZES:
            for origin in (WIKI, STATUS):
                answer = await from_site(app, f"{path}?size={size}", origin)
                assert (answer.status, allowed(answer)) == (200, (origin, "cross-origin"))
                assert "Origin" in (answer.header("vary") or "")
                html = answer.body.decode()
                addresses = re.findall(r'\b(?:href|src|action|hx-get|hx-post)="([^"]*)"', html)
                assert addresses
                assert all(each.startswith("http://localhost/") for each in addresses), addresses
                assert "<form" not in html


async def test_it_has_no_ids_which_are_the_host_pages_own(app: Quart, runner: Runner) -> None:
    job = await start_job(runner, "half")
    await runner.lines(job.id, 0, wait=10)
    while not (reading := await runner.lines(job.id, 1)).open:
        await runner.lines(job.id, 1, wait=10, seen=reading.revision)
    for size in SIZES:
        for origins in ((), (WIKI,)):
            html = (await from_site(app, f"/jobs/{job.id}/panel/fragment?size={size}", *origins)).body.decode()
            assert not re.findall(r"\bid\s*=", html)
    assert "half" in html


async def test_no_other_site_may_read_it(app: Quart) -> None:
    for sent in (*((each,) for each in STRANGERS), (WIKI, STATUS), (WIKI, WIKI)):
        for method in ("GET", "OPTIONS"):
            answer = await from_site(app, "/commands/nothing/panel/fragment?size=line", *sent, method=method)
            assert (sent, allowed(answer)) == (sent, (None, "same-origin"))
            assert answer.header("access-control-allow-headers") is None
            assert "Origin" in (answer.header("vary") or "")


async def test_a_preflight_is_answered_to_listed_sites_for_reading_only(app: Quart) -> None:
    answer = await from_site(app, "/commands/nothing/panel/fragment?size=line", WIKI, method="OPTIONS")
    assert (answer.status, answer.body, allowed(answer)) == (204, b"", (WIKI, "cross-origin"))
    assert answer.header("access-control-allow-methods") == "GET"
    headers = set((answer.header("access-control-allow-headers") or "").split(", "))
    assert {"hx-request", "hx-current-url"} <= headers
    assert not headers & {"authorization", "cookie", "*"}


async def test_a_command_and_its_jobs_may_be_closed_to_all_sites(app: Quart, runner: Runner) -> None:
    job = await start_job(runner, "closed")
    await end_of(runner, job)
    for path in ("/commands/closed/panel/fragment", f"/jobs/{job.id}/panel/fragment"):
        for method in ("GET", "OPTIONS"):
            assert allowed(await from_site(app, f"{path}?size=line", WIKI, method=method))[0] is None


async def test_only_fragments_are_open_to_sites(app: Quart, runner: Runner) -> None:
    job = await start_job(runner, "nothing")
    await end_of(runner, job)
    for each in ("panel", "badge.svg", "badge.txt", "lines?after=0", "log", "tail", ""):
        for method in ("GET", "OPTIONS"):
            assert allowed(await from_site(app, f"/jobs/{job.id}/{each}".rstrip("/"), WIKI, method=method))[0] is None


@pytest.mark.parametrize(
    ("path", "status"),
    [(f"/jobs/{'a' * 26}/panel/fragment", 404), ("/commands/none/panel/fragment", 404),
     ("/commands/nothing/panel/fragment?size=full", 400), ("/commands/nothing/panel/fragment?size=full&framed=1", 400),
     ("/commands/nothing/panel/fragment?size=line&lines=0", 400)],
)  # fmt: skip
async def test_what_goes_wrong_is_a_sentence_that_the_site_may_read(app: Quart, path: str, status: int) -> None:
    answer = await from_site(app, path, WIKI)
    assert (answer.status, allowed(answer)) == (status, (WIKI, "cross-origin"))
    assert re.fullmatch(r'\s*<section class="linefeed-panel trouble"><p>[^<]+\.</p></section>\s*', answer.body.decode())


async def test_the_full_size_is_for_frames(app: Quart, runner: Runner) -> None:
    path = "/commands/nothing/panel/fragment?size=full"
    assert (await ask(app, "GET", path)).status == 400
    assert (await ask(app, "GET", f"{path}&framed=1")).status == 200


async def test_nothing_new_is_no_answer_and_at_once_for_who_has_no_cookie(app: Quart, runner: Runner) -> None:
    job = await start_job(runner, "wait")
    for size in SIZES:
        first = await ask(app, "GET", f"/jobs/{job.id}/panel/fragment?size={size}")
        assert 'hx-trigger="every 3s"' in first.body.decode()
        began = time.monotonic()
        again = await ask(app, "GET", polled(first))
        assert (again.status, again.body) == (204, b"")
        assert time.monotonic() - began < 2


async def test_a_known_browser_waits_for_news_and_gets_them(app: Quart, runner: Runner) -> None:
    job = await start_job(runner, "wait")
    first = await ask(app, "GET", f"/jobs/{job.id}/panel/fragment?size=line", BROWSER)
    assert 'hx-trigger="load, every 3s"' in first.body.decode()
    poll = asyncio.ensure_future(ask(app, "GET", polled(first), BROWSER))
    await until(lambda: context_of(app).holds.held == 1)
    assert not poll.done()
    await runner.stop(job.id, force=True)
    answer = await asyncio.wait_for(poll, 10)
    while 'data-state="finished"' not in answer.body.decode():  # it may have been asked while it was stopping
        answer = await ask(app, "GET", polled(answer), BROWSER)
    assert "hx-get" not in answer.body.decode()
    assert context_of(app).holds.held == 0


async def test_a_wait_without_news_ends_with_no_answer(
    app: Quart, runner: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(making, "hold_seconds", lambda *_: 0.2)
    job = await start_job(runner, "wait")
    first = await ask(app, "GET", f"/jobs/{job.id}/panel/fragment?size=tail", BROWSER)
    assert (await ask(app, "GET", polled(first), BROWSER)).status == 204


async def test_of_ten_panels_of_a_browser_three_are_held(app: Quart, runner: Runner) -> None:
    job = await start_job(runner, "wait")
    first = await ask(app, "GET", f"/jobs/{job.id}/panel/fragment?size=line&framed=1", BROWSER)
    polls = [asyncio.ensure_future(ask(app, "GET", polled(first), BROWSER)) for _ in range(10)]
    await until(lambda: sum(poll.done() for poll in polls) == 7)
    assert context_of(app).holds.held == 3
    assert {poll.result().status for poll in polls if poll.done()} == {204}
    await runner.stop(job.id, force=True)
    await asyncio.gather(*polls)


async def test_a_commands_fragment_brings_its_next_job(app: Quart, runner: Runner) -> None:
    first = await ask(app, "GET", "/commands/nothing/panel/fragment?size=line")
    assert "Not run yet" in first.body.decode()
    assert 'hx-trigger="every 5s"' in first.body.decode()
    assert (await ask(app, "GET", polled(first))).status == 204
    job: Job = await start_job(runner, "nothing")
    await end_of(runner, job)
    second = await ask(app, "GET", polled(first))
    assert 'data-outcome="succeeded"' in second.body.decode()
    assert (await ask(app, "GET", polled(second))).status == 204
