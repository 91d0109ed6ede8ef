"""Lines as the API shows them."""

from __future__ import annotations

from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from runner.job import Job, Running
from runner.lines import OpenText, Run, Slice, Stream
from runner.service import Reading
from runner.web.documents import lines_document, rfc3339

JOB = Job("a" * 26, "count", "Count", ("seq",), {}, 0.0, Running(0.0))


def encoded(*runs: Run, open_texts: tuple[OpenText, ...] = ()) -> dict[str, Any]:
    """What an API client reads."""
    reading = Reading(JOB, Slice(1, 1, 0, runs), open_texts, 1)
    document: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(lines_document(reading)))
    return document


@given(st.lists(st.binary(max_size=20).map(lambda line: line.replace(b"\n", b"")), min_size=1, max_size=20))
def test_each_line_is_decoded_as_if_alone(lines: list[bytes]) -> None:
    run = Run(7, len(lines), Stream.STDERR, 0.0, b"".join(line + b"\n" for line in lines))
    shown = encoded(run)["lines"]
    assert [line["text"] for line in shown] == [line.decode("utf-8", "replace") for line in lines]
    assert [line["number"] for line in shown] == list(range(7, 7 + len(lines)))


def test_only_a_cut_line_has_a_length() -> None:
    cut = Run(1, 1, Stream.STDOUT, 0.0, b"abc\n", 5_000_000)
    whole = Run(2, 1, Stream.STDOUT, 0.0, b"abc\n")
    first, second = encoded(cut, whole)["lines"]
    assert first["length"] == 5_000_000
    assert "length" not in second


def test_open_text_is_decoded_with_replacement() -> None:
    shown = encoded(open_texts=(OpenText(Stream.STDERR, b"\xff50 %"),))["open"]
    assert shown == [{"stream": "stderr", "text": "\ufffd50 %"}]


def test_times_are_rfc_3339_with_microseconds() -> None:
    assert rfc3339(0.0) == "1970-01-01T00:00:00.000000Z"
    assert rfc3339(1_700_000_000.25) == "2023-11-14T22:13:20.250000Z"
