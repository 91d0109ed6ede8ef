"""Writes a job's spool: frames into segment files, the middle dropped over the cap, progress published.

A segment is a 32nd of the cap, so about that much goes at a time; the first one, the head, is an
eighth of it and always stays.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterator
from typing import NamedTuple

from runner.shim import frames
from runner.shim.cutter import LineCutter, Run, split_lines
from runner.shim.frames import Place, Progress, RunEntry, SegmentHeader

STDOUT, STDERR = 1, 2
FRAME_BYTES = 64 * 1024
_MOST_RUNS = 512
_HEAD_SHARE = 8
_SEGMENT_SHARE = 32


class Cap(NamedTuple):
    """The most output bytes and lines that a spool keeps."""

    bytes: int
    lines: int


class _Segment:
    """A segment file, by what it holds: output bytes and lines, headers not counted."""

    def __init__(self, number: int, room: Cap) -> None:
        self.number = number
        self.room = room
        self.bytes = 0
        self.lines = 0

    def fits(self, size: int, lines: int) -> bool:
        return self.bytes + size <= self.room.bytes and self.lines + lines <= self.room.lines


class SpoolWriter:
    """The only writer of one spool. Not thread-safe.

    ``write`` only remembers; ``flush`` makes it readable by place, ``publish`` tells the place.
    Raises OSError as the file system does.
    """

    def __init__(self, folder: str, cap: Cap) -> None:
        self._folder = folder
        self._cap = cap
        self._room = Cap(max(1, cap.bytes // _SEGMENT_SHARE), max(1, cap.lines // _SEGMENT_SHARE))
        self._grain = min(FRAME_BYTES, self._room.bytes)
        self._cutters = {stream: LineCutter(stream, self._grain) for stream in (STDOUT, STDERR)}
        self._giant_starts: dict[int, Place] = {}
        self._raw: list[tuple[int, bytes]] = []
        self.pending = 0
        self._kept_bytes = self._kept_lines = 0
        self._tail: deque[_Segment] = deque()
        self.progress = Progress()
        self._progress_fd = os.open(self._path(frames.PROGRESS_FILE), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        os.pwrite(self._progress_fd, bytes(frames.PROGRESS_SIZE), 0)
        self._published: Progress | None = None
        self._segment_fd = -1
        self._begin_segment(_Segment(0, Cap(max(1, cap.bytes // _HEAD_SHARE), max(1, cap.lines // _HEAD_SHARE))))
        self.publish()

    def write(self, stream: int, data: bytes) -> None:
        """Take bytes of a stream, in the order in which they were read."""
        self._raw.append((stream, data))
        self.pending += len(data)

    def flush(self, now: float) -> None:
        """Put all that was taken into frames of time ``now`` (wall clock, seconds)."""
        self._write_runs(self._cut(), now)
        self._raw.clear()
        self.pending = 0
        self.progress = self.progress._replace(
            last_at=now,
            stdout_open=self._cutters[STDOUT].open_text,
            stderr_open=self._cutters[STDERR].open_text,
        )

    def finish(self, now: float) -> None:
        """Flush, give unfinished lines their numbers, and publish. Nothing may be written after it."""
        last_at = self.progress.last_at
        if self._raw:
            self.flush(now)
            last_at = now
        self._write_runs([run for cutter in self._cutters.values() for run in cutter.finish()], now)
        self.progress = self.progress._replace(last_at=last_at, stdout_open=b"", stderr_open=b"")
        self.publish()

    def publish(self) -> bool:
        """Rewrite the progress record if it says something new; whether it did."""
        if self.progress == self._published:
            return False
        self.progress = self.progress._replace(sequence=self.progress.sequence + 1)
        os.pwrite(self._progress_fd, frames.pack_progress(self.progress), 0)
        self._published = self.progress
        return True

    def _cut(self) -> Iterator[Run]:
        """What was taken, as runs; reads of one stream that follow one another are cut together."""
        at = 0
        while at < len(self._raw):
            stream = self._raw[at][0]
            begin = at
            while at < len(self._raw) and self._raw[at][0] == stream:
                at += 1
            data = self._raw[begin][1] if at == begin + 1 else b"".join(part for _, part in self._raw[begin:at])
            for offset in range(0, len(data), self._grain):
                part = data if len(data) <= self._grain else data[offset : offset + self._grain]
                for run in self._cutters[stream].feed(part):
                    yield from split_lines(run, self._room.lines)

    def _write_runs(self, runs: Iterator[Run] | list[Run], now: float) -> None:
        frame: list[Run] = []
        size = lines = 0
        for run in runs:
            full = size >= FRAME_BYTES or len(frame) >= _MOST_RUNS
            fits = self._segment.fits(size + len(run.data), lines + run.lines)
            if frame and (full or not fits):
                self._write_frame(frame, now)
                frame, size, lines = [], 0, 0
            if self._segment.bytes and not self._segment.fits(len(run.data), run.lines):
                self._begin_segment(_Segment(self._segment.number + 1, self._room))
            frame.append(run)
            size += len(run.data)
            lines += run.lines
        if frame:
            self._write_frame(frame, now)

    def _write_frame(self, runs: list[Run], now: float) -> None:
        size = sum(len(run.data) for run in runs)
        lines = sum(run.lines for run in runs)
        self._make_room(size, lines)
        place = Place(self._segment.number, self.progress.end)
        entries = [self._entry(run, place) for run in runs]
        head = frames.pack_frame_head(self.progress.lines + 1, now, entries)
        os.writev(self._segment_fd, [head, *(run.data for run in runs)])
        self._count(len(head) + size, size, lines)

    def _entry(self, run: Run, place: Place) -> RunEntry:
        """The run's place in the table; a giant line's points at the frame of its first piece."""
        if run.flags & frames.PIECE:
            self._giant_starts.setdefault(run.stream, place)
        start = self._giant_starts.pop(run.stream) if run.flags & frames.GIANT else None
        return RunEntry(run.stream, run.flags, len(run.data), run.lines, start, run.length)

    def _count(self, written: int, size: int, lines: int) -> None:
        self._segment.bytes += size
        self._segment.lines += lines
        self._kept_bytes += size
        self._kept_lines += lines
        self.progress = self.progress._replace(
            end=self.progress.end + written,
            lines=self.progress.lines + lines,
            output_bytes=self.progress.output_bytes + size,
        )

    def _begin_segment(self, segment: _Segment) -> None:
        """Go on in a new file; the place in it is told with the next publish."""
        if segment.number:
            os.close(self._segment_fd)
            self._tail.append(segment)
        self._segment = segment
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC
        self._segment_fd = os.open(self._path(frames.segment_name(segment.number)), flags, 0o600)
        header = frames.pack_segment_header(SegmentHeader(self.progress.lines + 1, self.progress.output_bytes))
        os.write(self._segment_fd, header)
        head_lines = self.progress.head_lines if segment.number > 1 else self.progress.lines
        self.progress = self.progress._replace(segment=segment.number, end=len(header), head_lines=head_lines)

    def _make_room(self, size: int, lines: int) -> None:
        """Drop the oldest segments after the head until a frame of this size fits under the cap."""
        gone = []
        while len(self._tail) > 1 and not self._fits(size, lines):
            oldest = self._tail.popleft()
            self._kept_bytes -= oldest.bytes
            self._kept_lines -= oldest.lines
            self.progress = self.progress._replace(
                first_tail=oldest.number + 1,
                dropped_lines=self.progress.dropped_lines + oldest.lines,
                dropped_bytes=self.progress.dropped_bytes + oldest.bytes,
            )
            gone.append(oldest.number)
        if gone:
            # Readers must learn of the gap before the file is missing.
            self.publish()
            for number in gone:
                os.unlink(self._path(frames.segment_name(number)))

    def _fits(self, size: int, lines: int) -> bool:
        return self._kept_bytes + size <= self._cap.bytes and self._kept_lines + lines <= self._cap.lines

    def _path(self, name: str) -> str:
        return f"{self._folder}/{name}"
