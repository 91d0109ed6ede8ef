"""One entry is one line, whatever texts it is made of."""

from __future__ import annotations

import random
import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runner.web.audit.entry import (
    LEFT_OUT,
    LINE_BYTES,
    NAME_LENGTH,
    REASON_LENGTH,
    VALUE_LENGTH,
    Damaged,
    Entry,
    Result,
    What,
    clipped,
    entry_of,
    line_of,
    stamp,
)

HOSTILE = (
    *'\n\r\x00\x7f\x85\x9b\u2028\u2029\u202e\ufeff\ud800\udcff\uffff\U0001f600\U000e0001aü "\\{}',
    *("\x1b[2J", "\\u000a", "<script>"),
)
TIME = "2031-05-06T07:08:09.123Z"


def hostile(dice: random.Random) -> str:
    """A text of pieces that nobody would write by accident."""
    return "".join(dice.choices(HOSTILE, k=dice.randrange(1, 40)))


def test_ten_thousand_hostile_texts_are_a_line_each_that_reads_back_equal() -> None:
    dice = random.Random(20)
    for _ in range(10_000):
        text = hostile(dice)
        entry = Entry(
            time=TIME, what=What.START, who=text, command=hostile(dice), parameters={text: [text, hostile(dice)]}
        )
        line = line_of(entry)
        assert len(line.decode().splitlines()) == 1
        assert not re.findall("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202e\ufeff]", line.decode())
        assert entry_of(line.removesuffix(b"\n")) == clipped(entry)


def test_a_text_within_its_bound_is_not_changed() -> None:
    dice = random.Random(21)
    texts = [hostile(dice) for _ in range(1_000)]
    for text in (text for text in texts if not re.search("[\ud800-\udfff]", text)):
        entry = Entry(time=TIME, what=What.STOP, who=text[:NAME_LENGTH], reason=text)
        assert entry_of(line_of(entry)[:-1]) == entry


anything = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**80), 2**80) | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=20,
)
texts = st.text(st.characters(exclude_categories=[]))


@settings(max_examples=300, deadline=None)
@given(who=texts, job=texts, reason=texts, parameters=st.dictionaries(texts, anything, max_size=5))
def test_anything_at_all_is_an_entry(who: str, job: str, reason: str, parameters: dict[str, object]) -> None:
    entry = Entry(time=TIME, what=What.INPUT, who=who, job=job, reason=reason, parameters=parameters)
    line = line_of(entry)
    assert line.count(b"\n") == 1
    assert entry_of(line[:-1]) == clipped(entry)


@pytest.mark.parametrize(
    ("value", "written"),
    [(float("nan"), "nan"), (float("-inf"), "-inf"), (1.5, 1.5), (True, True), (None, None), (2**63, hex(2**63)),
     (("a", 1), ["a", 1]), (b"x", f"{LEFT_OUT}: a bytes"), ([[1]], [f"{LEFT_OUT}: a list"])],
)  # fmt: skip
def test_a_value_that_json_has_no_word_for(value: object, written: object) -> None:
    back = entry_of(line_of(Entry(time=TIME, what=What.START, parameters={"n": value}))[:-1])
    assert isinstance(back, Entry)
    assert back.parameters["n"] == written


def test_each_text_has_its_bound() -> None:
    long = "\x01" * 100_000
    parameters: dict[str, object] = {"one": long, "many": [1] * 5_000}
    entry = Entry(time=long, what=What.REFUSED, who=long, way=long, address=long, command=long, job=long, reason=long,
                  parameters=parameters)  # fmt: skip
    cut = clipped(entry)
    names = (cut.time, cut.who, cut.way, cut.address, cut.command, cut.job)
    assert {len(name) for name in names} == {NAME_LENGTH}
    assert (len(cut.reason), len(str(cut.parameters["one"]))) == (REASON_LENGTH, VALUE_LENGTH)
    assert cut.parameters["many"] == [1] * 100 + [f"{LEFT_OUT}: 4,900 more"]
    assert len(line_of(entry, 16 << 10)) <= 16 << 10


@pytest.mark.parametrize("character", ["a", "\x00", "\u2028", "\ud800", "\U0001f600"])
def test_a_line_that_would_be_too_long_says_so_in_place_of_its_parameters(character: str) -> None:
    long = character * 100_000
    entry = Entry(time=TIME, what=What.START, who=long, reason=long, parameters={f"{n}": long for n in range(90)})
    line = line_of(entry)
    assert len(line) <= LINE_BYTES
    back = entry_of(line[:-1])
    assert isinstance(back, Entry)
    assert list(back.parameters) == [LEFT_OUT]
    assert back.who == clipped(entry).who


def test_too_many_parameters_are_counted() -> None:
    kept = clipped(Entry(time=TIME, what=What.START, parameters={f"{n}": n for n in range(150)})).parameters
    assert len(kept) == 101
    assert kept[LEFT_OUT] == "50 more"


@pytest.mark.parametrize(
    "line",
    [b"x", b"{}", b"[]", b"null", b'{"time":"x","what":"fly"}', b'{"time":"x","what":"start","result":"maybe"}',
     b"\xff\xfe", b'{"time":"\xff","what":"start"}', b'{"time":"x","what":"start"', b"[" * 60_000,
     b'{"time":"x","what":"start","parameters":{"a":' + b"[" * 60_000, b'{"time":1,"what":"start"}'],
)  # fmt: skip
def test_what_is_no_entry_is_damaged(line: bytes) -> None:
    damaged = entry_of(line)
    assert isinstance(damaged, Damaged)
    assert damaged.text
    assert len(damaged.text) <= NAME_LENGTH


def test_the_line_is_the_json_that_programs_expect() -> None:
    entry = Entry(
        time=stamp(0.0025), who="anna", way="session", address="::1", what=What.FORCE_STOP, result=Result.ASKED
    )
    assert line_of(entry) == (
        b'{"time":"1970-01-01T00:00:00.002Z","who":"anna","way":"session","address":"::1","what":"force-stop",'
        b'"command":"","parameters":{},"job":"","result":"asked","reason":""}\n'
    )


def test_a_whole_number_beyond_64_bits_takes_no_time() -> None:
    begun = time.monotonic()
    line_of(Entry(time=TIME, what=What.START, parameters={"n": 1 << 2_000_000}))
    assert time.monotonic() - begun < 1
