"""How many polls are held, and answers that are shared."""

from __future__ import annotations

from contextlib import ExitStack
from functools import partial

from hypothesis import given
from hypothesis import strategies as st

from runner.web.holds import Holds
from runner.web.sharing import SharedAnswers


def test_a_browser_holds_three() -> None:
    holds = Holds()
    with ExitStack() as stack:
        assert [stack.enter_context(holds.hold("a")) for _ in range(4)] == [True, True, True, False]
        assert stack.enter_context(holds.hold("b"))
        assert holds.held == 4


def test_polls_of_no_browser_are_bounded_only_in_all() -> None:
    holds = Holds(in_all=5)
    with ExitStack() as stack:
        assert [stack.enter_context(holds.hold(None)) for _ in range(6)] == [True] * 5 + [False]


@given(st.lists(st.sampled_from(["a", "b", None]), max_size=30))
def test_whatever_was_held_nothing_is_left(browsers: list[str | None]) -> None:
    holds = Holds(per_browser=2, in_all=7)
    with ExitStack() as stack:
        held = sum(stack.enter_context(holds.hold(browser)) for browser in browsers)
        assert holds.held == held <= 7
    assert holds.held == 0
    with holds.hold("a") as first, holds.hold("a") as second:
        assert (first, second) == (True, True)


def test_an_answer_is_made_once_while_it_is_shared() -> None:
    answers, made = SharedAnswers(), iter([b"first", b"second"])
    assert [answers.get("key", lambda: next(made)) for _ in range(3)] == [b"first"] * 3


def test_what_is_shared_is_bounded() -> None:
    answers, made = SharedAnswers(entries=3, total_bytes=100), list[int]()

    def make(key: int) -> bytes:
        made.append(key)
        return b"x" * 10

    for key in (1, 2, 3, 1, 4, 1, 2):
        answers.get(key, partial(make, key))
    assert made == [1, 2, 3, 4, 2]
    assert answers.get("large", lambda: b"x" * 200) == b"x" * 200
    assert answers.get("large", lambda: b"new") == b"new"
