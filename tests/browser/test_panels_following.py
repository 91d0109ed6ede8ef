"""A command's panel goes on to its next job; panels fit their frames."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, expect

from tests.support.browser import visit
from tests.support.embedder import embedder, frame, page_of
from tests.support.notes import Notes, start, stop
from tests.support.server import command_toml, serve

pytestmark = pytest.mark.usefixtures("left_alone")

SIZES = ["badge", "line", "tail", "full"]
NEXT_MS = 12_000
"""A panel looks for the next job every 5 s, and no later than 10 s after it was asked for."""

FITS = "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
LONG = "a-title-without-a-single-space-that-is-much-longer-than-the-frame-is-wide"


@dataclass(frozen=True, slots=True)
class Site:
    """A server, and another origin that shows it."""

    server: str
    other: str
    notes: Notes


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The server and the other origin."""
    folder = tmp_path_factory.mktemp("following")
    notes = Notes.made("notes", folder)
    with embedder("127.0.0.1") as other:
        wide = command_toml("wide", "sh", "-c", "printf '%0500d\\n' 1 2 3; exec sleep 600", title=LONG)
        with serve(f'[server]\nframe_ancestors = ["{other}"]\n{notes.toml()}{wide}', folder) as server:
            start(server.url, "wide")
            yield Site(server.url, other, notes)


@pytest.mark.parametrize(
    ("script", "ended"), [(True, True), (True, False), (False, False)], ids=["after its end", "live", "no script"]
)
def test_a_second_job_takes_the_place_of_the_first(browser: Browser, site: Site, script: bool, ended: bool) -> None:
    site.notes.begin()
    first = start(site.server, "notes")
    if ended:
        stop(site.server, first)
    frames = "".join(frame(f"{site.server}/commands/notes/panel?size={size}", size) for size in SIZES[1:])
    page = visit(browser, page_of(site.other, frames), script).page
    inners = [page.frame_locator(f"iframe[name={size}]") for size in SIZES[1:]]
    for inner in inners:
        expect(inner.get_by_role("link", name="Full page")).to_have_attribute("href", f"/jobs/{first}")
    site.notes.file.write_text("written by the second job\n")
    second = start(site.server, "notes")
    for inner in inners:
        expect(inner.get_by_role("link", name="Full page")).to_have_attribute(
            "href", f"/jobs/{second}", timeout=NEXT_MS
        )
        expect(inner.locator("body")).to_contain_text("written by the second job")
    for job in (first, second):
        stop(site.server, job)


@pytest.mark.parametrize("width", [200, 2_000])
def test_a_panel_never_scrolls_sideways_itself(browser: Browser, site: Site, width: int) -> None:
    queries = [*(f"size={size}" for size in SIZES), "form=1", "size=tail&times=1", "share=none", "lines=0"]
    frames = [
        frame(f"{site.server}/commands/wide/panel?{query}", str(number), f'width="{width}" height="300"')
        for number, query in enumerate(queries)
    ]
    page = visit(browser, page_of(site.other, "".join(frames))).page
    inners = page.main_frame.child_frames
    assert len(inners) == len(queries)
    for inner in inners:
        expect(inner.locator("main > *").first).to_be_attached()
    assert [query for query, inner in zip(queries, inners, strict=True) if not inner.evaluate(FITS)] == []
    assert {inner.evaluate("document.documentElement.clientWidth") for inner in inners} == {width}
