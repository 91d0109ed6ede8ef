"""The wall: a tile for each command that was asked for, one poller for all, and only what changed after that."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from html import unescape
from pathlib import Path

import pytest
from quart import Quart

from runner.service import Runner
from runner.settings import Right, Settings
from runner.web import create_app
from runner.web.browser import COOKIE
from runner.web.context import context_of
from runner.web.panels import walls
from tests.support.asgi import ask
from tests.support.commands import command, settings_of
from tests.support.jobs import end_of
from tests.support.waiting import until
from tests.web.people import rule, sign_in, users_auth

Headers = tuple[tuple[bytes, bytes], ...]
NAMES = ("b-first", "a-second", "hidden", "wait")
BROWSER = (b"cookie", f"{COOKIE}={'b' * 22}".encode())


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """``ada`` sees everything, ``ben`` but one command, of another only his own jobs."""
    rules = [
        rule(*Right, people=["ada"]),
        rule(Right.SEE, people=["ben"], commands=["b-first"]),
        rule(Right.START, people=["ben"], commands=["a-second"]),
    ]
    commands = (command(name, "echo", f"<b>{name}</b>", title=f"The {name}") for name in NAMES[:3])
    wait = command("wait", "sleep", "600", stop_grace=2.0)
    return settings_of(tmp_path, *commands, wait, auth=users_auth(tmp_path, ("ada", "ben"), *rules))


@pytest.fixture
async def app(settings: Settings) -> AsyncIterator[Quart]:
    """The app under these rules."""
    web = create_app(settings)
    async with web.test_app():
        yield web


@pytest.fixture
def runner(app: Quart) -> Runner:
    """The Runner behind the app."""
    return context_of(app).runner


async def ran(runner: Runner, name: str, owner: str = "ada") -> str:
    job = await runner.start(name, {}, owner=owner)
    await end_of(runner, job)
    return job.id


def as_browser(app: Quart, who: str) -> Headers:
    """A browser in which they are signed in."""
    ((name, session),) = sign_in(app, who).headers
    return ((name, session + b"; " + BROWSER[1]),)


async def page_of(app: Quart, path: str, who: str = "ada", status: int = 200) -> str:
    answer = await ask(app, "GET", path, sign_in(app, who).headers)
    assert (path, answer.status) == (path, status)
    return answer.body.decode()


def tiles(page: str) -> dict[str, str]:
    """The tiles of a page or fragment, by name, in their order."""
    return dict(re.findall(r'<article id="tile-([^"]+)"(.*?)</article>', page, re.DOTALL))


def poll_of(page: str) -> str:
    """The only address that a page or fragment asks by itself."""
    (found,) = re.findall(r'hx-get="([^"]*)"', page)
    return unescape(found)


async def test_the_tiles_are_those_asked_for_in_their_order_each_once(app: Quart, runner: Runner) -> None:
    newest = [await ran(runner, "a-second") for _ in range(2)][1]
    page = await page_of(app, "/wall?commands=a-second,none-such,b-first,a-second,%20wait%20,")
    found = tiles(page)
    assert list(found) == ["a-second", "none-such", "b-first", "wait"]
    assert f'href="/jobs/{newest}">The a-second' in found["a-second"]
    assert "&lt;b&gt;a-second&lt;/b&gt;" in found["a-second"]
    assert "No such command" in found["none-such"]
    assert "Not run yet" in found["b-first"]
    assert 'content="5; url=/wall?commands=a-second%2Cnone-such' in page


async def test_without_names_it_is_every_command_that_may_be_seen(app: Quart) -> None:
    assert list(tiles(await page_of(app, "/wall"))) == list(NAMES)
    assert list(tiles(await page_of(app, "/wall", "ben"))) == ["b-first", "a-second"]


async def test_what_somebody_does_not_see_is_not_there(app: Quart, runner: Runner) -> None:
    await ran(runner, "hidden")
    hidden = tiles(await page_of(app, "/wall?commands=hidden", "ben"))["hidden"]
    none = tiles(await page_of(app, "/wall?commands=none-such", "ben"))["none-such"]
    assert hidden == none.replace("none-such", "hidden")


async def test_who_sees_only_their_own_jobs_has_the_newest_of_these(app: Quart, runner: Runner) -> None:
    own = await ran(runner, "a-second", "ben")
    others = await ran(runner, "a-second")
    assert f'href="/jobs/{own}"' in tiles(await page_of(app, "/wall?commands=a-second", "ben"))["a-second"]
    assert f'href="/jobs/{others}"' in tiles(await page_of(app, "/wall?commands=a-second"))["a-second"]


async def test_names_that_are_none_or_too_many_are_refused(app: Quart) -> None:
    many = ",".join(f"c{number}" for number in range(walls.MOST))
    assert len(tiles(await page_of(app, f"/wall?commands={many}"))) == walls.MOST
    for sent in (
        f"{many},one-more",
        "A",
        "-a",
        "a b",
        "a/b",
        "%3Cb%3E",
        "%00",
        "x" * 64,
        "a;b",
        "%C3%BC",
        "a&commands=b",
    ):
        for path in ("/wall", "/fragments/wall"):
            assert "commands" in await page_of(app, f"{path}?commands={sent}", status=400)


async def test_a_poll_brings_what_changed_and_the_next_poll(app: Quart, runner: Runner) -> None:
    first = await page_of(app, "/wall?commands=a-second,b-first,wait")
    assert first.count("hx-get") == 1
    poll = asyncio.ensure_future(ask(app, "GET", poll_of(first), as_browser(app, "ada")))
    await until(lambda: context_of(app).holds.held == 1)
    job = await ran(runner, "b-first")
    news = (await asyncio.wait_for(poll, 10)).body.decode()
    assert list(tiles(news)) == ["b-first"]
    assert 'hx-swap-oob="outerHTML"' in tiles(news)["b-first"]
    assert job in tiles(news)["b-first"]
    assert news.count("hx-get") == 1
    assert context_of(app).holds.held == 0


async def test_a_poll_without_news_is_held_and_then_brings_only_the_next(
    app: Quart, runner: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(walls, "HOLD_SECONDS", 0.3)
    await ran(runner, "b-first")
    first = await page_of(app, "/wall?commands=b-first,a-second")
    answer = await ask(app, "GET", poll_of(first), as_browser(app, "ada"))
    assert (answer.status, tiles(answer.body.decode())) == (200, {})
    assert poll_of(answer.body.decode()) == poll_of(first)


async def test_whatever_is_said_to_have_been_seen_is_only_compared(app: Quart, runner: Runner) -> None:
    await ran(runner, "b-first")
    for seen in ("", "x", "-" * 500, "none-none-none", "%00", "%C3%BC-1"):
        fragment = await page_of(app, f"/fragments/wall?commands=b-first&seen={seen}")
        assert list(tiles(fragment)) == ["b-first"]


async def test_a_wall_counts_among_the_three_held_polls(app: Quart, runner: Runner) -> None:
    first, browser = await page_of(app, "/wall?commands=wait"), as_browser(app, "ada")
    polls = [asyncio.ensure_future(ask(app, "GET", poll_of(first), browser)) for _ in range(5)]
    await until(lambda: sum(poll.done() for poll in polls) == 2)
    assert context_of(app).holds.held == 3
    for poll in polls:
        if poll.done():
            assert 'hx-trigger="every 3s"' in poll.result().body.decode()
    job = await runner.start("wait", {})
    await asyncio.gather(*polls)
    await runner.stop(job.id, force=True)


async def test_a_wall_may_not_be_framed(app: Quart) -> None:
    for path in ("/wall", "/wall?commands=A"):
        answer = await ask(app, "GET", path, sign_in(app, "ada").headers)
        assert "frame-ancestors 'none'" in (answer.header("content-security-policy") or "")
