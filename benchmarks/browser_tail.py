"""The page that is streamed, in a Chromium that runs no script: how soon a line is on the screen."""

from __future__ import annotations

import asyncio
import re
import statistics
import time

from playwright.async_api import Page

from benchmarks.browser import chromium
from benchmarks.server import Command, Server, program, serving
from benchmarks.table import Measured, Row, Wrong, at_most

INTERVAL = 0.2
LINES = 50
LOOK = 0.005
PATIENCE = 30.0

SHOWN = "document.querySelector('#log')?.innerText ?? ''"


async def measure() -> Measured:
    """The page is asked again and again what it shows, so a figure is at most a look too high."""
    ticks = Command(program("ticks", str(LINES), str(INTERVAL)))
    async with serving({"ticks": ticks}) as server, chromium(script=False) as context:
        taken = await milliseconds(server, await context.new_page())
    note = f"{len(taken)} lines; p50 {statistics.median(taken):.0f} ms"
    return Measured({"slowest": max(taken)}, note)


async def milliseconds(server: Server, page: Page) -> list[float]:
    """How long each line took that was written after the page was open."""
    api = await server.api()
    job = await api.start("ticks")
    await page.goto(f"{server.url}jobs/{job}/tail", wait_until="commit")
    opened, seen = time.time_ns(), await _seen(page)
    taken = [(shown - written) / 1e6 for written, shown in seen.items() if written > opened]
    if len(seen) != LINES or not taken:
        raise Wrong(f"the page showed {len(seen)} lines of {LINES}")
    return taken


async def _seen(page: Page) -> dict[int, int]:
    """When each line was first seen, by when it was written; both in nanoseconds of the wall clock."""
    seen: dict[int, int] = {}
    end = time.monotonic() + PATIENCE
    while len(seen) < LINES and time.monotonic() < end:
        text = await page.evaluate(SHOWN)
        now = time.time_ns()
        for written in re.findall(r"\b(\d{19}) \d+", text):
            seen.setdefault(int(written), now)
        await asyncio.sleep(LOOK)
    return seen


ROWS = (
    Row(
        "tail-page",
        "one line each 200 ms on the streamed page, script off, from the child's write to the screen in Chromium",
        (at_most("slowest", 200, "ms"),),
        measure,
    ),
)
