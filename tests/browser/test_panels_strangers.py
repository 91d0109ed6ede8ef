"""Who may not show a panel sees nothing of it, by whatever door; and what is isolated stays so."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, Error, Page, expect

from tests.browser.test_framing import assert_blocked, framed
from tests.support.browser import visit
from tests.support.embedder import embedder, frame, framing, page_of
from tests.support.notes import start
from tests.support.server import command_toml, serve
from tests.support.waiting import until_now

pytestmark = pytest.mark.usefixtures("left_alone")

DOORS = """async ([door, url]) => new Promise(resolve => {
    const tags = {image: 'img', script: 'script', style: 'link', video: 'video'};
    if (!(door in tags)) {
        fetch(url, {mode: door}).then(() => resolve('open'), () => resolve('shut'));
        return;
    }
    const element = document.createElement(tags[door]);
    element.onload = element.onloadedmetadata = () => resolve('open');
    element.onerror = () => resolve('shut');
    if (door === 'style') element.rel = 'stylesheet';
    element[element.tagName === 'LINK' ? 'href' : 'src'] = url;
    document.body.append(element);
})"""
"""Whether an address can be had by the page: as an element of it, or by its script in this mode."""

NAMES = ["image", "script", "style", "video", "cors", "no-cors"]
PATHS = ["panel", "panel/fragment?size=tail", "panel/fragment?size=line&seen=none", "badge.svg", "badge.txt"]
PANELS = ["panel", "panel?size=badge", "panel?form=1", "panel?lines=0", "panel?share=no"]


@dataclass(frozen=True, slots=True)
class Sites:
    """A server, a site of its settings and one that is not. The command ``own`` is for the stranger alone."""

    server: str
    friend: str
    stranger: str


@pytest.fixture(scope="module")
def sites(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sites]:
    """Three origins: to a browser the stranger is on the server's own site, and the friend on another."""
    with embedder("localhost") as friend, embedder("127.0.0.1") as stranger:
        commands = [
            f'[server]\nframe_ancestors = ["{friend}"]\n',
            command_toml("speak", "echo", "hello there"),
            command_toml("own", "echo", "hello partner", frame_ancestors=[stranger]),
            command_toml("nobody", "echo", "hello nobody", frame_ancestors=[]),
        ]
        with serve("\n".join(commands), tmp_path_factory.mktemp("strangers")) as server:
            for command in ("speak", "own", "nobody"):
                start(server.url, command)
            yield Sites(server.url, friend, stranger)


def door(page: Page, name: str, url: str) -> str:
    """``open`` or ``shut``."""
    return str(page.evaluate(DOORS, [name, url]))


def test_a_stranger_finds_every_door_shut(browser: Browser, sites: Sites) -> None:
    page = visit(browser, page_of(sites.stranger, "<body>")).page
    urls = [f"{sites.server}/commands/speak/{path}" for path in PATHS]
    doors = [*urls, f"{sites.server}/wall", f"{sites.server}/jobs/none/panel/fragment", f"{sites.server}/panel.css"]
    assert [(name, url) for url in doors for name in NAMES if door(page, name, url) != "shut"] == []


def test_a_friend_has_the_doors_of_the_documentation(browser: Browser, sites: Sites) -> None:
    page = visit(browser, page_of(sites.friend, "<body>")).page
    url = f"{sites.server}/commands/speak"
    assert door(page, "image", f"{url}/badge.svg") == door(page, "cors", f"{url}/panel/fragment?size=tail") == "open"
    assert {door(page, "cors", f"{url}/{path}") for path in ("panel", "badge.svg", "badge.txt")} == {"shut"}


@pytest.mark.parametrize("panel", PANELS)
def test_a_stranger_frames_nothing(browser: Browser, sites: Sites, panel: str) -> None:
    assert_blocked(*framed(browser, framing(sites.stranger, f"{sites.server}/commands/speak/{panel}")))


def test_a_frame_within_a_friends_frame_is_not_for_a_stranger(browser: Browser, sites: Sites) -> None:
    panel = framing(sites.friend, f"{sites.server}/commands/speak/panel")
    watched = visit(browser, framing(sites.stranger, panel))
    (outer,) = watched.page.main_frame.child_frames
    (inner,) = outer.child_frames
    assert_blocked(inner, watched.complaints)


