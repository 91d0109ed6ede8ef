"""Whether anything is left of a process tree that does its best to stay, after a stop or the server's own death."""

from __future__ import annotations

import contextlib
import os
import secrets
import signal
import time
from collections.abc import Callable

from benchmarks.api import Api
from benchmarks.processes import marked, shims
from benchmarks.programs.tree import LEAVES
from benchmarks.server import Command, Server, program, serving
from benchmarks.table import Measured, Row, Wrong, at_most
from benchmarks.waiting import until

RUNS = 5
JOBS = 3
GRACE = "500ms"
PATIENCE = 5.0
"""Seconds after which what is still there is left over for good."""


async def measure() -> Measured:
    """Each way several times; the slowest one counts."""
    stopped = [await seconds_after_stop(force=False) for _ in range(RUNS)]
    forced = [await seconds_after_stop(force=True) for _ in range(RUNS)]
    killed = [await seconds_after_server() for _ in range(RUNS)]
    figures = {"after stop": max(stopped), "after stop by force": max(forced), "after the server's death": max(killed)}
    return Measured(figures, f"slowest of {RUNS} each; {JOBS} jobs when the server is killed")


async def seconds_after_stop(force: bool) -> float:
    """How long something was left after the job was said to be finished."""
    marker = _marker()
    async with serving({"tree": _tree(marker)}) as server:
        api = await server.api()
        job = await _grow(api, marker)
        await api.stop(job, force)
        record = await api.finished(job)
        if record.outcome != "stopped":
            raise Wrong(f"the outcome is {record.outcome}: {record.reason}")
        return await seconds_until_gone(lambda: marked(marker))


async def seconds_after_server() -> float:
    """How long something was left, of commands or shims, after the server was killed with jobs running."""
    markers = [_marker() for _ in range(JOBS)]
    async with serving({f"tree-{number}": _tree(marker) for number, marker in enumerate(markers)}) as server:
        api = await server.api()
        for number, marker in enumerate(markers):
            await _grow(api, marker, f"tree-{number}")
        return await seconds_after_kill(server, markers)


async def seconds_after_kill(server: Server, markers: list[str]) -> float:
    """Kill the server; how long any of its shims and any marked process was left."""
    owned = shims(server.pid)
    os.kill(server.pid, signal.SIGKILL)
    return await seconds_until_gone(lambda: (owned & marked("shim")).union(*map(marked, markers)))


async def seconds_until_gone(left: Callable[[], set[int]]) -> float:
    """How long until nothing is left; what outstays the patience is killed, so that a miss leaves nothing behind."""
    begun = time.monotonic()
    await until(lambda: not left(), PATIENCE)
    seconds = time.monotonic() - begun
    for pid in left():
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    return seconds


async def _grow(api: Api, marker: str, command: str = "tree") -> str:
    """Start a tree and return its job's id when all of it is up."""
    job, after = await api.start(command), 0
    while after < LEAVES:
        answer = await api.lines(job, after)
        if answer.state == "finished":
            raise Wrong(f"the tree did not grow: {answer.outcome}")
        after = answer.next
    if len(marked(marker)) < LEAVES + 1:
        raise Wrong("the tree has fewer processes than it should")
    return job


def _marker() -> str:
    return f"tree-of-{secrets.token_hex(8)}"


def _tree(marker: str) -> Command:
    return Command(program("tree", marker), stop_grace=GRACE)


ROWS = (
    Row(
        "endings",
        "a tree that forks, calls setsid, ignores SIGTERM and clears its environment: seconds until it is gone",
        (
            at_most("after stop", 1, "s"),
            at_most("after stop by force", 1, "s"),
            at_most("after the server's death", 1, "s"),
        ),
        measure,
    ),
)
