"""Values in, argv out: parameters, templates and commands."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.catalogue import (
    BadTemplate,
    ChoiceParameter,
    Command,
    IntegerParameter,
    Parameter,
    Slot,
    TextParameter,
    check_argv,
    parse_word,
)
from runner.errors import BadParameters
from runner.parameters import ARGUMENT_BYTES


def text(**limits: object) -> TextParameter:
    return TextParameter(name="p", label="P", **limits)  # type: ignore[arg-type]  # limits are named by each test


def integer(**limits: object) -> IntegerParameter:
    return IntegerParameter(name="p", label="P", **limits)  # type: ignore[arg-type]  # as above


def choice(*choices: str, **limits: object) -> ChoiceParameter:
    return ChoiceParameter(name="p", label="P", choices=choices, **limits)  # type: ignore[arg-type]  # as above


def command(*argv: str, **parameters: Parameter) -> Command:
    return Command(name="test", title="Test", argv=argv, parameters=parameters, env={})


@pytest.mark.parametrize(
    ("parameter", "value", "settled"),
    [
        (text(), "x", "x"),
        (text(), "two\nlines", "two\nlines"),
        (text(), "a-b@c", "a-b@c"),
        (text(default="d"), None, "d"),
        (text(default="d", required=False), "", ""),
        (text(required=False, min_length=3, pattern="abc"), "", ""),
        (text(required=False), None, None),
        (text(allow_dash=True), "-rf", "-rf"),
        (text(allow_dash=True), "@file", "@file"),
        (text(min_length=2, max_length=2), "åß", "åß"),
        (text(pattern="[a-z]+"), "abc", "abc"),
        (text(max_length=ARGUMENT_BYTES), "x" * ARGUMENT_BYTES, "x" * ARGUMENT_BYTES),
        (integer(), 5, 5),
        (integer(), "5", 5),
        (integer(), "-5", -5),
        (integer(), "007", 7),
        (integer(min=-3, max=3), -3, -3),
        (integer(default=9), "", 9),
        (integer(default=9), None, 9),
        (integer(required=False), "", None),
        (choice("a", "b"), "b", "b"),
        (choice("a", default="a"), "", "a"),
        (choice("a", required=False), "", None),
        (choice("-l", allow_dash=True), "-l", "-l"),
    ],
)
def test_a_good_value_becomes_its_type(parameter: Parameter, value: object, settled: object) -> None:
    assert parameter.settle(value) == settled
    assert type(parameter.settle(value)) is type(settled)


@pytest.mark.parametrize(
    ("parameter", "value", "reason"),
    [
        (text(), None, "is required"),
        (text(), "", "is required"),
        (text(default="d"), "", "is required"),
        (text(), 5, "must be text"),
        (text(), ["x"], "must be text"),
        (text(), "-rf", "must not begin with - or @"),
        (text(), "@file", "must not begin with - or @"),
        (text(), "a\0b", "must not contain a NUL character"),
        (text(), "a\ud800", "half a surrogate pair"),
        (text(min_length=3), "ab", "must have at least 3 characters, not 2"),
        (text(max_length=1), "ab", "must have at most 1 character, not 2"),
        (text(), "x" * 4097, "must have at most 4096 characters"),
        (text(max_length=ARGUMENT_BYTES), "å" * (ARGUMENT_BYTES // 2 + 1), "bytes of UTF-8"),
        (text(pattern="[a-z]+"), "abc1", "must match the pattern"),
        (text(pattern="[a-z]+"), "abc\n", "must match the pattern"),
        (integer(), None, "is required"),
        (integer(), "", "is required"),
        (integer(), True, "must be a whole number"),
        (integer(), 5.0, "must be a whole number"),
        (integer(), "5x", "must be a whole number"),
        (integer(), "5.0", "must be a whole number"),
        (integer(), " 5", "must be a whole number"),
        (integer(), "5\n", "must be a whole number"),
        (integer(), "1_000", "must be a whole number"),
        (integer(), "٥", "must be a whole number"),
        (integer(), "9" * 10_000, "must be a whole number"),
        (integer(), 2**63, "must be at most"),
        (integer(), -(2**63) - 1, "must be at least"),
        (integer(min=1), 0, "must be at least 1"),
        (integer(max=10), "11", "must be at most 10"),
        (choice("a", "b"), "c", "must be one of a, b"),
        (choice("1"), 1, "must be one of 1"),
        (choice("a", "b"), None, "is required"),
        (choice(*map(str, range(12))), "c", "and 2 more"),
        (choice("-l"), "-l", "must not begin with - or @"),
    ],
)
def test_a_bad_value_is_refused_in_a_sentence(parameter: Parameter, value: object, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        parameter.settle(value)


@pytest.mark.parametrize(
    ("word", "pieces"),
    [
        ("", ()),
        ("plain", ("plain",)),
        ("{a}", (Slot("a"),)),
        ("--x={a}.{b}", ("--x=", Slot("a"), ".", Slot("b"))),
        ("{{}}", ("{", "}")),
        ("{{{a}}}", ("{", Slot("a"), "}")),
        ("{{a}}", ("{", "a", "}")),
    ],
)
def test_a_word_is_read_as_a_template(word: str, pieces: tuple[str | Slot, ...]) -> None:
    assert parse_word(word) == pieces


@pytest.mark.parametrize("word", ["{", "}", "{a", "a}", "}}}", "{{{", "{a}}", "{a{b}"])
def test_a_lone_brace_is_no_template(word: str) -> None:
    with pytest.raises(BadTemplate, match="has a lone"):
        parse_word(word)


@given(st.text())
def test_escaped_text_comes_back_as_it_was(literal: str) -> None:
    word = literal.replace("{", "{{").replace("}", "}}")
    assert "".join(map(str, parse_word(word))) == literal


@given(st.text())
def test_any_word_is_a_template_or_refused(word: str) -> None:
    try:
        pieces = parse_word(word)
    except BadTemplate:
        return
    assert all(isinstance(piece, Slot) or piece for piece in pieces)


arguments = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=200)


@given(arguments, arguments)
def test_a_value_stays_within_its_own_argument(first: str, second: str) -> None:
    made = command("x", "{a}", "<{b}>", "{a}{{b}}", a=text(allow_dash=True), b=text(allow_dash=True))
    assert made.build({"a": first, "b": second}).argv == ("x", first, f"<{second}>", first + "{b}")


@given(st.integers(-(2**63), 2**63 - 1))
def test_an_integer_reads_the_same_from_json_and_from_a_form(number: int) -> None:
    made = command("x", "{n}", n=integer())
    assert made.build({"n": number}) == made.build({"n": str(number)})
    assert made.build({"n": number}).argv == ("x", str(number))


def test_an_argument_that_is_only_an_empty_parameter_is_left_out() -> None:
    made = command("ls", "{a}", "--n={b}", "", "--", a=text(required=False), b=integer(required=False))
    assert made.build({}).argv == made.build({"a": "", "b": ""}).argv == ("ls", "--n=", "", "--")


def test_an_invocation_has_the_typed_values_after_defaults() -> None:
    made = command("x", "{a}{b}{c}", a=integer(default=3), b=text(required=False), c=text())
    assert made.build({"c": "z"}).parameters == {"a": 3, "c": "z"}


def test_every_bad_field_is_named_at_once() -> None:
    made = command("x", "{a}{b}", a=integer(), b=choice("k"))
    with pytest.raises(BadParameters) as caught:
        made.build({"a": "many", "b": "l", "c": 1})
    assert caught.value.command == "test"
    assert caught.value.fields == {
        "a": "must be a whole number",
        "b": "must be one of k",
        "c": "unknown parameter",
    }


def test_an_argument_longer_than_the_system_takes_names_its_fields() -> None:
    made = command("x", "{a}{b}", a=text(max_length=ARGUMENT_BYTES), b=text())
    with pytest.raises(BadParameters) as caught:
        made.build({"a": "x" * ARGUMENT_BYTES, "b": "y"})
    assert caught.value.fields.keys() == {"a", "b"}


@pytest.mark.parametrize(
    ("argv", "reason"),
    [
        ((), "is empty; its first word is the program"),
        (("", "{a}"), "word 1 is empty; it names the program"),
        (("{a}",), "word 1 is the program and may not have a parameter"),
        (("x", "{a}", "{b}"), "word 3 has {b}, which is no declared parameter"),
        (("x", "{a}", "{}"), "word 3 has {}, which is no declared parameter"),
        (("x", "{a}", "{"), "word 3 has a lone { (write {{ for a brace)"),
        (("x", "{a}", "\0"), "word 3 has a NUL character"),
        (("x", "{a}", "x" * (ARGUMENT_BYTES + 1)), "word 3 is longer than the system takes"),
        (("x", "{{a}}"), "no word has the parameter {a}"),
    ],
)
def test_an_argv_that_does_not_fit_says_why(argv: tuple[str, ...], reason: str) -> None:
    assert list(check_argv(argv, {"a"})) == [reason]
