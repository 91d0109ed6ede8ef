"""The four ways to show Linefeed in another page, as the example pages have them: each is live."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, FrameLocator, Page, expect

from examples.embedding.intranet import Places, intranet
from tests.support.browser import visit
from tests.support.embedder import embedder, page_of
from tests.support.notes import Notes, start, stop
from tests.support.processes import marked
from tests.support.server import PROJECT, serve
from tests.support.waiting import until_now

pytestmark = pytest.mark.usefixtures("left_alone")

PREFIX = "/tools/linefeed"
FRAMES = ("state", "last line", "newest lines", "")
"""How the titles of the four frames of iframe.html end."""

NEWS = "written after the page was loaded"
NEWS_MS = 12_000


@dataclass(frozen=True, slots=True)
class Site:
    """A server, and the example pages; ``foreign`` is their address under another site's name."""

    server: str
    pages: str
    foreign: str
    notes: Notes


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The pages with the server's address in them."""
    folder, places = tmp_path_factory.mktemp("ways"), Places()
    notes = Notes.made("deploy", folder)
    with intranet(0, places) as port:
        pages, foreign = f"http://127.0.0.1:{port}", f"http://localhost:{port}"
        settings = f'[server]\nframe_ancestors = ["{pages}", "{foreign}"]\n'
        with serve(settings + notes.toml(title="Deploy the shop"), folder) as server:
            places.linefeed = server.url
            yield Site(server.url, pages, foreign, notes)


@pytest.fixture
def job(site: Site) -> Iterator[str]:
    """A fresh job, which has written one line."""
    site.notes.begin()
    job = start(site.server, "deploy")
    yield job
    stop(site.server, job)


def frames_of(page: Page) -> list[FrameLocator]:
    """The frames of iframe.html: badge, line, tail, full."""
    titles = [f"Deployment: {end}" if end else "Deployment" for end in FRAMES]
    return [page.frame_locator(f'iframe[title="{title}"]') for title in titles]


# Without script on the same site only: for a frame in a process of its own Playwright switches script off too late.
@pytest.mark.parametrize(
    ("script", "foreign"), [(True, False), (True, True), (False, False)], ids=["same site", "other site", "no script"]
)
def test_sandboxed_frames_of_each_size_are_live(
    browser: Browser, site: Site, job: str, script: bool, foreign: bool
) -> None:
    watched = visit(browser, f"{site.foreign if foreign else site.pages}/iframe.html", script)
    badge, *lines = frames_of(watched.page)
    expect(badge.locator("svg")).to_have_attribute("aria-label", re.compile("Running"))
    site.notes.add(NEWS)
    for each in lines:
        expect(each.locator("body")).to_contain_text(NEWS, timeout=NEWS_MS)
    stop(site.server, job)
    expect(badge.locator("svg")).to_have_attribute("aria-label", re.compile("Stopped"), timeout=NEWS_MS)
    assert watched.complaints == []


def test_the_links_of_a_sandboxed_frame_lead_to_whole_pages(browser: Browser, site: Site, job: str) -> None:
    page = visit(browser, f"{site.foreign}/iframe.html").page
    with page.expect_popup() as opening:
        frames_of(page)[3].get_by_role("link", name="Full page").click()
    expect(opening.value.get_by_role("heading", name="Deploy the shop")).to_be_visible()
    assert opening.value.url == f"{site.server}/jobs/{job}"


@pytest.mark.usefixtures("job")
def test_the_pages_own_htmx_shows_a_job_of_another_origin(browser: Browser, site: Site) -> None:
    watched = visit(browser, f"{site.foreign}/htmx.html")
    expect(watched.page.locator(".linefeed-panel")).to_have_count(2)
    site.notes.add(NEWS)
    for size in ("tail", "line"):
        expect(watched.page.locator(f".linefeed-panel.{size}", has_text=NEWS)).to_be_visible(timeout=NEWS_MS)
    assert watched.complaints == []


@pytest.mark.usefixtures("job")
def test_without_script_that_page_has_frames(browser: Browser, site: Site) -> None:
    page = visit(browser, f"{site.pages}/htmx.html", script=False).page
    site.notes.add(NEWS)
    for frame in page.locator("iframe").all():
        expect(frame.content_frame.locator("body")).to_contain_text(NEWS, timeout=NEWS_MS)


def test_a_badge_in_markdown_follows_the_state(browser: Browser, site: Site, job: str) -> None:
    page = visit(browser, f"{site.foreign}/badge.md", script=False).page
    picture = page.get_by_alt_text("Deploy the shop")
    assert picture.evaluate("image => image.complete && image.naturalWidth") > 60
    with page.expect_response(lambda answer: "badge.svg" in answer.url and "Stopped" in answer.text(), timeout=NEWS_MS):
        stop(site.server, job)
    link = page.get_by_role("link", name="a line of text").get_attribute("href")
    assert page.request.get(link or "").text() == "shop: Stopped, 1 line\n"


def test_htmx_shows_a_job_of_the_same_origin_through_a_proxy(browser: Browser, tmp_path: Path) -> None:
    notes = Notes.made("deploy", tmp_path)
    with (
        serve(f'[server]\nbase_path = "{PREFIX}"\n' + notes.toml(), tmp_path) as server,
        embedder("127.0.0.1", PREFIX, server.url) as origin,
    ):
        job = start(server.url, "deploy")
        fragment = f"{PREFIX}/commands/deploy/panel/fragment?size=tail"
        html = f'<script src="/htmx.min.js" defer></script><div hx-get="{fragment}" hx-trigger="load">'
        watched = visit(browser, page_of(origin, html))
        expect(watched.page.locator(".linefeed-panel")).to_contain_text("the first line")
        notes.add(NEWS)
        expect(watched.page.locator(".linefeed-panel")).to_contain_text(NEWS, timeout=NEWS_MS)
        link = watched.page.get_by_role("link", name="Full page")
        assert link.get_attribute("href") == f"{PREFIX}/jobs/{job}"
        assert watched.complaints == []


@pytest.fixture
def mounted(tmp_path: Path) -> Iterator[str]:
    """The address of examples/embedding/mounted.py. Afterwards nothing of it is left."""
    process = subprocess.Popen(
        [sys.executable, "-m", "examples.embedding.mounted", "0"],
        cwd=PROJECT,
        env={**os.environ, "LINEFEED_DATA": str(tmp_path / "data")},
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stderr
        line = process.stderr.readline()
        (address,) = re.findall(r"Running on (http://\S+)", line)
        yield address
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0
        until_now(lambda: not marked(str(tmp_path / "data")))
    finally:
        process.kill()
        process.communicate()


def test_a_quart_app_has_it_under_a_prefix_with_its_own_look(browser: Browser, mounted: str) -> None:
    watched = visit(browser, mounted)
    framed = watched.page.frame_locator("iframe")
    framed.get_by_role("button", name="Start").click()
    expect(framed.locator("#log")).to_contain_text("part-2.tar", timeout=NEWS_MS)
    expect(watched.page.locator(".linefeed-panel")).to_contain_text("part-2.tar", timeout=NEWS_MS)
    expect(framed.get_by_role("button", name="Start")).to_have_css("background-color", "rgb(122, 59, 18)")
    watched.page.goto(f"{mounted}{PREFIX}/")
    expect(watched.page.get_by_role("button", name="Start")).to_have_css("background-color", "rgb(122, 59, 18)")
    assert watched.complaints == []
