"""The audit's file read from its end, block by block: in memory there is never more than a page of it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from runner.web.audit.entry import LINE_BYTES, Damaged, Entry, What, entry_of
from runner.web.audit.log import AuditFailed

SCAN_BYTES = 8 << 20
"""As much of the file is looked through for one page."""

_BLOCK_BYTES = 64 << 10


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which entries are wanted; an empty text or None is any."""

    who: str = ""
    command: str = ""
    job: str = ""
    what: What | None = None

    @property
    def anything(self) -> bool:
        """Whether every line is wanted, the damaged ones too."""
        return self == ANYTHING

    def has(self, entry: Entry | Damaged) -> bool:
        """Whether this is one of them. Nobody knows whose a damaged line is."""
        if isinstance(entry, Damaged):
            return self.anything
        pairs = ((self.who, entry.who), (self.command, entry.command), (self.job, entry.job), (self.what, entry.what))
        return all(not wanted or wanted == is_ for wanted, is_ in pairs)


ANYTHING = Wanted()


@dataclass(frozen=True, slots=True)
class Found:
    """Entries, newest first. ``next`` is the offset to read on before, in bytes; None at the beginning of the file.

    ``stopped``: so much was looked through without finding enough; there may be more.
    """

    entries: tuple[Entry | Damaged, ...]
    next: int | None = None
    stopped: bool = False


class BeyondTheEnd(ValueError):
    """The file is not that long: another one has taken its place."""


def read_before(path: Path, before: int | None, limit: int, wanted: Wanted = ANYTHING) -> Found:
    """The newest ``limit`` entries that begin and end before an offset, in bytes (None: the end of the file).

    Blocks for the disk. No file is an empty one. Raises AuditFailed if it cannot be read, and BeyondTheEnd.
    """
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOCTTY | os.O_NONBLOCK)
    except FileNotFoundError:
        if before:
            raise BeyondTheEnd from None
        return Found(())
    except OSError as error:
        raise AuditFailed("read", error) from error
    try:
        return _read(fd, before, limit, wanted)
    except OSError as error:
        raise AuditFailed("read", error) from error
    finally:
        os.close(fd)


def _read(fd: int, before: int | None, limit: int, wanted: Wanted) -> Found:
    size = os.fstat(fd).st_size
    if before is not None and before > size:
        raise BeyondTheEnd
    lines = _lines_back(fd, size if before is None else before)
    found: list[Entry | Damaged] = []
    start, whole = 0, before is None
    for start, line in lines:
        if whole and line and wanted.has(entry := entry_of(line)):
            found.append(entry)
        whole = True  # but what stands between an offset and the `\n` before it is none
        if len(found) == limit:
            return Found(tuple(found), start or None)
    return Found(tuple(found), start or None, stopped=start > 0)


def _lines_back(fd: int, end: int) -> Iterator[tuple[int, bytes]]:
    """Each line before ``end``, the last first, with the offset at which it begins; about ``SCAN_BYTES`` of them.

    Of what is too long for a line only the first ``LINE_BYTES`` or more are given.
    """
    position, rest = end, b""
    while position > max(0, end - SCAN_BYTES):
        size = min(_BLOCK_BYTES, position)
        position -= size
        block = os.pread(fd, size, position)
        if len(block) < size:
            return  # the file was emptied meanwhile
        data = block + rest
        stop = len(data)
        while (cut := data.rfind(b"\n", 0, stop)) >= 0:
            yield position + cut + 1, data[cut + 1 : stop]
            stop = cut
        rest = data[: min(stop, LINE_BYTES)]
    # The beginning of the file has no `\n` before it. And a line that long is none: the next page begins in the
    # middle of it, and so always further back.
    if position == 0 or len(rest) >= LINE_BYTES:
        yield position, rest
