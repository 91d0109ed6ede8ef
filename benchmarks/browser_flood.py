"""A flood into the page of a job in Chromium: each line shown or counted, the page's size, the delay."""

from __future__ import annotations

import asyncio
from typing import Any

from playwright.async_api import Page

from benchmarks.browser import chromium
from benchmarks.server import Command, Server, program, serving
from benchmarks.table import Measured, Row, Wrong, at_most

LINES = 600_000
SECONDS = 30
WAIT = 5
PATIENCE = 60.0

OBSERVE = r"""() => {
  const seen = window.seen = {next: 1, shown: 0, skipped: 0, wrong: '', nodes: 0, delays: {}};
  const line = (number, written, now) => {
    if (number !== seen.next) seen.wrong ||= `line ${number} came when ${seen.next} was due`;
    seen.next = number + 1;
    seen.shown += 1;
    const delay = now - written;
    seen.delays[delay] = (seen.delays[delay] ?? 0) + 1;
  };
  const chunk = (element, now) => {
    for (const gap of element.querySelectorAll('.gap')) {
      const count = Number(gap.textContent.match(/([\d,]+) lines/)[1].replaceAll(',', ''));
      seen.skipped += count;
      seen.next += count;
    }
    for (const [, number, written] of element.textContent.matchAll(/^(\d+) (\d{13})$/gm))
      line(Number(number), Number(written), now);
  };
  new MutationObserver(changes => {
    const now = Date.now();
    seen.nodes = Math.max(seen.nodes, document.querySelectorAll('*').length);
    for (const change of changes)
      for (const node of change.addedNodes)
        if (node.matches?.('.chunk')) chunk(node, now);
  }).observe(document.querySelector('#log'), {childList: true, subtree: true});
}"""
"""Notes each line that comes into the document, each gap row, and the most elements that there are at once."""


async def measure() -> Measured:
    """One page follows one job; the browser's clock counts whole milliseconds."""
    pour = Command(program("pour", str(LINES), str(SECONDS), str(WAIT)))
    async with serving({"pour": pour}) as server, chromium() as context:
        seen = await _followed(server, await context.new_page())
    if seen["wrong"] or seen["next"] != LINES + 1:
        raise Wrong(seen["wrong"] or f"the page ended at line {seen['next'] - 1} of {LINES}")
    delays = {int(delay): int(count) for delay, count in seen["delays"].items()}
    figures = {"p95": float(percentile(delays, 95)), "nodes": float(seen["nodes"])}
    return Measured(figures, f"{seen['shown']:,} lines shown, {seen['skipped']:,} counted in gap rows")


async def _followed(server: Server, page: Page) -> dict[str, Any]:
    """What the observer saw until the last line was there or the time was up."""
    api = await server.api()
    await page.goto(f"{server.url}jobs/{await api.start('pour')}")
    await page.evaluate(OBSERVE)
    async with asyncio.timeout(WAIT + SECONDS + PATIENCE):
        # Asked seldom, since each question costs the page that is measured.
        while await page.evaluate("window.seen.next") <= LINES and await page.locator("#poll").count():  # noqa: ASYNC110 - no event tells of a page
            await asyncio.sleep(0.5)
    seen: dict[str, Any] = await page.evaluate("window.seen")
    return seen


def percentile(counts: dict[int, int], percent: int) -> int:
    """The smallest value that ``percent`` of all do not exceed; ``counts`` says how often there is each."""
    left = -(-sum(counts.values()) * percent // 100)
    for value in sorted(counts):
        left -= counts[value]
        if left <= 0:
            return value
    raise Wrong("no line was seen")


ROWS = (
    Row(
        "flood",
        f"{LINES:,} lines in {SECONDS} s into a job's page in Chromium; each shown, or counted in a gap row",
        (at_most("p95", 150, "ms"), at_most("nodes", 2_000, "")),
        measure,
    ),
)
