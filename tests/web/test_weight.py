"""What the first visit costs: everything that the dashboard loads, compressed."""

from __future__ import annotations

import re

import pytest

from tests.web.conftest import Ask

MOST_BYTES = 25 << 10
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
