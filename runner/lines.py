"""Lines, slices and the contract of a line store. Pure values.

A line is what a command wrote up to ``\\n``, numbered from 1 over both streams. A cursor is the
number of the last line a reader has; 0 is "nothing yet". Reading changes nothing for anybody else.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import IntEnum
from typing import NamedTuple, Protocol

import msgspec

SHOWN_BYTES = 1 << 20
"""A line longer than this is shown cut to this many bytes; only the log has it whole."""

SLICE_LINES = 20_000
"""The most lines in one slice."""

SLICE_BYTES = 4 << 20
"""About the most text in one slice; one line more may exceed it."""

OPEN_BYTES = 4096
"""How much of an unfinished line is shown: its last bytes."""


class Stream(IntEnum):
    """Which of the two streams a line came from."""

    STDOUT = 1
    STDERR = 2

    @property
    def label(self) -> str:
        """The word for it: ``stdout`` or ``stderr``."""
        return self.name.lower()


class Run(msgspec.Struct, frozen=True):
    """Whole lines of one stream that follow one another.

    ``data`` has ``count`` lines, each ended by ``\\n`` (a job's last line has one added here if it
    was written without). ``length`` is set on a run of one line longer than ``SHOWN_BYTES``: its
    bytes as written, without the ``\\n``; ``data`` then has the first ``SHOWN_BYTES`` of what is kept.
    """

    first: int
    count: int
    stream: Stream
    time: float
    data: bytes
    length: int | None = None

    def lines(self) -> list[bytes]:
        """Each line's bytes, without its ``\\n``. Split at ``\\n`` alone, never at ``\\r`` or others."""
        return self.data[:-1].split(b"\n")


class Slice(NamedTuple):
    """Lines that follow one another without a gap.

    ``dropped`` lines between the cursor that was asked for and ``first`` were taken by the cap.
    ``first`` is None and ``next`` the cursor itself if nothing is there yet.
    """

    first: int | None
    next: int
    dropped: int
    runs: tuple[Run, ...]


class OpenText(NamedTuple):
    """The last ``OPEN_BYTES`` of what a stream wrote without a ``\\n`` yet."""

    stream: Stream
    data: bytes


class Gap(NamedTuple):
    """Lines taken by the cap: ``lines`` of them, ``bytes`` in all, after line ``after``."""

    after: int
    lines: int
    bytes: int


class LineStore(Protocol):
    """One job's lines, read by cursor by any number of readers."""

    @property
    def last(self) -> int:
        """The number of the newest line; 0 if there is none."""

    def slice(self, after: int, limit: int = SLICE_LINES) -> Slice:
        """The lines after ``after``, at most ``limit`` and about ``SLICE_BYTES``; ends before a gap.

        Raises ``BadCursor`` if ``after`` is beyond ``last``.
        """

    def log(self, stream: Stream | None = None) -> Iterator[bytes | Gap]:
        """The bytes as they were written, in order within each stream, in pieces of bounded size."""
