"""Jobs as values: ids, states and what they carry."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.job import Finished, Job, Outcome, Queued, Running, Stopping, is_id, new_id

JOB = Job("a" * 26, "list", "List", ("ls",), {}, 10.0, Queued(1))


def test_ids_have_the_promised_form_and_never_repeat() -> None:
    ids = {new_id() for _ in range(10_000)}
    assert len(ids) == 10_000
    assert all(is_id(each) for each in ids)


def test_every_place_of_an_id_takes_many_values() -> None:
    ids = [new_id() for _ in range(2_000)]
    assert min(len(set(column)) for column in zip(*ids, strict=True)) == 32


@pytest.mark.parametrize(
    "text",
    ["", "a" * 25, "a" * 27, "A" * 26, "a" * 25 + "\n", "a" * 26 + "\n", "../" + "a" * 23, "٣" * 26, "a" * 25 + "_"],
)
def test_nothing_else_is_an_id(text: str) -> None:
    assert not is_id(text)


@given(st.text())
def test_what_is_an_id_is_safe_in_a_path(text: str) -> None:
    assert is_id(text) == (len(text) == 26 and set(text) <= set("abcdefghijklmnopqrstuvwxyz0123456789"))


def test_a_job_knows_when_it_started_from_its_state() -> None:
    states = (Queued(1), Running(11.0), Stopping(11.0, Outcome.STOPPED), Finished(Outcome.LOST, "", 11.0, 12.0))
    assert [JOB.became(state).started_at for state in states] == [None, 11.0, 11.0, 11.0]
    assert JOB.became(Finished(Outcome.NOT_STARTED, "", None, 12.0)).started_at is None


def test_a_job_is_finished_only_in_that_state() -> None:
    end = Finished(Outcome.SUCCEEDED, "It exited with status 0.", 11.0, 12.0, exit_code=0)
    assert JOB.became(end).finished == end
    assert not any(JOB.became(state).finished for state in (Queued(2), Running(1.0), Stopping(1.0, Outcome.TIMED_OUT)))


def test_states_have_the_words_of_the_contract() -> None:
    assert [kind.name for kind in (Queued, Running, Stopping, Finished)] == [
        "queued",
        "running",
        "stopping",
        "finished",
    ]
    assert {outcome.value for outcome in Outcome} == {
        *("succeeded", "failed", "stopped", "timed_out", "over_limit", "not_started", "lost")
    }


def test_how_long_a_job_waits_does_not_depend_on_the_wall_clock() -> None:
    waiting = replace(JOB, queued_clock=500.0)
    assert waiting.waited_for(now=3_610.0, clock=507.0) == 7.0
    assert JOB.waited_for(now=13.0, clock=507.0) == 3.0
    assert JOB.waited_for(now=2.0, clock=507.0) == 0.0
    never_ran = waiting.became(Finished(Outcome.STOPPED, "", None, 14.0))
    assert never_ran.waited_for(now=3_610.0, clock=507.0) == 4.0
