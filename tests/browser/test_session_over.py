"""A session that ends while one of its pages is open: the page asks to sign in, and goes on where it was."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import STEADY
from tests.browser.test_signing_in import sign_in
from tests.support.browser import visit
from tests.support.server import command_toml, python_toml
from tests.support.signing import EVERYTHING, serve_to_people


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    """Where ada signs in."""
    commands = python_toml("steady", STEADY, stop_grace="1s") + command_toml("quiet", "sleep", "600", stop_grace="1s")
    with serve_to_people(commands, tmp_path, ada=EVERYTHING) as server:
        yield server.url


def signed_in(browser: Browser, url: str) -> Page:
    """A page of a browser that signs in there."""
    page = visit(browser, url).page
    sign_in(page)
    page.wait_for_url(url)
    return page


@pytest.mark.parametrize("command", ["steady", "quiet"])
def test_a_page_asks_to_sign_in_again_and_goes_on(browser: Browser, address: str, command: str) -> None:
    page = signed_in(browser, f"{address}/")
    page.select_option("#command", command)
    page.click("form.start button.primary")
    page.wait_for_url("**/jobs/*")
    job, asked, refused = page.url, list[str](), list[str]()
    page.on("request", lambda request: asked.append(request.url))
    page.on("response", lambda answer: refused.append(answer.url) if answer.status == 401 else None)
    end_everywhere(browser, address)
    page.wait_for_url("**/sign-in?next=*", timeout=20_000)
    assert len(refused) == 1
    assert f"{job}/lines" in refused[0]
    sign_in(page)
    page.wait_for_url(job)
    expect(page.locator("#status")).to_have_attribute("data-state", "running")
    assert page.locator("#poll").count() == 1
    assert sum("/lines" in url for url in asked) < 60  # at most ten a second, and none after the refusal


def end_everywhere(browser: Browser, address: str) -> None:
    """End all of her sessions from another browser."""
    other = signed_in(browser, f"{address}/sessions")
    other.click("text=Sign out everywhere")
    other.wait_for_url("**/sign-in")
