"""What a person at Chromium sees: how soon a line, and how soon the answer to Stop with many tabs open."""

from __future__ import annotations

import asyncio
import shutil
import statistics
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from playwright.async_api import BrowserContext, Page, async_playwright

from benchmarks.api import Api
from benchmarks.server import Command, Server, program, serving
from benchmarks.table import Measured, Row, Wrong, at_most

INTERVAL = 0.2
LINES = 100
TABS = 8
STOPS = 5
SHOWN_SECONDS = 5.0

OBSERVE = r"""() => {
  window.seen = {};
  new MutationObserver(changes => {
    const now = Date.now();
    for (const change of changes)
      for (const node of change.addedNodes)
        for (const [, written] of node.textContent.matchAll(/\b(\d{19}) \d+/g))
          window.seen[written] ??= now;
  }).observe(document.body, {childList: true, subtree: true});
}"""
"""When the text of each line came into the document, by the wall clock, in milliseconds."""


@asynccontextmanager
async def chromium(script: bool = True) -> AsyncIterator[BrowserContext]:
    """A fresh profile in the Chromium of the system, or in Playwright's own; ``script``: may pages run any."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=shutil.which("chromium"))
        try:
            yield await browser.new_context(java_script_enabled=script)
        finally:
            await browser.close()


async def measure_lines() -> Measured:
    """One job's page; the job begins to write after the page is open. The browser's clock counts whole milliseconds."""
    ticks = Command(program("ticks", str(LINES), str(INTERVAL)))
    async with serving({"ticks": ticks}) as server, chromium() as context:
        taken = await milliseconds(server, await context.new_page())
    note = f"{len(taken)} lines of {LINES} written; slowest {max(taken):.0f} ms"
    return Measured({"p50": statistics.median(taken)}, note)


async def milliseconds(server: Server, page: Page) -> list[float]:
    """How long each line took from the child's write into the document."""
    api = await server.api()
    job = await api.start("ticks")
    await page.goto(f"{server.url}jobs/{job}")
    await page.evaluate(OBSERVE)
    await api.finished(job)
    last = [line.text.split()[0] for line in (await api.lines(job, 0)).lines][-1]
    seen = await _seen(page, last)
    if len(seen) < LINES // 2:
        raise Wrong(f"the page was seen to add {len(seen)} lines of {LINES}")
    return [shown - int(written) / 1e6 for written, shown in seen.items()]


async def _seen(page: Page, last: str) -> dict[str, int]:
    """What the observer saw, once it saw the last line. Raises ``TimeoutError`` if it does not."""
    async with asyncio.timeout(SHOWN_SECONDS):
        while True:
            seen: dict[str, int] = await page.evaluate("window.seen")
            if last in seen:
                return seen
            await asyncio.sleep(0.05)


async def measure_stop() -> Measured:
    """Half of the tabs have a job that writes, half one that is silent; each Stop is in a tab of its own."""
    commands = {"ticks": Command(program("ticks", "1000", str(INTERVAL))), "silent": Command(["sleep", "300"])}
    async with serving(commands) as server, chromium() as context:
        api = await server.api()
        for number in range(TABS):
            await _open(server, api, await context.new_page(), "ticks" if number % 2 else "silent")
        taken = [await seconds_to_stop(server, api, await context.new_page()) for _ in range(STOPS)]
    return Measured({"Stop answered": max(taken)}, f"slowest of {STOPS}, with {TABS} tabs open")


async def seconds_to_stop(server: Server, api: Api, page: Page) -> float:
    """From the press of Stop to the next page, in one more tab."""
    job = await _open(server, api, page, "ticks")
    begun = time.perf_counter()
    async with page.expect_navigation(wait_until="load"):
        await page.get_by_role("button", name="Stop").click(no_wait_after=True)
    seconds = time.perf_counter() - begun
    if (outcome := (await api.finished(job)).outcome) != "stopped":
        raise Wrong(f"the job's outcome is {outcome}")
    await page.close()
    return seconds


async def _open(server: Server, api: Api, page: Page, command: str) -> str:
    job = await api.start(command)
    await page.goto(f"{server.url}jobs/{job}")
    return job


ROWS = (
    Row(
        "browser-lines",
        "one line each 200 ms, from the child's write to the document in Chromium",
        (at_most("p50", 40, "ms"),),
        measure_lines,
    ),
    Row(
        "browser-stop",
        f"{TABS} tabs of running jobs open, Stop pressed in one more",
        (at_most("Stop answered", 1, "s"),),
        measure_stop,
    ),
)
