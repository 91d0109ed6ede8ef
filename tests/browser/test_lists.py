"""The lists of jobs: fresh by themselves, and never moving what somebody is about to press."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.api import Api
from tests.support.browser import visit


@pytest.fixture
def api(address: str) -> Iterator[Api]:
    """The server's API."""
    with closing(Api(address)) as api:
        yield api


def fresh_answer(page: Page) -> None:
    """Wait for one whole answer of the list's poller."""
    for _ in range(2):
        page.wait_for_event("response", lambda answer: "/fragments/jobs" in answer.url)


@pytest.mark.parametrize("place", ["/", "/jobs"])
def test_a_row_changes_in_place_and_keeps_the_focus(browser: Browser, address: str, api: Api, place: str) -> None:
    job = api.start("steps")
    watched = visit(browser, address + place)
    page = watched.page
    expect(page.locator(f"#job-{job}")).to_contain_text("Running")
    page.focus(f"#job-{job} a")
    page.evaluate(f"window.row = document.querySelector('#job-{job}')")
    api.stop(job)
    expect(page.locator(f"#job-{job}")).to_contain_text("Stopped", timeout=10_000)
    expect(page.locator(f"#job-{job} a")).to_be_focused()
    assert page.evaluate(f"window.row === document.querySelector('#job-{job}')")
    assert watched.complaints == []


def test_a_new_job_appears_but_pushes_nothing_under_the_pointer(browser: Browser, address: str, api: Api) -> None:
    old = api.start("fail")
    page = visit(browser, address + "/").page
    link = page.locator(f"#job-{old} a")
    link.hover()
    place = link.bounding_box()
    new = api.start("fail")
    page.wait_for_selector(f"#job-{new}", state="attached", timeout=10_000)
    fresh_answer(page)
    assert link.bounding_box() == place
    expect(page.locator(f"#job-{new}")).to_be_hidden()
    page.mouse.move(5, 5)
    expect(page.locator(f"#job-{new}")).to_be_visible()
    link.hover()
    fresh_answer(page)
    expect(page.locator(f"#job-{new}")).to_be_visible()


def test_the_drop_down_keeps_what_was_picked(browser: Browser, address: str, api: Api) -> None:
    page = visit(browser, address + "/").page
    page.select_option("#command", "half")
    page.wait_for_selector(f"#job-{api.start('fail')}", timeout=10_000)
    assert page.input_value("#command") == "half"


def test_without_script_the_list_is_loaded_anew(browser: Browser, address: str, api: Api) -> None:
    job = api.start("steps")
    page = visit(browser, address + "/jobs?state=&command=steps", script=False).page
    api.stop(job)
    expect(page.locator(f"#job-{job}")).to_contain_text("Stopped", timeout=15_000)
    assert "command=steps" in page.url


def test_a_row_that_is_not_of_the_filter_any_more_stays_in_its_place(browser: Browser, address: str, api: Api) -> None:
    lower, upper = api.start("steps"), api.start("steps")
    watched = visit(browser, address + "/jobs?state=running&command=")
    page, link = watched.page, watched.page.locator(f"#job-{lower} a")
    link.hover()
    place = link.bounding_box()
    api.stop(upper)
    expect(page.locator(f"#job-{upper}")).to_contain_text("Stopped", timeout=10_000)
    fresh_answer(page)
    assert link.bounding_box() == place
    expect(page.locator("#jobs")).to_contain_text("not in this state any more")
    page.reload()
    expect(page.locator(f"#job-{lower}")).to_be_visible()
    expect(page.locator(f"#job-{upper}")).to_have_count(0)
    api.stop(lower)
    assert watched.complaints == []


def test_a_row_that_comes_into_the_filter_pushes_nothing_under_the_pointer(
    browser: Browser, address: str, api: Api
) -> None:
    old = api.start("fail")
    api.ended(old)
    middle = api.start("steps")
    new = api.start("fail")
    api.ended(new)
    page = visit(browser, address + "/jobs?state=finished").page
    link = page.locator(f"#job-{old} a")
    link.hover()
    place = link.bounding_box()
    api.stop(middle)
    page.wait_for_selector(f"#job-{middle}", state="attached", timeout=10_000)
    fresh_answer(page)
    assert link.bounding_box() == place
    page.mouse.move(5, 5)
    expect(page.locator(f"#job-{new} + #job-{middle}")).to_be_visible()
