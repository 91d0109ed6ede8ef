"""The spool's format on disk: segments of frames, and the progress record. Pure packing and unpacking.

A spool is a folder of segment files ``000000.seg``, ``000001.seg``, … and one ``progress`` file.
All numbers are little-endian. The format is Linefeed's own; this page is its specification.

Segment: a header (magic, number of its first line, output bytes written before it, number of the last line
that was kept before it), then frames. Where a first line is not the one after the last kept line, the lines
between them are a gap: the cap took them, or they could not be written.

Frame: one flush. A header (mark, size of header with run table, size of payload, number of its first
line, wall-clock time), a table of runs, and the payload: the runs' bytes one after another.

Run: bytes of one stream (stream, flags, size, lines ended in it). Without flags it is whole lines,
each ended by ``\\n``. Lines are cut at frames, never between them, except a giant one: it is
written as runs with ``PIECE`` (bytes, no line ended) and one with ``GIANT``, the rest of that one line. A
``GIANT`` entry is followed by the place of the first piece and the line's length without its
``\\n``. ``UNTERMINATED`` marks a job's last line if it was written without a ``\\n``.

Progress: where the spool ends and what was counted, rewritten in place with a checksum. Readers
never look beyond the place it names, so a torn frame is never read.
"""

from __future__ import annotations

import struct
import zlib
from typing import NamedTuple

PIECE = 1
GIANT = 2
UNTERMINATED = 4

OPEN_BYTES = 4096
FRAME_MARK = 0xF5A3

_SEGMENT = struct.Struct("<8sQQQ")
_SEGMENT_MAGIC = b"LFSEG\x00\x00\x01"
_FRAME = struct.Struct("<HHIQd")
_RUN = struct.Struct("<BBII")
_GIANT = struct.Struct("<IQQ")
_CHECKSUM = struct.Struct("<I")
_PROGRESS = struct.Struct("<QBiddddIIQQQQQQQIHH")

SEGMENT_HEADER_SIZE = _SEGMENT.size
FRAME_HEADER_SIZE = _FRAME.size
PROGRESS_SIZE = _CHECKSUM.size + _PROGRESS.size + 2 * OPEN_BYTES

PROGRESS_FILE = "progress"
EXIT_FILE = "exit.json"
EXIT_SIZE = 1024
CONTROL_FILE = "control"
LOCK_FILE = "lock"


class Damaged(Exception):
    """Bytes that are not what this format says."""


class Place(NamedTuple):
    """A position in a spool: number of the segment, offset in its file in bytes."""

    segment: int
    offset: int


class SegmentHeader(NamedTuple):
    """A segment's first line, the output bytes written before it, and the last line kept before it."""

    first_line: int
    bytes_before: int
    kept_before: int


class RunEntry(NamedTuple):
    """One entry of a frame's run table; ``start`` and ``length`` belong to ``GIANT`` runs."""

    stream: int
    flags: int
    size: int
    lines: int
    start: Place | None = None
    length: int = 0


class FrameHeader(NamedTuple):
    """A frame without its payload; ``head`` and ``payload`` are sizes in bytes."""

    head: int
    payload: int
    first_line: int
    time: float

    @property
    def size(self) -> int:
        """Bytes of the whole frame."""
        return self.head + self.payload


class Progress(NamedTuple):
    """Where a spool ends and what was counted.

    ``…_at`` are wall clock times in seconds, ``…_clock`` the same moments by the machine's monotonic clock; 0.0 is
    never. ``pid`` is the shim's. ``kept_lines`` is the number of the newest line that was kept: below ``lines``
    while writing fails with ``problem`` (an errno, else 0). ``dropped`` counts what is not kept, whatever took it.
    """

    sequence: int = 0
    stopping: int = 0
    pid: int = 0
    started_at: float = 0.0
    started_clock: float = 0.0
    last_at: float = 0.0
    last_clock: float = 0.0
    segment: int = 0
    first_tail: int = 1
    end: int = 0
    lines: int = 0
    output_bytes: int = 0
    head_lines: int = 0
    kept_lines: int = 0
    dropped_lines: int = 0
    dropped_bytes: int = 0
    problem: int = 0
    stdout_open: bytes = b""
    stderr_open: bytes = b""


