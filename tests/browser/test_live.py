"""Watching a job with script: live, bounded, quiet."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.browser import Watched, visit

TEXT = "document.querySelector('#log pre').textContent"
SCROLLED = "document.querySelector('#log').scrollTop"
KEEP = r"""
// Each chunk that ever came: its first and last line, and how many lines the gaps before it counted.
window.seen = []; window.most = 0;
let skipped = 0;
const known = new WeakSet();
const look = () => {
    for (const chunk of document.querySelectorAll('#log .chunk')) {
        if (known.has(chunk)) continue;
        known.add(chunk);
        const gap = chunk.querySelector('.gap');
        if (gap) skipped += Number(gap.textContent.match(/([0-9,]+) lines/)[1].replaceAll(',', ''));
        const lines = [...chunk.textContent.matchAll(/^line ([0-9]+)$/gm)].map(match => Number(match[1]));
        if (!lines.length) continue;
        if (lines.at(-1) - lines[0] + 1 !== lines.length) throw new Error('a hole in a chunk');
        window.seen.push([lines[0], lines.at(-1), skipped]);
        skipped = 0;
    }
    window.most = Math.max(window.most, document.querySelectorAll('*').length);
};
new MutationObserver(look).observe(document, {childList: true, subtree: true});
addEventListener('DOMContentLoaded', look);
"""
SHOWN = """() => {
    const top = document.querySelector('#log').getBoundingClientRect().top;
    const seen = [...document.querySelectorAll('.run')].find(run => run.getBoundingClientRect().top >= top);
    return seen.dataset.gutter;
}"""


def start(browser: Browser, address: str, command: str) -> Watched:
    """Pick a command on the dashboard and press Start."""
    watched = visit(browser, address + "/")
    watched.page.select_option("#command", command)
    watched.page.click("form.start button.primary")
    watched.page.wait_for_url("**/jobs/*")
    return watched


def end(page: Page, outcome: str) -> None:
    """Wait for the job's end on the page."""
    expect(page.locator("#status")).to_have_attribute("data-outcome", outcome, timeout=20_000)


def test_lines_appear_labelled_and_stop_stops(browser: Browser, address: str) -> None:
    watched = start(browser, address, "steps")
    page = watched.page
    page.wait_for_selector(".run.err >> nth=5")
    other = visit(browser, page.url)
    assert "step 1\nstderr: note 1\nstep 2\n" in page.evaluate(TEXT)
    assert page.locator(".run").first.get_attribute("data-gutter") == "1 out"
    page.click("text=Stop")
    end(page, "stopped")
    end(other.page, "stopped")
    assert page.locator("#poll").count() == 0
    expect(page.locator("#stop button")).to_be_hidden()
    page.reload()
    assert page.locator("#stop button").count() == 0
    assert other.page.evaluate(TEXT).splitlines() == page.evaluate(TEXT).splitlines()
    assert watched.complaints == other.complaints == []


def test_the_newest_line_is_followed_and_a_reader_who_scrolled_up_left_alone(browser: Browser, address: str) -> None:
    page = start(browser, address, "steps").page
    page.wait_for_selector(".run >> nth=120")
    assert page.evaluate(SCROLLED) == 0
    page.evaluate("document.querySelector('#log').scrollTop = -500")
    page.wait_for_function(f"() => {SCROLLED} < -400")
    before, lines = page.evaluate(SHOWN), page.locator(".run").count()
    page.wait_for_selector(f".run >> nth={lines + 40}")
    assert page.evaluate(SHOWN) == before
    page.evaluate("document.querySelector('#log').scrollTop = 0")
    page.wait_for_selector(f".run >> nth={lines + 60}")
    assert page.evaluate(SCROLLED) == 0
    page.click("text=Stop")
    end(page, "stopped")


def test_a_flood_is_whole_or_counted_and_the_page_stays_small(browser: Browser, address: str) -> None:
    page = visit(browser, address + "/").page
    page.select_option("#command", "flood")
    page.add_init_script(KEEP)
    page.click("form.start button.primary")
    page.wait_for_url("**/jobs/*")
    end(page, "succeeded")
    seen: list[list[int]] = page.evaluate("window.seen")
    assert covered(seen) == 60_000
    assert page.evaluate("window.most") < 2_000
    assert len([line for line in page.evaluate(TEXT).splitlines() if line.startswith("line ")]) <= 11_000


def covered(seen: list[list[int]]) -> int:
    """The last line that is on the page or counted in a gap, without a hole and without a line twice.

    A page that is opened late begins with a later window.
    """
    upto = seen[0][0] - seen[0][2] - 1
    for first, last, skipped in seen:
        assert first == upto + skipped + 1
        upto = last
    return upto


def test_an_unfinished_line_is_seen_before_it_has_a_number(browser: Browser, address: str) -> None:
    page = start(browser, address, "half").page
    expect(page.locator("#open")).to_have_text("half a li\n")
    assert page.locator(".chunk").count() == 0
    end(page, "succeeded")
    assert page.evaluate(TEXT) == "half a line\n"


def test_the_end_is_told_to_who_hears_the_page_and_takes_no_focus(browser: Browser, address: str) -> None:
    page = start(browser, address, "half").page
    page.focus("#stop button")
    page.evaluate("window.told = document.querySelector('#status [role=status]')")
    end(page, "succeeded")
    assert "Succeeded" in page.evaluate("window.told.isConnected && window.told.textContent")
    stop = page.locator("#stop button")
    expect(stop).to_be_focused()
    page.keyboard.press("Tab")
    expect(stop).to_be_hidden()


def test_what_is_of_use_only_while_it_runs_goes_at_the_end(browser: Browser, address: str) -> None:
    page = start(browser, address, "half").page
    live = page.get_by_role("link", name=re.compile("Hold still|Stream"))
    expect(live).to_have_count(2)
    end(page, "succeeded")
    expect(live).to_have_count(0)


def test_hostile_output_is_only_text(browser: Browser, address: str) -> None:
    watched = start(browser, address, "hostile")
    end(watched.page, "succeeded")
    watched.page.reload()
    assert watched.page.locator("#taken").count() == 0
    assert 'hx-get="/"' in watched.page.evaluate(TEXT)
    assert "\n\n&amp;\n" in watched.page.evaluate(TEXT)
    assert "Hostile" in watched.page.title()
    assert watched.complaints == []


def test_the_end_says_outcome_exit_code_and_duration(browser: Browser, address: str) -> None:
    page = start(browser, address, "fail").page
    end(page, "failed")
    status = page.locator("#status").inner_text()
    for words in ("Failed", "Exit code\n3", "Took", "1 line"):
        assert words in status


@pytest.mark.parametrize("width", [360, 1440, 2560])
def test_no_page_is_wider_than_its_window(browser: Browser, address: str, width: int) -> None:
    page = start(browser, address, "fail").page
    end(page, "failed")
    page.set_viewport_size({"width": width, "height": 800})
    for url in (page.url, f"{address}/", f"{address}/jobs", f"{address}/commands/fail"):
        page.goto(url)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
