"""The spool against a model: whatever is written in whatever cuts, readers get exactly what was kept."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from runner.lines import Gap, Stream
from runner.shim.writer import Cap, SpoolWriter
from runner.spool import Spool

ROOMY = Cap(1 << 30, 1 << 30)
writes = st.lists(
    st.tuples(
        st.sampled_from(Stream),
        st.lists(st.sampled_from([b"\n", b"a", b"bc\n", b"\r", b"x" * 700, b"\xff\x00", b"line\n" * 30]), max_size=6),
        st.booleans(),
    ),
    max_size=40,
)
caps = st.sampled_from([ROOMY, Cap(4096, 1 << 30), Cap(1 << 30, 100), Cap(8192, 200)])


@dataclass
class Model:
    """What was written: whole lines in the order in which they ended, and each stream's bytes."""

    lines: list[tuple[Stream, bytes]] = field(default_factory=list)
    open: dict[Stream, bytes] = field(default_factory=lambda: dict.fromkeys(Stream, b""))
    raw: dict[Stream, bytes] = field(default_factory=lambda: dict.fromkeys(Stream, b""))

    def write(self, stream: Stream, data: bytes) -> None:
        self.raw[stream] += data
        *whole, self.open[stream] = (self.open[stream] + data).split(b"\n")
        self.lines += [(stream, line) for line in whole]

    def finish(self) -> None:
        self.lines += [(stream, self.open[stream]) for stream in Stream if self.open[stream]]


def written(folder: str, cap: Cap, steps: list[tuple[Stream, list[bytes], bool]]) -> tuple[Model, Spool]:
    """The same writes to the model and to a spool, which is then read from its files."""
    model, writer = Model(), SpoolWriter(folder, cap)
    for stream, parts, flush in steps:
        data = b"".join(parts)
        model.write(stream, data)
        writer.write(stream, data)
        if flush:
            writer.flush(0.0)
    writer.finish(0.0)
    model.finish()
    spool = Spool(Path(folder))
    spool.refresh()
    return model, spool


def read_all(spool: Spool, limit: int) -> tuple[dict[int, tuple[Stream, bytes]], int]:
    """Every kept line by its number, and how many were told as dropped on the way."""
    lines: dict[int, tuple[Stream, bytes]] = {}
    cursor = dropped = 0
    while (found := spool.slice(cursor, limit)).first is not None:
        assert found.first == cursor + found.dropped + 1
        for run in found.runs:
            assert len(run.lines()) == run.count
            lines.update({run.first + at: (run.stream, text) for at, text in enumerate(run.lines())})
        dropped += found.dropped
        cursor = found.next
    return lines, dropped


@settings(max_examples=300, deadline=None)
@given(writes, caps, st.integers(1, 50))
def test_every_line_is_kept_in_order_or_counted_as_dropped(
    steps: list[tuple[Stream, list[bytes], bool]], cap: Cap, limit: int
) -> None:
    with TemporaryDirectory() as folder:
        model, spool = written(folder, cap, steps)
        lines, dropped = read_all(spool, limit)
        assert spool.last == len(model.lines) == len(lines) + dropped
        assert dropped == spool.progress.dropped_lines
        assert spool.progress.output_bytes == sum(map(len, model.raw.values()))
        giant = 4096 // 32 if cap.bytes < ROOMY.bytes else 1 << 20
        for number, (stream, text) in lines.items():
            model_stream, model_text = model.lines[number - 1]
            assert stream == model_stream
            ends_kept = model_text.endswith(text[-64:]) or model_text.startswith(text[:64])
            assert text == model_text or (len(model_text) > giant and ends_kept)


@settings(max_examples=100, deadline=None)
@given(writes, st.data())
def test_any_cursor_gives_the_lines_after_it(
    steps: list[tuple[Stream, list[bytes], bool]], data: st.DataObject
) -> None:
    with TemporaryDirectory() as folder:
        model, spool = written(folder, ROOMY, steps)
        after = data.draw(st.integers(0, spool.last))
        limit = data.draw(st.integers(1, 1000))
        found = spool.slice(after, limit)
        texts = [(run.stream, text) for run in found.runs for text in run.lines()]
        assert texts == model.lines[after : after + limit]


@settings(max_examples=100, deadline=None)
@given(writes)
def test_the_log_gives_each_stream_back_unchanged(steps: list[tuple[Stream, list[bytes], bool]]) -> None:
    with TemporaryDirectory() as folder:
        model, spool = written(folder, ROOMY, steps)
        for stream in Stream:
            assert b"".join(part for part in spool.log(stream) if not isinstance(part, Gap)) == model.raw[stream]
        assert sum(len(part) for part in spool.log() if not isinstance(part, Gap)) == spool.progress.output_bytes


@settings(max_examples=100, deadline=None)
@given(writes, caps)
def test_the_log_and_its_gap_add_up_to_everything_written(
    steps: list[tuple[Stream, list[bytes], bool]], cap: Cap
) -> None:
    with TemporaryDirectory() as folder:
        _model, spool = written(folder, cap, steps)
        parts = list(spool.log())
        gaps = [part for part in parts if isinstance(part, Gap)]
        kept = sum(len(part) for part in parts if not isinstance(part, Gap))
        assert kept + sum(gap.bytes for gap in gaps) == spool.progress.output_bytes
        assert kept <= cap.bytes
        assert len(gaps) <= 1
        assert sum(gap.lines for gap in gaps) == spool.progress.dropped_lines
