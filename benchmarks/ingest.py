"""How fast a job's output is taken in, beside ``cat > /dev/null`` with the same program in the same run.

A job's time is its record's own: from the start of the command to its end. Nobody reads.
The block writer writes the same 64 KiB again and again, which is as hard as it can be made: it spends nothing on
making lines. ``yes | head``, which makes its lines and writes them in blocks, is told beside, without a goal. The
line writer is ``dd`` with output blocks of one line: one write a line.
A job's output is deleted when the next job has ended, so that the page cache uses the same memory again: memory
that a virtual machine has never touched is the host's to find, and took ten times as long.
"""

from __future__ import annotations

import asyncio
import statistics
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.server import Command, Server, program, serving
from benchmarks.table import Measured, Row, Wrong, at_least

BLOCK_LINES = 4096 * 2400
LINE_LINES = 4096 * 700
PAIRS = 5
KEPT = '[output]\nmax_bytes = "256MiB"\ntotal_bytes = "256MiB"\n'


async def measure() -> Measured:
    """Both kinds of writer, each by pairs of ``cat`` and job in turn."""
    with tempfile.TemporaryDirectory(prefix="linefeed-bench-") as name:
        file = Path(name) / "lines"
        await asyncio.to_thread(_write, file)
        blocks = program("blocks", str(BLOCK_LINES))
        made = ["sh", "-c", f"yes {'a' * 79} | head -n {BLOCK_LINES}"]
        lines = ["dd", f"if={file}", "ibs=64K", "obs=80", "status=none"]
        commands = {"blocks": Command(blocks), "made": Command(made), "lines": Command(lines)}
        async with serving(commands, KEPT) as server:
            by_block = [await pair(server, "blocks", blocks, BLOCK_LINES) for _ in range(PAIRS)]
            by_made = [await pair(server, "made", made, BLOCK_LINES) for _ in range(PAIRS)]
            by_line = [await pair(server, "lines", lines, LINE_LINES) for _ in range(PAIRS)]
    figures = {
        "block writer": statistics.median(job / cat for cat, job in by_block),
        "line writer": statistics.median(job / cat for cat, job in by_line),
    }
    kinds = (by_block, by_made, by_line)
    rates = [statistics.median(rate) for pairs in kinds for rate in zip(*pairs, strict=True)]
    return Measured(
        figures,
        f"medians of {PAIRS} pairs; M lines/s: blocks cat {rates[0]:.1f}, job {rates[1]:.1f}; "
        f"yes | head cat {rates[2]:.1f}, job {rates[3]:.1f}; lines cat {rates[4]:.2f}, job {rates[5]:.2f}",
    )


async def pair(server: Server, command: str, argv: Sequence[str], lines: int) -> tuple[float, float]:
    """Millions of lines a second: by ``cat``, then by a job."""
    by_cat = await asyncio.to_thread(cat_seconds, argv)
    api = await server.api()
    record = await api.finished(await api.start(command))
    if record.lines != lines:
        raise Wrong(f"the job has {record.lines} lines instead of {lines}")
    return lines / by_cat / 1e6, lines / record.seconds / 1e6


def cat_seconds(argv: Sequence[str]) -> float:
    """How long the program takes when ``cat`` throws its output away."""
    begun = time.perf_counter()
    with subprocess.Popen(argv, stdout=subprocess.PIPE) as writer:
        subprocess.run(["cat"], stdin=writer.stdout, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - begun


def _write(file: Path) -> None:
    with file.open("wb") as writing:
        subprocess.run(program("blocks", str(LINE_LINES)), stdout=writing, check=True)


ROWS = (
    Row(
        "ingest",
        "80-byte lines taken in, in parts of the speed of cat > /dev/null",
        (at_least("block writer", 0.4, "of cat"), at_least("line writer", 0.8, "of cat")),
        measure,
    ),
)
