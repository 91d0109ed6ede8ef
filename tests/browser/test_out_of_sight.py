"""Pages that nobody looks at: they ask seldom, and are whole when somebody looks again."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing

import pytest
from playwright.sync_api import Browser

from tests.browser.tabs import Tab
from tests.browser.test_trouble import NUMBERS
from tests.support.api import Api
from tests.support.browser import visit
from tests.support.proxy import Proxy, proxy
from tests.support.waiting import until_now


@pytest.fixture
def between(address: str) -> Iterator[Proxy]:
    """A proxy before the server of these tests, which counts what is asked."""
    with proxy(address) as told:
        yield told


@pytest.fixture
def steady(address: str) -> Iterator[str]:
    """The path of a job that writes fifty lines a second."""
    with closing(Api(address)) as api:
        job = api.start("steady")
        yield f"/jobs/{job}"
        api.stop(job)


def asks_often(between: Proxy) -> None:
    """Lines are asked for as they come."""
    asked = len(between.asked)
    until_now(lambda: len(between.asked) >= asked + 20, 10)


def asks_seldom(between: Proxy) -> None:
    """Lines are asked for every three seconds."""
    asked = len(between.asked)
    until_now(lambda: len(between.asked) >= asked + 2)  # what was under way
    began = time.monotonic()
    until_now(lambda: len(between.asked) >= asked + 4)
    assert time.monotonic() - began > 4


def test_a_log_that_is_scrolled_away_from_its_end(browser: Browser, between: Proxy, steady: str) -> None:
    page = visit(browser, between.url + steady).page
    page.wait_for_function(f"() => ({NUMBERS})().length > 100")
    page.evaluate("document.querySelector('#log').scrollTop = -100000")
    asks_seldom(between)
    page.evaluate("document.querySelector('#log').scrollTop = 0")
    asks_often(between)


def test_a_tab_behind_another_one(browser: Browser, between: Proxy, steady: str) -> None:
    with closing(Tab(browser, between.url + steady)) as tab:
        asks_often(between)
        tab.hide()
        asks_seldom(between)
        hidden = tab.evaluate(f"({NUMBERS})().length")
        tab.show()
        asks_often(between)
        numbers = tab.evaluate(f"({NUMBERS})()")
    assert len(numbers) > hidden
    assert numbers == list(range(1, len(numbers) + 1))
