"""Whole pages from templates, and how they are refreshed without script."""

from __future__ import annotations

from dataclasses import dataclass

from quart import Response, render_template

from runner.web.browser import browser_cookie


@dataclass(frozen=True, slots=True)
class PaceView:
    """How a page is refreshed without script (empty: not at all), and the link that changes it."""

    refresh: str
    url: str
    text: str


async def page(name: str, status: int = 200, **values: object) -> Response:
    """The page ``pages/NAME.html``; gives the browser its cookie."""
    html = await render_template(f"pages/{name}.html", **values)
    return browser_cookie(Response(html, status))


def refresh_to(seconds: int, url: str, anchor: str = "") -> str:
    """What a ``refresh`` says. ``url`` must be another each time, or a browser would not load it."""
    return f"{seconds}; url={url}{anchor}"
