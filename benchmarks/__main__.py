"""``python -m benchmarks``: runs the rows one after another; exits with 1 if a goal was missed, 2 on a wrong flag."""

from __future__ import annotations

import argparse
import asyncio
import os
import platform
import sys
import time
from collections.abc import Sequence

from benchmarks.rows import ROWS
from benchmarks.table import Measured, Result, Row, exit_status, render

ROW_SECONDS = 150.0
"""A row that takes longer has failed."""


def main(arguments: Sequence[str] | None = None, rows: Sequence[Row] = ROWS) -> int:
    """Run what was asked for, print the table and return the exit status."""
    names = [row.name for row in rows]
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measures what Linefeed promises.")
    parser.add_argument("--only", nargs="+", metavar="NAME", choices=names, default=names, help="run only these rows")
    parser.add_argument("--list", action="store_true", help="name the rows and run nothing")
    options = parser.parse_args(arguments)
    if options.list:
        print("\n".join(f"{row.name:14} {row.title}" for row in rows))
        return 0
    results = [run(row) for row in rows if row.name in options.only]
    print(render(results, machine()))
    return exit_status(results)


def run(row: Row, seconds: float = ROW_SECONDS) -> Result:
    """Run one row for at most ``seconds``; whatever goes wrong in it is its result, so that the others still run."""
    print(f"{row.name}: {row.title} …", file=sys.stderr, flush=True)
    begun = time.perf_counter()
    try:
        measured, failure = asyncio.run(_within(row, seconds)), ""
    except Exception as error:  # noqa: BLE001 - whatever it is, it belongs into the table and the other rows go on
        measured, failure = Measured({}), f"failed: {type(error).__name__}: {error}"
    return Result(row, measured, time.perf_counter() - begun, failure)


async def _within(row: Row, seconds: float) -> Measured:
    async with asyncio.timeout(seconds):
        return await row.measure()


def machine() -> str:
    """What it ran on: processors, kernel, Python."""
    kernel = f"{platform.system()} {platform.release()}"
    return f"{os.cpu_count()} CPUs ({platform.machine()}), {kernel}, Python {platform.python_version()}"


if __name__ == "__main__":
    sys.exit(main())
