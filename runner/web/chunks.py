"""Runs of lines as the chunks of a job page. Pure.

A run is one element with one text node; its line numbers stand in an attribute that the style
sheet shows, so that a line costs no node. A chunk never reaches over the border of a block of
``BLOCK`` lines: whole blocks are what a long page lets go of.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from itertools import groupby
from operator import attrgetter

import msgspec
from markupsafe import Markup

from runner.lines import Run, Slice, Stream
from runner.web.ansi import render
from runner.web.matching import highlighted

BLOCK = 1_000
"""Lines in a block, the unit in which a page forgets."""

KEPT_LINES = 5_000
"""About how many lines a followed page keeps."""

BIG_BYTES = 64 << 10
"""A chunk with more text than this counts as big; a page keeps few of them."""

_LABEL = '<span class="label">stderr: </span>'
_MARKED_LABEL = '<span class="label">→ </span>'  # text browsers show no mark and no number
_WORDS = {Stream.STDOUT: "out", Stream.STDERR: "err"}


@dataclass(frozen=True, slots=True)
class Gutter:
    """What stands beside each line: its number, and the time of day at which it came (of the server's zone)."""

    numbers: bool = True
    times: bool = False

    @property
    def query(self) -> dict[str, object]:
        """What an address says of it; None stands for what need not be said."""
        return {"numbers": None if self.numbers else 0, "times": 1 if self.times else None}

    def of(self, run: Run) -> Iterator[str]:
        """The words beside each line of a run."""
        time = [f"{datetime.fromtimestamp(run.time, UTC).astimezone():%H:%M:%S}"] if self.times else []
        for number in range(run.first, run.first + run.count):
            yield " ".join([*time, *([str(number)] if self.numbers else []), _WORDS[run.stream]])


NUMBERS = Gutter()


@dataclass(frozen=True, slots=True)
class Gap:
    """Lines that are not shown: ``skipped`` can be read at ``url``, ``dropped`` are gone."""

    skipped: str = ""
    url: str = ""
    dropped: str = ""


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of a job page: perhaps a gap, then lines of one block. ``css`` has its classes."""

    css: str
    lines: int
    html: Markup
    gap: Gap | None = None
    cut: str = ""


def chunks_of(slices: Iterable[Slice], marked: range = range(0), gutter: Gutter = NUMBERS) -> list[Chunk]:
    """The chunks of these slices, each line once and in order; the lines ``marked`` carry a mark."""
    found: list[Chunk] = []
    for part in slices:
        if part.dropped:
            found.append(_gap_chunk(Gap(dropped=f"{part.dropped:,}"), part.next))
        found.extend(_chunk(block, marked, gutter) for block in _blocks(part.runs, marked))
    return found


def skipped_chunk(url: str, count: int, after: int) -> Chunk:
    """What stands where a reader was too far behind: ``count`` lines after line ``after``, to be read at ``url``."""
    return _gap_chunk(Gap(skipped=f"{count:,}", url=url), after + 1)


def fallen_blocks(before: int, now: int) -> range:
    """The blocks that a page that goes from line ``before`` to line ``now`` may have and should let go of."""
    oldest = max(0, (before - KEPT_LINES) // BLOCK - 2)
    return range(oldest, min(max(oldest, (now - KEPT_LINES) // BLOCK), max(0, before) // BLOCK + 1))


def _gap_chunk(gap: Gap, line: int) -> Chunk:
    return Chunk(f"chunk b{(line - 1) // BLOCK}", 1, Markup(), gap)


def _blocks(runs: Iterable[Run], marked: range) -> Iterator[list[Run]]:
    block: list[Run] = []
    for run in runs:
        for piece in _pieces(run, marked):
            if block and (_ends_chunk(block, piece)):
                yield block
                block = []
            block.append(piece)
    if block:
        yield block


def _ends_chunk(block: list[Run], piece: Run) -> bool:
    """A cut line has a note of its own after it, so it ends its chunk."""
    return block[-1].length is not None or _block_of(block[-1]) != _block_of(piece)


def _block_of(run: Run) -> int:
    return (run.first - 1) // BLOCK


def _pieces(run: Run, marked: range) -> Iterator[Run]:
    """``run`` cut where a block ends and where marked lines begin and end."""
    last = run.first + run.count
    borders = {line for line in (marked.start, marked.stop) if run.first < line < last}
    borders.update(range(_block_of(run) * BLOCK + BLOCK + 1, last, BLOCK))
    rest = run
    for border in sorted(borders):
        head, rest = _split(rest, border)
        yield head
    yield rest


def _split(run: Run, line: int) -> tuple[Run, Run]:
    """The lines before ``line``, and the others."""
    count = line - run.first
    tail = run.data.split(b"\n", count)[count]
    head = run.data[: len(run.data) - len(tail)]
    replace = partial(msgspec.structs.replace, run)
    return replace(count=count, data=head), replace(first=line, count=run.count - count, data=tail)


def _chunk(runs: list[Run], marked: range, gutter: Gutter) -> Chunk:
    big = " big" if sum(len(run.data) for run in runs) > BIG_BYTES else ""
    html = Markup("".join(_run(run, marked, gutter) for run in runs))  # nosec B704 # noqa: S704 - every part was escaped
    return Chunk(
        css=f"chunk b{_block_of(runs[0])}{big}",
        lines=sum(run.count for run in runs),
        html=html,
        cut=_length_of(runs[-1]),
    )


def found_chunks(slices: Iterable[Slice], text: str, shown: int) -> list[Chunk]:
    """The chunks of lines that passed a filter, ``text`` marked in them; ``shown`` lines were shown before.

    Their blocks count the lines shown, not the numbers of lines, since those may be far apart.
    """
    found: list[Chunk] = []
    for part in slices:
        if part.dropped:
            found.append(_gap_chunk(Gap(dropped=f"{part.dropped:,}"), shown + 1))
        for block in _found_blocks(part.runs):
            found.append(_found_chunk(block, text, shown))
            shown += found[-1].lines
    return found


def _found_chunk(runs: list[Run], text: str, shown: int) -> Chunk:
    html = Markup("".join(_found(list(same), text) for _, same in groupby(runs, attrgetter("stream"))))  # nosec B704 # noqa: S704 - every part was escaped
    return Chunk(f"chunk b{shown // BLOCK}", sum(run.count for run in runs), html, cut=_length_of(runs[-1]))


def _length_of(run: Run) -> str:
    """How long a cut line is; empty for any other."""
    return "" if run.length is None else f"{run.length:,}"


def _found_blocks(runs: Iterable[Run]) -> Iterator[list[Run]]:
    block: list[Run] = []
    for run in runs:
        block.append(run)
        if run.length is not None:
            yield block
            block = []
    if block:
        yield block


def _run(run: Run, marked: range, gutter: Gutter) -> str:
    html = render(run.data)
    if run.first not in marked:
        return _element([run], _labelled(run.stream, html), gutter)
    # A mark for each line: no element that `render` makes goes on into the next line.
    lines = "".join(f"<mark>{line}</mark>\n" for line in html.removesuffix("\n").split("\n"))
    html = _prefixed(_labelled(run.stream, lines), _MARKED_LABEL)
    return _element([run], html, gutter, ' id="marked"' if run.first == marked.start else "")


def _found(runs: list[Run], text: str) -> str:
    html = "".join(render(run.data) for run in runs)
    return _element(runs, _labelled(runs[0].stream, highlighted(html, text)), NUMBERS)


def _labelled(stream: Stream, html: str) -> str:
    if stream is Stream.STDOUT:
        return html
    return _prefixed(html, _LABEL)


def _prefixed(html: str, label: str) -> str:
    """Rendered lines with a label before each."""
    return label + html.removesuffix("\n").replace("\n", "\n" + label) + "\n"


def _element(runs: list[Run], html: str, gutter: Gutter, attributes: str = "") -> str:
    """Runs of one stream as one element, with what stands beside each of their lines."""
    word = _WORDS[runs[0].stream]
    beside = _numbers(runs, word) if gutter == NUMBERS else "\n".join(text for run in runs for text in gutter.of(run))
    return f'<span class="run {word}"{attributes} data-gutter="{beside}">{html}</span>'


def _numbers(runs: list[Run], word: str) -> str:
    """What ``NUMBERS`` says, for the thousands of lines that a page may get at once."""
    numbers = (number for run in runs for number in range(run.first, run.first + run.count))
    return f" {word}\n".join(map(str, numbers)) + f" {word}"
