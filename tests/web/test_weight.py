"""What the first visit costs: everything that a page or panel loads, compressed; and what a silent poll costs."""

from __future__ import annotations

import re

import pytest
from quart import Quart

from runner.service import Runner
from runner.web.serving import Limits
from tests.support.jobs import end_of, start_job
from tests.support.serving import serving
from tests.web.conftest import Ask

MOST_BYTES = 25 << 10
PANEL_BYTES = 20 << 10
POLL_BYTES = 1 << 10
GZIP = [(b"accept-encoding", b"gzip")]
PAGES = ["/", "/jobs", "/commands/count"]


def loaded(html: str) -> list[str]:
    """The addresses that a browser asks for by itself."""
    links = re.findall(r'<link rel="(?:stylesheet|icon)"[^>]* href="([^"]+)"', html)
    return [*links, *scripts(html)]


def scripts(html: str) -> list[str]:
    """The addresses of the page's scripts; none is written into the page."""
    tags = re.findall(r"<script\b[^>]*>", html)
    sources = re.findall(r'<script\b[^>]* src="([^"]+)"', html)
    assert len(tags) == len(sources)
    return sources


async def html_of(asked: Ask, path: str) -> str:
    answer = await asked("GET", path)
    return str(answer.body, "utf-8")


@pytest.mark.parametrize("path", PAGES)
async def test_the_first_page_is_light(asked: Ask, path: str) -> None:
    assets = loaded(await html_of(asked, path))
    answers = [await asked("GET", each, GZIP) for each in (path, *assets)]
    assert {answer.status for answer in answers} == {200}
    assert sum(len(answer.body) for answer in answers) <= MOST_BYTES


@pytest.mark.parametrize("path", PAGES)
async def test_htmx_is_the_only_script(asked: Ask, path: str) -> None:
    sources = scripts(await html_of(asked, path))
    assert [source.partition("?")[0] for source in sources] == ["/static/htmx.min.js"]


async def test_what_a_page_loads_is_kept_for_ever(asked: Ask) -> None:
    for address in loaded(await html_of(asked, "/")):
        assert "immutable" in ((await asked("GET", address)).header("cache-control") or "")


@pytest.mark.parametrize("size", ["badge", "line", "tail", "full"])
@pytest.mark.parametrize("subject", ["job", "command"])
async def test_a_panel_of_20_lines_is_light(asked: Ask, runner: Runner, subject: str, size: str) -> None:
    job = await start_job(runner, "count", n=20)
    await end_of(runner, job)
    path = f"/jobs/{job.id}/panel?size={size}" if subject == "job" else f"/commands/count/panel?size={size}"
    path += "&ground=ffffff&ink=112233&accent=445566"
    addresses = [path, *(each.replace("&amp;", "&") for each in loaded(await html_of(asked, path)))]
    answers = [await asked("GET", each, GZIP) for each in addresses]
    assert {answer.status for answer in answers} == {200}
    assert sum(len(answer.body) for answer in answers) <= PANEL_BYTES


@pytest.mark.parametrize("size", ["badge", "line", "tail", "full"])
async def test_a_silent_poll_of_a_panel_is_next_to_nothing(app: Quart, asked: Ask, runner: Runner, size: str) -> None:
    job = await start_job(runner, "wait")
    poll = re.search('hx-get="([^"]*)"', await html_of(asked, f"/jobs/{job.id}/panel?size={size}"))
    assert poll is not None
    async with serving(app, Limits()) as served:  # type: ignore[arg-type] # Quart's own names for ASGI's parts
        wire = await served.connect()
        target = poll[1].replace("&amp;", "&")
        await wire.send(
            f"GET {target} HTTP/1.1\r\nHost: localhost\r\nAccept-Encoding: gzip\r\nConnection: close\r\n\r\n".encode()
        )
        answer = await wire.rest()
    assert answer.startswith(b"HTTP/1.1 200" if size == "full" else b"HTTP/1.1 204")
    assert len(answer) <= POLL_BYTES
