"""A page that follows a running job, with trouble between it and the server."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import STEADY
from tests.support.api import Api
from tests.support.browser import Watched, visit
from tests.support.proxy import Proxy, proxy
from tests.support.server import python_toml, serve
from tests.support.waiting import until_now

LOADED = "performance.getEntriesByType('navigation').length + performance.timeOrigin"
NUMBERS = """() => [...document.querySelectorAll('#log .chunk')].map(chunk => chunk.textContent).join('')
    .split('\\n').filter(line => line).map(Number)"""
LIVE = """() => [...document.querySelectorAll('.live > *')].filter(
    words => getComputedStyle(words).visibility === 'visible').map(words => words.dataset.text.split(' ')[0]).join()"""


@pytest.fixture
def between(address: str) -> Iterator[Proxy]:
    """A proxy before the server of these tests."""
    with proxy(address) as told:
        yield told


def follow(browser: Browser, url: str, command: str = "steady") -> Watched:
    """The page of a new job of this command."""
    watched = visit(browser, url + "/")
    watched.page.select_option("#command", command)
    watched.page.click("form.start button.primary")
    watched.page.wait_for_url("**/jobs/*")
    lines(watched.page, 20)
    return watched


def lines(page: Page, more: int) -> int:
    """Wait for so many lines more; how many there are then."""
    now = last(page)
    page.wait_for_function(f"() => ({NUMBERS})().length >= {now + more}", timeout=30_000)
    return last(page)


def last(page: Page) -> int:
    """The number of the newest line on the page, all of whose lines are there once and in order."""
    numbers: list[int] = page.evaluate(NUMBERS)
    assert numbers == list(range(1, len(numbers) + 1))
    return len(numbers)


@pytest.mark.parametrize("faults", [[500, 502, 503, 404], ["hang"]], ids=["errors", "hang"])
def test_an_error_or_a_hung_answer_costs_no_line_and_no_reload(
    browser: Browser, between: Proxy, faults: list[int | str]
) -> None:
    page = follow(browser, between.url).page
    loaded = page.evaluate(LOADED)
    between.faults.extend(faults)
    until_now(lambda: not between.faults, 30)
    lines(page, 50)
    assert page.locator("#broken").count() == 0
    assert page.evaluate(LOADED) == loaded
    page.click("text=Stop")


def test_an_outage_is_seen_and_gone_on_from(browser: Browser, between: Proxy) -> None:
    page = follow(browser, between.url).page
    loaded, asked = page.evaluate(LOADED), len(between.asked)
    assert page.evaluate(LIVE) == "Live"
    between.down = True
    page.wait_for_function(f"() => ({LIVE})() === 'Delayed'", timeout=20_000)
    assert len(between.asked) - asked < 12
    between.down = False
    lines(page, 50)
    assert page.evaluate(LIVE) == "Live"
    assert page.evaluate(LOADED) == loaded
    page.click("text=Stop")
    expect(page.locator("#status")).to_have_attribute("data-outcome", "stopped")
    assert page.evaluate(LIVE) == ""


def test_a_restart_of_the_server_ends_no_page(browser: Browser, tmp_path: Path) -> None:
    config = python_toml("steady", STEADY, title="Steady", on_server_exit="keep")
    with serve(config, tmp_path) as server, proxy(server.url) as between:
        page = follow(browser, between.url).page
        loaded, job = page.evaluate(LOADED), page.url.rpartition("/")[2]
        server.leave()
        with serve(config, tmp_path) as again:
            between.target = again.url
            lines(page, 50)
            with closing(Api(again.url)) as api:
                api.stop(job)
            expect(page.locator("#status")).to_have_attribute("data-outcome", "stopped", timeout=20_000)
            last(page)
            assert page.evaluate(LOADED) == loaded