def segment_name(number: int) -> str:
    """The file name of a segment."""
    return f"{number:06d}.seg"


def pack_segment_header(header: SegmentHeader) -> bytes:
    """The first bytes of a segment file."""
    return _SEGMENT.pack(_SEGMENT_MAGIC, *header)


def unpack_segment_header(data: bytes) -> SegmentHeader:
    """The header at the beginning of ``data``. Raises Damaged."""
    if len(data) < SEGMENT_HEADER_SIZE or not data.startswith(_SEGMENT_MAGIC):
        raise Damaged("not a segment")
    _magic, *numbers = _SEGMENT.unpack_from(data)
    return SegmentHeader(*numbers)


def pack_frame_head(first_line: int, time: float, runs: list[RunEntry]) -> bytes:
    """A frame's header and run table, to be followed by the runs' bytes."""
    table = b"".join(_pack_run(run) for run in runs)
    payload = sum(run.size for run in runs)
    return _FRAME.pack(FRAME_MARK, FRAME_HEADER_SIZE + len(table), payload, first_line, time) + table


def _pack_run(run: RunEntry) -> bytes:
    entry = _RUN.pack(run.stream, run.flags, run.size, run.lines)
    if run.start is None:
        return entry
    return entry + _GIANT.pack(run.start.segment, run.start.offset, run.length)


def unpack_frame_header(data: bytes, offset: int = 0) -> FrameHeader:
    """The frame header at ``offset``. Raises Damaged."""
    if len(data) < offset + FRAME_HEADER_SIZE:
        raise Damaged("a frame is cut")
    mark, head, payload, first_line, time = _FRAME.unpack_from(data, offset)
    if mark != FRAME_MARK:
        raise Damaged("not a frame")
    return FrameHeader(head, payload, first_line, time)


def unpack_runs(data: bytes, offset: int, head: int) -> list[RunEntry]:
    """The run table of the frame at ``offset``, whose header is ``head`` bytes. Raises Damaged."""
    end = offset + head
    if len(data) < end:
        raise Damaged("a run table is cut")
    at = offset + FRAME_HEADER_SIZE
    runs = []
    while at < end:
        stream, flags, size, lines = _RUN.unpack_from(data, at)
        at += _RUN.size
        start, length = None, 0
        if flags & GIANT:
            segment, place, length = _GIANT.unpack_from(data, at)
            start = Place(segment, place)
            at += _GIANT.size
        runs.append(RunEntry(stream, flags, size, lines, start, length))
    return runs


def pack_progress(progress: Progress) -> bytes:
    """The progress record, checksum first; shorter than ``PROGRESS_SIZE`` when little text is open."""
    *numbers, stdout_open, stderr_open = progress
    body = _PROGRESS.pack(*numbers, len(stdout_open), len(stderr_open)) + stdout_open + stderr_open
    return _CHECKSUM.pack(zlib.crc32(body)) + body


def unpack_progress(data: bytes) -> Progress:
    """The record at the beginning of ``data``. Raises Damaged if it is torn or empty."""
    fixed = _CHECKSUM.size + _PROGRESS.size
    if len(data) < fixed:
        raise Damaged("no progress record")
    numbers = _PROGRESS.unpack_from(data, _CHECKSUM.size)
    stdout_size, stderr_size = numbers[-2:]
    end = fixed + stdout_size + stderr_size
    if zlib.crc32(data[_CHECKSUM.size : end]) != _CHECKSUM.unpack_from(data)[0]:
        raise Damaged("a progress record is torn")
    return Progress._make((*numbers[:-2], data[fixed : fixed + stdout_size], data[fixed + stdout_size : end]))
