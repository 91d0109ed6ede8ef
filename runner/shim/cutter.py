"""Cuts one stream's bytes into runs of whole lines and keeps the unfinished line, in bounded memory."""

from __future__ import annotations

from typing import NamedTuple

from runner.shim.frames import GIANT, OPEN_BYTES, PIECE, UNTERMINATED


class Run(NamedTuple):
    """Bytes of one stream, ready for a frame; ``length`` is set where a giant line ends."""

    stream: int
    flags: int
    data: bytes
    lines: int
    length: int = 0


class LineCutter:
    """One stream's cutter. Holds at most ``piece_size`` bytes and one ``feed`` more.

    Only ``\\n`` ends a line. A line that grows to ``piece_size`` bytes goes out in pieces.
    """

    def __init__(self, stream: int, piece_size: int) -> None:
        self._stream = stream
        self._piece_size = piece_size
        self._open = bytearray()
        self._written = 0
        self._written_tail = b""

    @property
    def open_text(self) -> bytes:
        """The last bytes of the unfinished line, at most ``OPEN_BYTES``."""
        return (self._written_tail + bytes(self._open[-OPEN_BYTES:]))[-OPEN_BYTES:]

    def feed(self, data: bytes) -> list[Run]:
        """The runs that ``data`` completes."""
        cut = data.rfind(b"\n") + 1
        if not cut:
            self._open += data
            return self._pieces()
        runs = []
        begin = 0
        if self._written:
            begin = data.find(b"\n") + 1
            runs.append(self._end_giant(data[:begin], 0))
        if cut > begin:
            whole = b"".join((self._open, memoryview(data)[begin:cut]))  # one copy, not two: this is the hot path
            runs.append(Run(self._stream, 0, whole, data.count(b"\n", begin, cut)))
        self._open = bytearray(data[cut:])
        return runs + self._pieces()

    def finish(self) -> list[Run]:
        """The unfinished line, which now gets its number; nothing if there is none."""
        if self._written:
            return [self._end_giant(b"", UNTERMINATED)]
        if not self._open:
            return []
        data = bytes(self._open)
        self._open.clear()
        return [Run(self._stream, UNTERMINATED, data, 1)]

    def _pieces(self) -> list[Run]:
        if len(self._open) < self._piece_size:
            return []
        data = bytes(self._open)
        self._open.clear()
        self._written += len(data)
        self._written_tail = (self._written_tail + data[-OPEN_BYTES:])[-OPEN_BYTES:]
        return [Run(self._stream, PIECE, data, 0)]

    def _end_giant(self, end: bytes, flags: int) -> Run:
        data = bytes(self._open) + end
        length = self._written + len(data) - (not flags & UNTERMINATED)
        self._open.clear()
        self._written = 0
        self._written_tail = b""
        return Run(self._stream, GIANT | flags, data, 1, length)


def split_lines(run: Run, most: int) -> list[Run]:
    """The same run of whole lines as runs of at most ``most`` lines each."""
    if run.lines <= most or run.flags:
        return [run]
    lines = run.data[:-1].split(b"\n")
    groups = [lines[at : at + most] for at in range(0, len(lines), most)]
    return [Run(run.stream, 0, b"\n".join(group) + b"\n", len(group)) for group in groups]
