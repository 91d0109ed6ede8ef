"""The cutter: however the bytes of a stream arrive, the lines are the same, in bounded memory."""

from __future__ import annotations

from collections.abc import Iterable

from hypothesis import given, settings
from hypothesis import strategies as st

from runner.shim.cutter import LineCutter, Run, split_lines
from runner.shim.frames import GIANT, OPEN_BYTES, PIECE, UNTERMINATED

PIECE_BYTES = 64
pieces = st.lists(st.sampled_from([b"\n", b"a", b"bc\n", b"\r", b"\r\n", b"\x00", b"\xff", b"x" * 70, b"y" * 200]))


def cut(feeds: Iterable[bytes]) -> list[Run]:
    """All runs of these feeds, with the end."""
    cutter = LineCutter(1, PIECE_BYTES)
    return [run for data in feeds for run in cutter.feed(data)] + cutter.finish()


def lines_of(runs: list[Run]) -> list[bytes]:
    """The lines of the runs, with a giant one put together from its pieces."""
    lines, giant = list[bytes](), b""
    for run in runs:
        giant += run.data
        if not run.flags & PIECE:
            ended = giant if run.flags & UNTERMINATED else giant[:-1]
            lines += [ended] if run.flags else ended.split(b"\n")
            giant = b""
    return lines


def expected(data: bytes) -> list[bytes]:
    """The lines as the contract says: what was written up to a ``\\n``, and the rest if there is any."""
    *whole, rest = data.split(b"\n")
    return whole + ([rest] if rest else [])


@settings(deadline=None)
@given(pieces)
def test_any_cutting_gives_the_same_lines(feeds: list[bytes]) -> None:
    assert lines_of(cut(feeds)) == expected(b"".join(feeds))


@settings(deadline=None)
@given(pieces)
def test_no_byte_is_lost_or_changed(feeds: list[bytes]) -> None:
    assert b"".join(run.data for run in cut(feeds)) == b"".join(feeds)


@settings(deadline=None)
@given(pieces)
def test_the_lines_are_counted(feeds: list[bytes]) -> None:
    assert sum(run.lines for run in cut(feeds)) == len(expected(b"".join(feeds)))


@settings(deadline=None)
@given(pieces)
def test_a_giant_lines_length_is_its_bytes(feeds: list[bytes]) -> None:
    giants = [run.length for run in cut(feeds) if run.flags & GIANT]
    lengths = [len(line) for line in expected(b"".join(feeds))]
    assert all(length in lengths and length >= PIECE_BYTES for length in giants)


@settings(deadline=None)
@given(pieces)
def test_the_open_text_is_the_end_of_the_unfinished_line(feeds: list[bytes]) -> None:
    cutter = LineCutter(1, PIECE_BYTES)
    written = b""
    for data in feeds:
        cutter.feed(data)
        written += data
        assert cutter.open_text == written.rpartition(b"\n")[2][-OPEN_BYTES:]


def test_the_open_text_is_the_newest_of_a_long_line() -> None:
    cutter = LineCutter(1, PIECE_BYTES)
    for number in range(10_000):
        cutter.feed(b"%05d" % number)
    assert len(cutter.open_text) == OPEN_BYTES
    assert cutter.open_text.endswith(b"0999809999")


@settings(deadline=None)
@given(pieces)
def test_a_run_is_never_larger_than_a_piece_and_a_feed(feeds: list[bytes]) -> None:
    largest = max(map(len, feeds), default=0)
    assert all(len(run.data) <= PIECE_BYTES + largest for run in cut(feeds))


def test_a_line_without_end_is_written_as_it_comes() -> None:
    cutter = LineCutter(1, PIECE_BYTES)
    held = 0
    for _ in range(10_000):
        held += 50 - sum(len(run.data) for run in cutter.feed(b"z" * 50))
        assert held < PIECE_BYTES
    assert [run.length for run in cutter.finish()] == [500_000]


def test_nothing_written_is_no_line() -> None:
    assert cut([]) == []
    assert cut([b""]) == []
    assert lines_of(cut([b"\n"])) == [b""]


@settings(deadline=None)
@given(st.lists(st.binary(max_size=5).map(lambda data: data.replace(b"\n", b"")), min_size=1), st.integers(1, 7))
def test_split_runs_are_the_same_lines(lines: list[bytes], most: int) -> None:
    whole = Run(2, 0, b"".join(line + b"\n" for line in lines), len(lines))
    parts = split_lines(whole, most)
    assert b"".join(part.data for part in parts) == whole.data
    assert all(part.lines == part.data.count(b"\n") <= most and part.stream == 2 for part in parts)
