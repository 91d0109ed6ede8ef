"""Writes a job's spool: frames into segment files, the middle dropped over the cap, progress published.

A segment is a 32nd of the cap, so about that much goes at a time; the first one, the head, is an
eighth of it and always stays. What is dropped makes the next segment: its file is renamed and written over,
so that a job at its cap asks the file system for nothing more.
"""

from __future__ import annotations

import contextlib
import errno
import os
import time
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

    ``write`` only remembers; ``flush`` makes it readable by place, ``publish`` tells the place. What the file
    system refuses to take is counted as dropped, and writing goes on as soon as it takes more. Only
    making the spool raises OSError.
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
        self.progress = Progress(pid=os.getpid())
        self._progress_fd = os.open(self._path(frames.PROGRESS_FILE), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        os.pwrite(self._progress_fd, bytes(frames.PROGRESS_SIZE), 0)
        self._published: Progress | None = None
        self._segment = _Segment(0, Cap(max(1, cap.bytes // _HEAD_SHARE), max(1, cap.lines // _HEAD_SHARE)))
        self._segment_fd = -1
        self._begin_segment(self._segment)
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
            last_clock=time.monotonic(),
            stdout_open=self._cutters[STDOUT].open_text,
            stderr_open=self._cutters[STDERR].open_text,
        )

    def finish(self, now: float) -> None:
        """Flush, give unfinished lines their numbers, and publish. Nothing may be written after it."""
        if self._raw:
            self.flush(now)
        self._write_runs([run for cutter in self._cutters.values() for run in cutter.finish()], now)
        self.progress = self.progress._replace(stdout_open=b"", stderr_open=b"")
        self.publish()
        with contextlib.suppress(OSError):
            os.ftruncate(self._segment_fd, self.progress.end)
        with contextlib.suppress(OSError):
            os.unlink(self._spare)

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
                self._rotate()
            frame.append(run)
            size += len(run.data)
            lines += run.lines
        if frame:
            self._write_frame(frame, now)

    def _rotate(self) -> None:
        """Begin the next segment. If that fails, the next frame tries again and says so."""
        try:
            self._begin_segment(_Segment(self._segment.number + 1, self._room))
        except OSError as error:
            self.progress = self.progress._replace(problem=error.errno or errno.EIO)

    def _write_frame(self, runs: list[Run], now: float) -> None:
        """Write one frame, or count it as dropped if the file system refuses; the next one is tried again."""
        size = sum(len(run.data) for run in runs)
        lines = sum(run.lines for run in runs)
        segment = self._segment
        place = Place(segment.number, self.progress.end)
        try:
            self._make_room(size, lines)
            if self.progress.problem:
                self._begin_segment(_Segment(segment.number + 1, self._room))
            written = self._append(runs, now)
        except OSError as error:
            if self._segment is not segment:
                self._abandon_segment(segment, place)
            self._lose(size, lines, error.errno or errno.EIO)
        else:
            self._segment.bytes += size
            self._segment.lines += lines
            self._kept_bytes += size
            self._kept_lines += lines
            seen = self.progress
            newest = seen.lines + lines
            self.progress = seen._replace(
                end=seen.end + written,
                lines=newest,
                kept_lines=newest,
                output_bytes=seen.output_bytes + size,
                problem=0,
            )

    def _append(self, runs: list[Run], now: float) -> int:
        """Add a frame to the segment's file, all of it or nothing; its size. Raises OSError."""
        place = Place(self._segment.number, self.progress.end)
        entries = [self._entry(run, place) for run in runs]
        head = frames.pack_frame_head(self.progress.lines + 1, now, entries)
        size = len(head) + sum(len(run.data) for run in runs)
        if os.pwritev(self._segment_fd, [head, *(run.data for run in runs)], place.offset) == size:
            return size
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def _entry(self, run: Run, place: Place) -> RunEntry:
        """The run's place in the table; a giant line's points at the frame of its first piece."""
        if run.flags & frames.PIECE:
            self._giant_starts.setdefault(run.stream, place)
        start = self._giant_starts.pop(run.stream, place) if run.flags & frames.GIANT else None
        return RunEntry(run.stream, run.flags, len(run.data), run.lines, start, run.length)

    def _lose(self, size: int, lines: int, problem: int) -> None:
        """Go on without these lines. A torn frame is cut off, and what comes next begins a new segment."""
        with contextlib.suppress(OSError):
            os.ftruncate(self._segment_fd, self.progress.end)
        seen = self.progress
        self.progress = seen._replace(
            lines=seen.lines + lines,
            output_bytes=seen.output_bytes + size,
            dropped_lines=seen.dropped_lines + lines,
            dropped_bytes=seen.dropped_bytes + size,
            problem=problem,
        )

    def _abandon_segment(self, before: _Segment, place: Place) -> None:
        """Take back a segment that was begun and got no frame, so that a full disk does not fill with empty ones."""
        os.close(self._segment_fd)
        with contextlib.suppress(OSError):
            os.unlink(self._path(frames.segment_name(self._segment.number)))
        self._tail.pop()
        self._segment, self._segment_fd = before, -1
        self.progress = self.progress._replace(segment=place.segment, end=place.offset)

    def _begin_segment(self, segment: _Segment) -> None:
        """Go on in a new file; the place in it is told with the next publish. Raises OSError."""
        flags = os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC
        path = self._path(frames.segment_name(segment.number))
        seen = self.progress
        header = frames.pack_segment_header(SegmentHeader(seen.lines + 1, seen.output_bytes, seen.kept_lines))
        fd = os.open(path, flags, 0o600)
        try:
            if self._segment_fd >= 0:
                os.ftruncate(self._segment_fd, seen.end)  # what it was before may have been longer
            if os.pwrite(fd, header, 0) != len(header):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        except OSError:
            os.close(fd)
            os.unlink(path)
            raise
        if self._segment_fd >= 0:
            os.close(self._segment_fd)
        if segment.number:
            self._tail.append(segment)
        self._segment, self._segment_fd = segment, fd
        head_lines = seen.head_lines if segment.number > 1 else seen.kept_lines
        self.progress = seen._replace(segment=segment.number, end=len(header), head_lines=head_lines)

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
                with contextlib.suppress(OSError):  # what cannot be moved now goes with the job's folder
                    os.rename(self._path(frames.segment_name(number)), self._spare)

    @property
    def _spare(self) -> str:
        """Where a dropped segment waits to be the next one: the name that comes after the newest."""
        return self._path(frames.segment_name(self._segment.number + 1))

    def _fits(self, size: int, lines: int) -> bool:
        return self._kept_bytes + size <= self._cap.bytes and self._kept_lines + lines <= self._cap.lines

    def _path(self, name: str) -> str:
        return f"{self._folder}/{name}"
