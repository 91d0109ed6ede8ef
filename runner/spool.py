"""The line store on disk: reads what a shim writes, by cursor, while it is being written."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from runner.errors import BadCursor
from runner.lines import SHOWN_BYTES, SLICE_BYTES, SLICE_LINES, Gap, OpenText, Run, Slice, Stream
from runner.segments import Frame, Segment
from runner.shim import frames
from runner.shim.frames import Place, Progress, RunEntry

_LOG_BYTES = 256 * 1024
_REMEMBERED_ENDS = 16
_TRIES = 20


class LogPlace(NamedTuple):
    """How far a log has been read: a place, and the output bytes and lines that came before it."""

    segment: int = 0
    offset: int = frames.SEGMENT_HEADER_SIZE
    lines: int = 0
    bytes: int = 0


class Spool:
    """One job's lines on disk. ``refresh`` looks for more; everything else answers from what it saw."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._segments: dict[int, Segment] = {}
        self._ends: dict[int, Place] = {}
        self.progress = Progress()

    @property
    def last(self) -> int:
        """The number of the newest line; 0 if there is none."""
        return self.progress.lines

    @property
    def open_text(self) -> tuple[OpenText, ...]:
        """What each stream wrote without a ``\\n`` yet, its last bytes."""
        texts = (Stream.STDOUT, self.progress.stdout_open), (Stream.STDERR, self.progress.stderr_open)
        return tuple(OpenText(stream, data) for stream, data in texts if data)

    def refresh(self) -> bool:
        """Look at the progress record; whether it says something new."""
        for _ in range(_TRIES):
            try:
                progress = frames.unpack_progress((self._folder / frames.PROGRESS_FILE).read_bytes())
            except OSError:
                return False  # not made yet, or gone with its folder
            except frames.Damaged:
                continue  # caught in the middle of being rewritten
            changed = progress.sequence != self.progress.sequence
            self.progress = progress
            return changed
        return False

    def cut_torn_end(self) -> None:
        """Once its shim was killed: cut off what it was writing, so that the spool ends where the record says."""
        newest = self.progress.segment
        with contextlib.suppress(FileNotFoundError):
            os.truncate(self._folder / frames.segment_name(newest), self.progress.end)
            (self._folder / frames.segment_name(newest + 1)).unlink()

    def slice(self, after: int, limit: int = SLICE_LINES) -> Slice:
        """The lines after ``after``, at most ``limit`` and about ``SLICE_BYTES``; ends before a gap.

        Raises BadCursor if ``after`` is beyond ``last``.
        """
        if after > self.last:
            raise BadCursor(after, self.last)
        if after == self.last:
            return Slice(None, after, 0, ())
        while True:
            try:
                return self._slice(after, limit)
            except FileNotFoundError:
                # The cap took a segment since the last look; the new record says so.
                if not self.refresh():
                    raise

    def _slice(self, after: int, limit: int) -> Slice:
        first = self._first_kept(after)
        if first is None:
            return Slice(None, self.last, self.last - after, ())
        runs: list[Run] = []
        left, room = limit, SLICE_BYTES
        for frame in self._frames_from_line(first):
            for run in self._shown(frame, first, left, room):
                runs.append(run)
                left -= run.count
                room -= len(run.data)
            if left <= 0 or room <= 0:
                break
            self._remember(frame)
        return Slice(runs[0].first, runs[-1].first + runs[-1].count - 1, first - after - 1, tuple(runs))

    def _first_kept(self, after: int) -> int | None:
        """The number of the first line after ``after`` that is kept; None if all the later ones are gone."""
        number: int | None = self._segment_of_line(after + 1)
        while number is not None:
            first = max(after + 1, self._segment(number).first_line)
            if first <= self._last_line(number):
                return first
            number = self._next(number)
        return None

    def _last_line(self, number: int) -> int:
        """The number of the last line that was kept when a segment ended."""
        following = self._next(number)
        if following is None:
            return self.progress.kept_lines
        return self.progress.head_lines if number == 0 else self._segment(following).kept_before

    def _next(self, number: int) -> int | None:
        """The kept segment after another; None if that is the newest."""
        return None if number >= self.progress.segment else max(number + 1, self.progress.first_tail)

    def _frames_from_line(self, line: int) -> Iterator[Frame]:
        """The frames from the one with ``line`` on, up to a gap or the end."""
        place = self._ends.get(line)
        if place is None or 0 < place.segment < self.progress.first_tail:
            place = self._place_of_line(line)
        while True:
            segment = self._segment(place.segment)
            yield from segment.frames(place.offset, self._end(segment))
            following = self._next(place.segment)
            if following is None or self._segment(following).first_line != self._last_line(place.segment) + 1:
                return
            place = Place(following, frames.SEGMENT_HEADER_SIZE)

    def _remember(self, frame: Frame) -> None:
        """Where the line after ``frame`` will begin, so that readers at the tail need no search."""
        line = frame.last_line + 1
        self._ends.pop(line, None)
        self._ends[line] = frame.end
        if len(self._ends) > _REMEMBERED_ENDS:
            del self._ends[next(iter(self._ends))]

    def _shown(self, frame: Frame, first: int, left: int, room: int) -> Iterator[Run]:
        """The frame's lines from ``first`` on, at most ``left`` and about ``room`` bytes."""
        for line, entry, data in frame.parts():
            if line + entry.lines <= first or not entry.lines:
                continue
            if left <= 0 or room <= 0:
                return
            run = self._run(frame, line, entry, data)
            if line < first or entry.lines > left or len(data) > room:
                run = _cut(run, max(first - line, 0), left, room)
            yield run
            left -= run.count
            room -= len(run.data)

    def _run(self, frame: Frame, line: int, entry: RunEntry, data: bytes) -> Run:
        stream, time = Stream(entry.stream), frame.header.time
        ending = b"\n" if entry.flags & frames.UNTERMINATED else b""
        if entry.start is None:
            return Run(line, entry.lines, stream, time, data + ending)
        text = self._giant_head(entry, frame.place) + data
        if entry.length <= SHOWN_BYTES and len(text) + len(ending) > entry.length:
            return Run(line, 1, stream, time, text + ending)
        return Run(line, 1, stream, time, text.rstrip(b"\n")[:SHOWN_BYTES] + b"\n", entry.length)

    def _giant_head(self, entry: RunEntry, end: Place) -> bytes:
        """The first bytes, of those still kept, of a line that was written in pieces."""
        head = bytearray()
        for frame in self._frames_between(entry.start or end, end):
            for _line, part, data in frame.parts():
                if part.stream == entry.stream and part.flags & frames.PIECE:
                    head += data
            if len(head) > SHOWN_BYTES:
                break
        return bytes(head[: SHOWN_BYTES + 1])

    def _frames_between(self, start: Place, end: Place) -> Iterator[Frame]:
        """Kept frames from ``start`` to ``end``, which is included, over segments and the gap."""
        number, offset = start
        while number <= end.segment:
            if number == 0 or number >= self.progress.first_tail:
                segment = self._segment(number)
                for frame in segment.frames(offset, self._end(segment)):
                    if frame.place > end:
                        return
                    yield frame
            number, offset = max(number + 1, self.progress.first_tail), frames.SEGMENT_HEADER_SIZE

    def read_log(self, place: LogPlace, stream: Stream | None, most: int) -> tuple[LogPlace, list[bytes | Gap]]:
        """About ``most`` bytes of the log from ``place`` on, and where to go on; no parts at the end."""
        if not self.progress.sequence:
            return place, []
        while True:
            try:
                return self._read_log(place, stream, most)
            except FileNotFoundError:
                if not self.refresh():
                    raise

    def log(self, stream: Stream | None = None) -> Iterator[bytes | Gap]:
        """The bytes as they were written, in order within each stream, in pieces of bounded size."""
        place = LogPlace()
        while True:
            before = place
            place, parts = self.read_log(place, stream, _LOG_BYTES)
            yield from parts
            if place == before:
                return

    def _read_log(self, place: LogPlace, stream: Stream | None, most: int) -> tuple[LogPlace, list[bytes | Gap]]:
        parts: list[bytes | Gap] = []
        size = 0
        if 0 < place.segment < self.progress.first_tail:
            place = self._enter(self.progress.first_tail, place, parts)
        while size < most:
            segment = self._segment(place.segment)
            for frame in segment.frames(place.offset, self._end(segment)):
                data = frame.written(stream)
                if data:
                    parts.append(data)
                place = LogPlace(*frame.end, frame.last_line, place.bytes + frame.header.payload)
                size += frame.header.payload
                if size >= most:
                    return place, parts
            following = self._next(place.segment)
            if following is None:
                return self._pass_unkept(place, parts), parts
            place = self._enter(following, place, parts)
        return place, parts

    def _enter(self, number: int, place: LogPlace, parts: list[bytes | Gap]) -> LogPlace:
        """The beginning of a segment; what is missing before it goes to ``parts``."""
        segment = self._segment(number)
        lines = segment.first_line - 1
        if segment.bytes_before > place.bytes:
            parts.append(Gap(place.lines, lines - place.lines, segment.bytes_before - place.bytes))
        return LogPlace(number, frames.SEGMENT_HEADER_SIZE, lines, segment.bytes_before)

    def _pass_unkept(self, place: LogPlace, parts: list[bytes | Gap]) -> LogPlace:
        """At the end: what could not be written after the last frame goes to ``parts``."""
        seen = self.progress
        if seen.output_bytes > place.bytes:
            parts.append(Gap(place.lines, seen.lines - place.lines, seen.output_bytes - place.bytes))
        return place._replace(lines=seen.lines, bytes=max(seen.output_bytes, place.bytes))

    def _place_of_line(self, line: int) -> Place:
        segment = self._segment(self._segment_of_line(line))
        return Place(segment.number, segment.locate(line, self._end(segment)))

    def _segment_of_line(self, line: int) -> int:
        """The kept segment in which ``line`` ends."""
        low, high = self.progress.first_tail, self.progress.segment
        if high == 0 or line <= self.progress.head_lines:
            return 0
        while low < high:
            middle = (low + high + 1) // 2
            if self._segment(middle).first_line <= line:
                low = middle
            else:
                high = middle - 1
        return low

    def _segment(self, number: int) -> Segment:
        segment = self._segments.get(number)
        if segment is None:
            segment = self._segments[number] = Segment(self._folder / frames.segment_name(number), number)
            for gone in [known for known in self._segments if 0 < known < self.progress.first_tail]:
                del self._segments[gone]
        return segment

    def _end(self, segment: Segment) -> int:
        if segment.number == self.progress.segment:
            return self.progress.end
        return segment.path.stat().st_size


def _cut(run: Run, skip: int, limit: int, room: int) -> Run:
    """The part of a run after ``skip`` lines: at most ``limit`` lines, about ``room`` bytes, one line at least."""
    lines = run.data.split(b"\n", skip + limit)[skip : skip + limit] if run.count > 1 else [run.data[:-1]]
    lines = lines[: run.count - skip]
    size = taken = 0
    for line in lines:
        if taken and size + len(line) > room:
            break
        size += len(line) + 1
        taken += 1
    return Run(run.first + skip, taken, run.stream, run.time, b"\n".join(lines[:taken]) + b"\n", run.length)
