"""Readers that follow a spool while it is written and the cap takes its middle."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from runner.lines import Stream
from runner.shim.writer import Cap, SpoolWriter
from runner.spool import Spool

CAP = Cap(4096, 1 << 30)
moves = st.lists(st.tuples(st.integers(1, 60), st.integers(0, 2), st.sampled_from([1, 5, 10_000])), max_size=60)


def write(writer: SpoolWriter, numbers: Iterator[int], count: int) -> None:
    """So many more lines, each in a frame of its own, each saying its number."""
    for _ in range(count):
        writer.write(Stream.STDOUT, b"line %d\n" % next(numbers))
        writer.flush(0.0)
    writer.publish()


def read_on(spool: Spool, after: int, limit: int) -> int:
    """The next cursor, when every line is the one that its number says."""
    found = spool.slice(after, limit)
    texts = [text for run in found.runs for text in run.lines()]
    first = found.first or found.next + 1
    assert first == after + found.dropped + 1
    assert texts == [b"line %d" % number for number in range(first, found.next + 1)]
    return found.next


@settings(max_examples=200, deadline=None)
@given(moves)
def test_readers_at_any_pace_get_right_lines_and_true_gaps(steps: list[tuple[int, int, int]]) -> None:
    with TemporaryDirectory() as folder:
        writer, spool, numbers = SpoolWriter(folder, CAP), Spool(Path(folder)), iter(range(1, 1 << 30))
        cursors = [0, 0, 0]
        for count, reader, limit in steps:
            write(writer, numbers, count)
            spool.refresh()
            cursors[reader] = read_on(spool, cursors[reader], limit)


def test_every_cursor_is_good_however_much_was_dropped_since_the_last_read() -> None:
    with TemporaryDirectory() as folder:
        writer, spool, numbers = SpoolWriter(folder, CAP), Spool(Path(folder)), iter(range(1, 1 << 30))
        write(writer, numbers, 100)
        spool.refresh()
        after = 0
        while after < spool.last:
            after = read_on(spool, after, 10_000)
        for _ in range(600):
            write(writer, numbers, 1)
            spool.refresh()
            gap_end = spool.progress.head_lines + spool.progress.dropped_lines
            for cursor in {0, spool.progress.head_lines, min(gap_end, spool.last), spool.last}:
                read_on(spool, cursor, 1)
