"""What panels cost and how soon they show something: a wall of commands, and panels in another site's page."""

from __future__ import annotations

import asyncio
import bisect
import statistics
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from playwright.async_api import Page, Request

from benchmarks.api import Api
from benchmarks.browser import chromium, seconds_to_stop
from benchmarks.processes import cpu_seconds
from benchmarks.server import Command, Server, program, serving
from benchmarks.table import Measured, Row, Wrong, at_most

COMMANDS = 50
WRITING = 10
INTERVAL = 0.2
WATCHED_SECONDS = 20.0
BEGIN_SECONDS = 3.0
"""So long the page is let settle before anything is counted."""

PANELS = 10
STOPS = 5

OBSERVE = r"""() => {
  window.shown = [];
  new MutationObserver(changes => {
    const now = Date.now();
    for (const change of changes)
      for (const node of change.addedNodes)
        for (const [, written] of (node.textContent ?? "").matchAll(/\b(\d{19}) \d+/g))
          window.shown.push([node.id, written, now]);
  }).observe(document.body, {childList: true, subtree: true});
}"""
"""Which line each tile came to show, and when by the wall clock, in milliseconds."""


class Pollers:
    """The requests for a wall's news: how many there were, and how many at once."""

    def __init__(self, page: Page) -> None:
        self.sent = self.most = self._now = 0
        page.on("request", lambda request: self._count(request, 1))
        page.on("requestfinished", lambda request: self._count(request, -1))
        page.on("requestfailed", lambda request: self._count(request, -1))

    def _count(self, request: Request, change: int) -> None:
        if "/fragments/wall" in request.url:
            self._now += change
            self.sent += change > 0
            self.most = max(self.most, self._now)


async def measure_wall() -> Measured:
    """Ten commands write five lines a second each; a line counts as shown once its tile shows it or a later one."""
    ticks = Command(program("ticks", "1000000", str(INTERVAL)))
    commands = {f"c{number}": ticks if number < WRITING else Command(["true"]) for number in range(COMMANDS)}
    async with serving(commands) as server, chromium() as context:
        api, page = await server.api(), await context.new_page()
        jobs = {name: await api.start(name) for name in commands}
        pollers = Pollers(page)
        await page.goto(f"{server.url}wall?commands={','.join(commands)}")
        await page.evaluate(OBSERVE)
        await asyncio.sleep(BEGIN_SECONDS)
        began, cpu = time.time(), cpu_seconds(server.pid)
        await asyncio.sleep(WATCHED_SECONDS)
        used, ended = cpu_seconds(server.pid) - cpu, time.time()
        await asyncio.sleep(BEGIN_SECONDS)
        shown: list[tuple[str, str, float]] = await page.evaluate("window.shown")
        delays = [
            delay for number in range(WRITING) async for delay in _delays(api, jobs, f"c{number}", shown, began, ended)
        ]
    p95 = statistics.quantiles(delays, n=20)[-1]
    note = f"{len(delays)} lines in {WATCHED_SECONDS:g} s, slowest {max(delays):.2f} s; {pollers.sent} polls"
    figures = {"p95": p95, "requests at once": pollers.most, "server CPU": 100 * used / (ended - began)}
    return Measured(figures, note)


async def _delays(
    api: Api, jobs: dict[str, str], name: str, shown: list[tuple[str, str, float]], began: float, ended: float
) -> AsyncIterator[float]:
    """How long each line of a command that was written in this time took until its tile showed it or a later one."""
    mine = sorted((int(written), at) for tile, written, at in shown if tile == f"tile-{name}")
    stamps = [written for written, _ in mine]
    for line in (await api.lines(jobs[name], 0)).lines:
        written = int(line.text.split()[0])
        if began <= written / 1e9 <= ended:
            place = bisect.bisect_left(stamps, written)
            if place == len(mine):
                raise Wrong(f"the tile of {name} never showed line {line.number}")
            yield mine[place][1] / 1e3 - written / 1e9


@contextmanager
def intranet() -> Iterator[tuple[str, list[str]]]:
    """Another site, and the addresses that its one page frames: to be filled in."""
    framed: list[str] = []

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            frames = "".join(f'<iframe src="{url}" width="400" height="200"></iframe>' for url in framed)
            page = f"<!DOCTYPE html><title>Intranet</title>{frames}".encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(page)))
            self.end_headers()
            self.wfile.write(page)

        def log_message(self, format: str, *arguments: object) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Page)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", framed
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@asynccontextmanager
async def _framing_server(origin: str) -> AsyncIterator[Server]:
    commands = {"ticks": Command(program("ticks", "1000", str(INTERVAL))), "silent": Command(["sleep", "300"])}
    async with serving(commands, f'[server]\nframe_ancestors = ["{origin}"]\n') as server:
        yield server


async def measure_stop_beside_panels() -> Measured:
    """The panels are of jobs that are silent or write, in each size, in one page of another site."""
    with intranet() as (origin, framed):
        async with _framing_server(origin) as server, chromium() as context:
            api, page = await server.api(), await context.new_page()
            url = server.url.replace("127.0.0.1", "localhost")
            for number in range(PANELS):
                job = await api.start("ticks" if number % 2 else "silent")
                framed.append(f"{url}jobs/{job}/panel?size={('line', 'tail', 'full')[number % 3]}")
            await page.goto(f"{origin}/")
            if len(page.frames) != PANELS + 1:
                raise Wrong(f"{len(page.frames) - 1} panels of {PANELS} are in the page")
            same_host = Server(server.process, url, server.apis)
            taken = [await seconds_to_stop(same_host, api, await context.new_page()) for _ in range(STOPS)]
    return Measured({"Stop answered": max(taken)}, f"slowest of {STOPS}, with {PANELS} panels in one page")


ROWS = (
    Row(
        "wall",
        f"a wall of {COMMANDS} commands, {WRITING} of which write {1 / INTERVAL:g} lines a second",
        (at_most("p95", 1, "s"), at_most("requests at once", 1, ""), at_most("server CPU", 10, "%")),
        measure_wall,
    ),
    Row(
        "panels-stop",
        f"{PANELS} panels open in one page of another site, Stop pressed in the app",
        (at_most("Stop answered", 1, "s"),),
        measure_stop_beside_panels,
    ),
)
