"""A panel on paper: its lines, and nothing to press."""

from __future__ import annotations

import httpx
import pytest
from playwright.sync_api import Browser, expect

from tests.support.browser import visit
from tests.support.waiting import until_now


@pytest.mark.parametrize("size", ["tail", "full"])
def test_lines_are_printed_and_buttons_are_not(browser: Browser, address: str, size: str) -> None:
    job = httpx.post(f"{address}/api/v1/jobs", json={"command": "fail"}).json()["id"]
    until_now(lambda: httpx.get(f"{address}/api/v1/jobs/{job}").json()["state"] == "finished")
    page = visit(browser, f"{address}/commands/fail/panel?size={size}").page
    expect(page.get_by_role("button", name="Start")).to_be_visible()
    page.emulate_media(media="print", color_scheme="dark")
    expect(page.get_by_role("button", name="Start")).to_be_hidden()
    expect(page.locator(".run.err")).to_be_visible()
    assert page.evaluate("getComputedStyle(document.documentElement).colorScheme") == "light"
