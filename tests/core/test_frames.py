"""The spool's format: what is packed comes back, and what is torn is refused."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runner.shim import frames
from runner.shim.frames import Damaged, Place, Progress, RunEntry, SegmentHeader

small, large = st.integers(0, 2**32 - 1), st.integers(0, 2**63 - 1)
times = st.floats(0, 1e12)
texts = st.binary(max_size=100)
places = st.builds(Place, small, large)
flags = st.sampled_from([0, frames.PIECE, frames.UNTERMINATED])
plain_runs = st.builds(
    RunEntry, st.integers(1, 2), flags, st.integers(0, 2**20), small, start=st.none(), length=st.just(0)
)
giant_runs = st.builds(
    RunEntry, st.integers(1, 2), st.sampled_from([2, 6]), st.integers(0, 2**20), st.just(1), places, large
)
runs = st.lists(plain_runs | giant_runs, min_size=1, max_size=20)
kinds: dict[str, st.SearchStrategy[Any]] = dict.fromkeys(Progress._fields, st.integers(0, 1))
kinds |= {"started_at": times, "last_at": times, "stdout_open": texts, "stderr_open": texts}
kinds |= dict.fromkeys(("sequence", "end", "lines", "output_bytes", "head_lines", "dropped_lines"), large)
progresses = st.fixed_dictionaries(kinds).map(lambda values: Progress(**values))


@settings(deadline=None)
@given(progresses, st.binary(max_size=100))
def test_progress_comes_back_whatever_stood_there_before(progress: Progress, after: bytes) -> None:
    packed = frames.pack_progress(progress)
    assert len(packed) <= frames.PROGRESS_SIZE
    assert frames.unpack_progress(packed + after) == progress


@settings(deadline=None)
@given(progresses, st.data())
def test_progress_with_a_wrong_bit_is_refused(progress: Progress, data: st.DataObject) -> None:
    packed = bytearray(frames.pack_progress(progress))
    bit = data.draw(st.integers(0, 8 * len(packed) - 1))
    packed[bit // 8] ^= 1 << bit % 8
    with pytest.raises(Damaged):
        frames.unpack_progress(bytes(packed))


@settings(deadline=None)
@given(progresses, progresses, st.data())
def test_progress_of_two_writes_is_refused(old: Progress, new: Progress, data: st.DataObject) -> None:
    before = frames.pack_progress(old).ljust(frames.PROGRESS_SIZE, b"\0")
    after = frames.pack_progress(new) + before[len(frames.pack_progress(new)) :]
    cut = data.draw(st.integers(0, len(after)))
    torn = after[:cut] + before[cut:]
    try:
        assert frames.unpack_progress(torn) in (old, new)
    except Damaged:
        assert torn not in (before, after)


@settings(deadline=None)
@given(progresses, st.data())
def test_progress_cut_short_is_refused(progress: Progress, data: st.DataObject) -> None:
    packed = frames.pack_progress(progress)
    with pytest.raises(Damaged):
        frames.unpack_progress(packed[: data.draw(st.integers(0, len(packed) - 1))])


def test_the_longest_open_texts_fit_into_the_record() -> None:
    progress = Progress(stdout_open=b"o" * frames.OPEN_BYTES, stderr_open=b"e" * frames.OPEN_BYTES)
    assert len(frames.pack_progress(progress)) == frames.PROGRESS_SIZE
    assert frames.unpack_progress(frames.pack_progress(progress)) == progress


def test_an_empty_record_is_refused() -> None:
    with pytest.raises(Damaged):
        frames.unpack_progress(bytes(frames.PROGRESS_SIZE))


@settings(deadline=None)
@given(large, times, runs, st.binary(max_size=50))
def test_a_frame_comes_back_at_any_offset(first: int, time: float, entries: list[RunEntry], before: bytes) -> None:
    packed = before + frames.pack_frame_head(first, time, entries)
    header = frames.unpack_frame_header(packed, len(before))
    assert (header.first_line, header.time) == (first, time)
    assert header.payload == sum(entry.size for entry in entries)
    assert len(before) + header.head == len(packed)
    assert frames.unpack_runs(packed, len(before), header.head) == entries


@settings(deadline=None)
@given(large, runs, st.data())
def test_a_frame_cut_short_is_refused(first: int, entries: list[RunEntry], data: st.DataObject) -> None:
    packed = frames.pack_frame_head(first, 0.0, entries)
    cut = packed[: data.draw(st.integers(0, len(packed) - 1))]
    with pytest.raises(Damaged):
        frames.unpack_runs(cut, 0, frames.unpack_frame_header(cut).head)


@settings(deadline=None)
@given(st.builds(SegmentHeader._make, st.tuples(*(large for _ in SegmentHeader._fields))))
def test_a_segments_header_comes_back(header: SegmentHeader) -> None:
    assert frames.unpack_segment_header(frames.pack_segment_header(header) + b"frames") == header


@pytest.mark.parametrize("data", [b"", b"LFSEG", bytes(64), b"x" * 64])
def test_other_bytes_are_no_segment_and_no_frame(data: bytes) -> None:
    with pytest.raises(Damaged):
        frames.unpack_segment_header(data)
    with pytest.raises(Damaged):
        frames.unpack_frame_header(data)


def test_segments_sort_by_name() -> None:
    names = [frames.segment_name(number) for number in (0, 1, 10, 999_999)]
    assert names == sorted(names)