@pytest.mark.parametrize(("command", "who"), [("own", "friend"), ("nobody", "stranger")])
def test_a_commands_own_list_counts_alone(browser: Browser, sites: Sites, command: str, who: str) -> None:
    origin, url = str(getattr(sites, who)), f"{sites.server}/commands/{command}"
    assert_blocked(*framed(browser, framing(origin, f"{url}/panel")))
    page = visit(browser, page_of(origin, "<body>")).page
    assert door(page, "image", f"{url}/badge.svg") == door(page, "cors", f"{url}/panel/fragment?size=line") == "shut"


def test_who_is_on_a_commands_own_list_sees_it(browser: Browser, sites: Sites) -> None:
    found, complaints = framed(browser, framing(sites.stranger, f"{sites.server}/commands/own/panel"))
    expect(found.locator("body")).to_contain_text("hello partner")
    page = visit(browser, page_of(sites.stranger, "<body>")).page
    assert door(page, "image", f"{sites.server}/commands/own/badge.svg") == "open"
    assert complaints == []


def test_neither_side_of_a_frame_reaches_into_the_other(browser: Browser, sites: Sites) -> None:
    style = "<style>* { color: rgb(255, 0, 0) !important; font-size: 99px !important }</style>"
    panel = frame(f"{sites.server}/commands/speak/panel", "panel", 'sandbox="allow-scripts allow-same-origin"')
    page = visit(browser, page_of(sites.friend, style + panel)).page
    (inner,) = page.main_frame.child_frames
    expect(inner.locator("body")).to_contain_text("hello there")
    expect(inner.locator("body")).not_to_have_css("color", "rgb(255, 0, 0)")
    expect(inner.locator("body")).to_have_css("font-size", "15px")
    assert page.evaluate("document.querySelector('iframe').contentDocument") is None
    for where, expression in [
        (page.main_frame, "frames.panel.document.title"),
        (page.main_frame, "frames.panel.location.href"),
        (inner, "parent.document.title"),
        (inner, "parent.location.href"),
        (inner, "top.location = 'about:blank'"),
    ]:
        with pytest.raises(Error, match="SecurityError"):
            where.evaluate(expression)


def test_a_page_that_opens_a_panel_has_no_hold_of_it(browser: Browser, sites: Sites) -> None:
    page = visit(browser, page_of(sites.stranger, "<body>")).page
    with page.expect_popup() as opening:
        page.evaluate("url => { window.opened = open(url) }", f"{sites.server}/commands/speak/panel")
    expect(opening.value.locator("body")).to_contain_text("hello there")
    assert page.evaluate("opened.closed")
    assert opening.value.evaluate("opener") is None


def test_a_strict_page_needs_the_documented_line(browser: Browser, sites: Sites) -> None:
    strict = "default-src 'none'; script-src 'self'"
    fragment = f'hx-get="{sites.server}/commands/speak/panel/fragment?size=line" hx-trigger="load"'
    html = (
        '<meta name="htmx-config" content=\'{"mode":"cors","includeIndicatorCSS":false}\'>'
        f'<script src="/htmx.min.js" defer></script><div {fragment}></div>'
        f'<img src="{sites.server}/commands/speak/badge.svg" alt="badge">'
        + frame(f"{sites.server}/commands/speak/panel", "panel")
    )
    line = f"; frame-src {sites.server}; img-src {sites.server}; connect-src {sites.server}"
    watched = visit(browser, page_of(sites.friend, html, strict + line))
    expect(watched.page.frame_locator("iframe").locator("body")).to_contain_text("hello there")
    expect(watched.page.locator(".linefeed-panel")).to_contain_text("hello there")
    assert watched.page.locator("img").evaluate("image => image.complete && image.naturalWidth")
    assert watched.complaints == []
    without = visit(browser, page_of(sites.friend, html, strict))

    def blocks_all() -> bool:
        without.page.evaluate("1")  # the browser's complaints come with its answers
        return all(each in "\n".join(without.complaints) for each in ("/panel", "/badge.svg", "/panel/fragment"))

    until_now(blocks_all)
