"""The same product with script switched off: forms, links and refreshes."""

from __future__ import annotations

from playwright.sync_api import Browser, expect

from tests.support.browser import visit


def test_a_job_is_started_refreshed_while_it_runs_and_never_after(browser: Browser, address: str) -> None:
    page = visit(browser, address + "/", script=False).page
    page.select_option("#command", "half")
    page.click("form.start button.primary")
    page.wait_for_url("**/jobs/*")
    expect(page.locator("#status")).to_have_attribute("data-outcome", "succeeded", timeout=20_000)
    assert "?r=" in page.url
    assert page.url.endswith("#end")
    assert page.locator("#log").inner_text().strip() == "half a line"
    assert page.locator("meta[http-equiv]").count() == 0
    assert "http-equiv" not in page.content()


def test_a_running_job_is_stopped_by_its_button(browser: Browser, address: str) -> None:
    page = visit(browser, address + "/", script=False).page
    page.select_option("#command", "steps")
    page.click("form.start button.primary")
    page.wait_for_url("**/jobs/*")
    expect(page.locator("#log")).to_contain_text("stderr: note 3", timeout=20_000)
    page.click("text=Stop")
    expect(page.locator("#status")).to_have_attribute("data-outcome", "stopped", timeout=20_000)
