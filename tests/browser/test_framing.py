"""Panels in other people's pages: shown to the sites of the settings, and nothing else is shown to anybody."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Frame, expect

from tests.support.browser import visit
from tests.support.embedder import embedder, framing
from tests.support.server import command_toml, serve
from tests.support.waiting import until_now


@dataclass(frozen=True, slots=True)
class Sites:
    """A server with a finished job, a site that may show its panels, and one that may not."""

    server: str
    friend: str
    stranger: str
    job: str


@pytest.fixture(scope="module")
def sites(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sites]:
    """Three origins: the friend is ``localhost``, the stranger ``127.0.0.1`` on a port of its own."""
    folder: Path = tmp_path_factory.mktemp("framing")
    with embedder("localhost") as friend, embedder("127.0.0.1") as stranger:
        settings = f'[server]\nframe_ancestors = ["{friend}"]\n'
        with serve(settings + command_toml("speak", "echo", "hello there"), folder) as server:
            yield Sites(server.url, friend, stranger, finished_job(server.url))


def finished_job(url: str) -> str:
    """The id of a job that is over."""
    job = str(httpx.post(f"{url}/api/v1/jobs", json={"command": "speak"}).json()["id"])
    until_now(lambda: httpx.get(f"{url}/api/v1/jobs/{job}").json()["state"] == "finished")
    return job


def framed(browser: Browser, address: str) -> tuple[Frame, list[str]]:
    """The frame of the page at ``address``, and what the browser complained about."""
    watched = visit(browser, address)
    (frame,) = watched.page.main_frame.child_frames
    return frame, watched.complaints


@pytest.mark.parametrize("isolated", [False, True])
def test_a_panel_is_shown_by_a_site_of_the_settings(browser: Browser, sites: Sites, isolated: bool) -> None:
    panel = f"{sites.server}/jobs/{sites.job}/panel"
    frame, complaints = framed(browser, framing(sites.friend, panel, isolated))
    expect(frame.locator("body")).to_contain_text("hello there")
    assert complaints == []


def test_a_panel_is_not_shown_by_any_other_site(browser: Browser, sites: Sites) -> None:
    frame, complaints = framed(browser, framing(sites.stranger, f"{sites.server}/jobs/{sites.job}/panel"))
    assert_blocked(frame, complaints)


@pytest.mark.parametrize("path", ["/", "/jobs", "/jobs/{job}", "/jobs/{job}/log", "/commands/speak", "/none"])
def test_no_other_page_is_ever_shown(browser: Browser, sites: Sites, path: str) -> None:
    assert_blocked(*framed(browser, framing(sites.friend, sites.server + path.format(job=sites.job))))


def assert_blocked(frame: Frame, complaints: list[str]) -> None:
    """The browser refused to show the frame, and said why."""
    assert not frame.url.startswith("http")
    assert any("frame-ancestors" in complaint for complaint in complaints)
