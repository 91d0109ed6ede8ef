"""Readers that follow a spool while it is written and the cap takes its middle."""

from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runner.lines import Gap, Stream
from runner.segments import Segment
from runner.shim import frames
from runner.shim.writer import Cap, SpoolWriter
from runner.spool import LogPlace, Spool

CAP = Cap(4096, 1 << 30)
POURED = 200_000
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


POURING = f"""
import sys
from runner.shim.writer import Cap, SpoolWriter
writer = SpoolWriter(sys.argv[1], Cap(1 << 18, 1 << 30))
for first in range(1, {POURED}, 100):
    writer.write(1, b"".join(b"line %d\\n" % number for number in range(first, first + 100)))
    writer.flush(0.0)
    writer.publish()
writer.finish(0.0)
"""


def test_a_segment_that_is_written_over_while_it_is_read_gives_no_wrong_line(tmp_path: Path) -> None:
    spool, chance = Spool(tmp_path), random.Random(7)
    with subprocess.Popen([sys.executable, "-c", POURING, str(tmp_path)]) as pouring:
        while pouring.poll() is None:
            if spool.refresh():
                for _ in range(20):
                    kept = spool.progress.dropped_lines + spool.progress.head_lines
                    read_on(spool, min(kept + chance.randrange(2000), spool.last), 5_000)
    assert pouring.returncode == 0
    spool.refresh()
    assert (spool.last, read_on(spool, POURED - 100, 10_000)) == (POURED, POURED)


def test_a_log_that_is_read_while_segments_are_written_over_gives_no_wrong_byte(tmp_path: Path) -> None:
    spool, place = Spool(tmp_path), LogPlace()
    with subprocess.Popen([sys.executable, "-c", POURING, str(tmp_path)]) as pouring:
        while pouring.poll() is None or place.lines < POURED:
            spool.refresh()
            before = place.lines
            place, parts = spool.read_log(place, None, 1 << 16)
            for part in parts:
                if isinstance(part, Gap):
                    before += part.lines
                else:
                    count = part.count(b"\n")
                    assert part == b"".join(b"line %d\n" % (before + more) for more in range(1, count + 1))
                    before += count
            assert before == place.lines
    assert pouring.returncode == 0


def test_a_segment_that_is_written_over_between_two_reads_is_known_to_be_gone(tmp_path: Path) -> None:
    writer, spool = SpoolWriter(str(tmp_path), Cap(1 << 24, 1 << 30)), Spool(tmp_path)
    text = b"a line of a certain length\n" * 2_000

    def more(size: int) -> None:
        for _ in range(0, size, len(text)):
            writer.write(Stream.STDOUT, text)
            writer.flush(0.0)
        writer.publish()

    more(20 << 20)
    spool.refresh()
    oldest = spool.progress.first_tail
    path = tmp_path / frames.segment_name(oldest)
    reading = Segment(path, oldest).frames(frames.SEGMENT_HEADER_SIZE, path.stat().st_size)
    next(reading)
    more(2 << 20)
    with pytest.raises(FileNotFoundError):
        list(reading)


def test_a_dropped_segment_that_waits_to_be_used_again_goes_at_the_end(tmp_path: Path) -> None:
    writer, spool = SpoolWriter(str(tmp_path), CAP), Spool(tmp_path)
    write(writer, iter(range(1, 1 << 30)), 2_000)
    writer.finish(0.0)
    spool.refresh()
    kept = (0, *range(spool.progress.first_tail, spool.progress.segment + 1))
    assert sorted(file.name for file in tmp_path.glob("*.seg")) == [frames.segment_name(number) for number in kept]
