"""One segment file of a spool, as a reader sees it: its frames, and a sparse index of them.

The index has one entry per 64 KiB that somebody looked into, never one per line or frame. The file is
opened for one read and closed again, so no descriptor is held.
"""

from __future__ import annotations

import os
from array import array
from bisect import bisect_right
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from runner.lines import Stream
from runner.shim import frames
from runner.shim.frames import FrameHeader, Place, RunEntry

_BLOCK = 256 * 1024
_INDEX_STEP = 64 * 1024
_INDEX_BLOCK = 4096


class Frame(NamedTuple):
    """A frame as read: where it is, its header, its runs and where their bytes begin in ``block``."""

    place: Place
    header: FrameHeader
    runs: list[RunEntry]
    block: bytes
    payload_at: int

    def parts(self) -> Iterator[tuple[int, RunEntry, bytes]]:
        """Each run with the number of its first line and its bytes."""
        line, at = self.header.first_line, self.payload_at
        for run in self.runs:
            yield line, run, self.block[at : at + run.size]
            line += run.lines
            at += run.size

    @property
    def last_line(self) -> int:
        """The number of the newest line that has ended when this frame has."""
        return self.header.first_line - 1 + sum(run.lines for run in self.runs)

    @property
    def end(self) -> Place:
        """Where the next frame begins, if there is one in this segment."""
        return Place(self.place.segment, self.place.offset + self.header.size)

    def written(self, stream: Stream | None) -> bytes:
        """The bytes of one stream, or of both (None), as they were written."""
        if stream is None:
            return self.block[self.payload_at : self.payload_at + self.header.payload]
        return b"".join(data for _line, run, data in self.parts() if run.stream == stream)


class Segment:
    """One segment file: its header and a sparse index of it."""

    def __init__(self, path: Path, number: int) -> None:
        self.path = path
        self.number = number
        with path.open("rb", buffering=0) as file:
            header = frames.unpack_segment_header(self._read(file.fileno(), frames.SEGMENT_HEADER_SIZE, 0))
        self.first_line, self.bytes_before, self.kept_before = header
        self._lines = array("Q", [self.first_line])
        self._offsets = array("Q", [frames.SEGMENT_HEADER_SIZE])

    def _read(self, fd: int, size: int, offset: int) -> bytes:
        """At most ``size`` bytes at ``offset``. Raises FileNotFoundError if the segment was dropped meanwhile.

        The shim renames a dropped segment before it writes over it: while the name stands, the bytes are this one's.
        """
        data = os.pread(fd, size, offset)
        os.stat(self.path)
        return data

    def locate(self, line: int, end: int) -> int:
        """The offset of a frame at or before the one with ``line``, at most 64 KiB before it."""
        if self._lines[-1] <= line:
            self._extend(line, end)
        return self._offsets[bisect_right(self._lines, line) - 1]

    def _extend(self, line: int, end: int) -> None:
        """Index frame by frame until one begins after ``line``, reading headers only."""
        with self.path.open("rb", buffering=0) as file:
            block, base = b"", self._offsets[-1]
            offset = base
            while offset < end:
                if len(block) < offset - base + frames.FRAME_HEADER_SIZE:
                    block, base = self._read(file.fileno(), _INDEX_BLOCK, offset), offset
                header = frames.unpack_frame_header(block, offset - base)
                if offset - self._offsets[-1] >= _INDEX_STEP:
                    self._offsets.append(offset)
                    self._lines.append(header.first_line)
                if header.first_line > line:
                    return
                offset += header.size

    def frames(self, offset: int, end: int) -> Iterator[Frame]:
        """The frames from ``offset`` to ``end``, read in blocks."""
        with self.path.open("rb", buffering=0) as file:
            block, base = b"", offset
            while offset < end:
                at = offset - base
                size = self._whole_frame(block, at)
                if not size:
                    block, base, at = self._read(file.fileno(), min(_BLOCK, end - offset), offset), offset, 0
                    size = self._whole_frame(block, 0)
                if not size:
                    wanted = frames.unpack_frame_header(block).size
                    block = self._read(file.fileno(), wanted, offset)
                    size = self._whole_frame(block, 0)
                if not size:
                    raise frames.Damaged(f"{self.path.name} is cut at {offset}")
                header = frames.unpack_frame_header(block, at)
                runs = frames.unpack_runs(block, at, header.head)
                yield Frame(Place(self.number, offset), header, runs, block, at + header.head)
                offset += size

    @staticmethod
    def _whole_frame(block: bytes, at: int) -> int:
        """The size of the frame at ``at`` if ``block`` has all of it, else 0."""
        if len(block) < at + frames.FRAME_HEADER_SIZE:
            return 0
        size = frames.unpack_frame_header(block, at).size
        return size if len(block) >= at + size else 0
