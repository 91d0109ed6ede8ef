"""Which lines a reader wants to see: those of one stream, or those that contain a text. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial

import msgspec
from markupsafe import escape

from runner.lines import Run, Slice, Stream

_SEQUENCE = re.compile(rb"\x1b(?:\[[0-?]*+[ -/]*+[@-~]|[\]PX^_][^\x07\x1b]*+(?:\x07|\x1b\\)|[ -/]*+[0-~])")
_replace = msgspec.structs.replace


@dataclass(frozen=True, slots=True)
class Filter:
    """What a line must have to be shown; without text and stream, every line is."""

    text: str = ""
    stream: Stream | None = None

    def __bool__(self) -> bool:
        return bool(self.text) or self.stream is not None

    @property
    def query(self) -> dict[str, object]:
        """The query that asks for this again."""
        return {"q": self.text or None, "stream": self.stream.label if self.stream else None}


ALL_LINES = Filter()


def passing(part: Slice, only: Filter, most: int) -> Slice:
    """The lines of a slice that pass; it ends (``next``) at the line of number ``most`` among them."""
    runs: list[Run] = []
    for run in part.runs:
        for found in _passing(run, only):
            runs.append(found)
            most -= found.count
            if most <= 0:
                last = _head(found, found.count + most)
                return Slice(runs[0].first, last.first + last.count - 1, part.dropped, (*runs[:-1], last))
    return Slice(runs[0].first if runs else None, part.next, part.dropped, tuple(runs))


def count_of(slices: Iterable[Slice]) -> int:
    """How many lines these slices have."""
    return sum(run.count for part in slices for run in part.runs)


def last_of(slices: Iterable[Slice], most: int) -> list[Slice]:
    """The slices with only their last ``most`` lines."""
    kept: list[Slice] = []
    for part in reversed(list(slices)):
        runs: list[Run] = []
        for run in reversed(part.runs):
            if most > 0:
                runs.insert(0, _tail(run, min(most, run.count)))
                most -= run.count
        kept.insert(0, Slice(runs[0].first if runs else None, part.next, part.dropped, tuple(runs)))
        if most <= 0:
            break
    return kept


def highlighted(html: str, text: str) -> str:
    """Rendered lines with each occurrence of ``text`` marked, where no colour begins or ends inside it."""
    if not text:
        return html
    wanted = str(escape(text))
    # Tags and entities are stepped over whole, so that nothing inside them is ever found.
    tokens = re.compile(f"(?P<hit>{re.escape(wanted)})|<[^>]*>|&#?[a-z0-9]+;")
    return tokens.sub(lambda match: f'<mark class="hit">{wanted}</mark>' if match["hit"] else match.group(), html)


def _passing(run: Run, only: Filter) -> Iterator[Run]:
    if only.stream is not None and run.stream is not only.stream:
        return
    wanted = only.text.encode("utf-8", "surrogateescape")
    if not wanted:
        yield run
    elif wanted in run.data or b"\x1b" in run.data:
        yield from _containing(run, wanted)


def _containing(run: Run, wanted: bytes) -> Iterator[Run]:
    piece = partial(_replace, run)
    first: int | None = None
    lines = run.lines()
    for place, line in enumerate([*lines, b""]):
        hit = place < len(lines) and (wanted in line or (b"\x1b" in line and wanted in _SEQUENCE.sub(b"", line)))
        if hit and first is None:
            first = place
        elif not hit and first is not None:
            found = lines[first:place]
            yield piece(first=run.first + first, count=len(found), data=b"\n".join(found) + b"\n")
            first = None


def _head(run: Run, count: int) -> Run:
    if count == run.count:
        return run
    return _replace(run, count=count, data=b"\n".join(run.data.split(b"\n", count)[:count]) + b"\n")


def _tail(run: Run, count: int) -> Run:
    if count == run.count:
        return run
    skip = run.count - count
    return _replace(run, first=run.first + skip, count=count, data=run.data.split(b"\n", skip)[skip])
