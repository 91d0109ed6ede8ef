"""The pool against a model: order, slots, bounds of commands, and how many may wait."""

from __future__ import annotations

from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runner.errors import QueueFull
from runner.pool import Place, Pool

BOUNDS = {"any": None, "one": 1, "two": 2}
steps = st.lists(st.one_of(st.sampled_from(sorted(BOUNDS)), st.integers(0, 30)), max_size=60)


def place(command: str) -> Place:
    return Place(command, BOUNDS[command])


class Model:
    """What runs and what waits, in plain lists; a job is its number and its command."""

    def __init__(self, running: int, queue: int) -> None:
        self.slots, self.places = running, queue
        self.running: list[tuple[str, str]] = []
        self.waiting: list[tuple[str, str]] = []

    def may_start(self, command: str) -> bool:
        bound = BOUNDS[command]
        same = sum(1 for _, other in self.running if other == command)
        return len(self.running) < self.slots and (bound is None or same < bound)

    def start_all(self) -> list[str]:
        started = []
        for job in list(self.waiting):
            if self.may_start(job[1]):
                self.waiting.remove(job)
                self.running.append(job)
                started.append(job[0])
        return started


def add(pool: Pool, model: Model, job_id: str, command: str) -> None:
    """Add a job to both; the model knows beforehand whether there is a place for it."""
    refused = not model.may_start(command) and len(model.waiting) >= model.places
    if refused:
        for refusing in (partial(pool.check, place(command)), partial(pool.add, job_id, place(command))):
            with pytest.raises(QueueFull):
                refusing()
    else:
        pool.check(place(command))
        pool.add(job_id, place(command))
        model.waiting.append((job_id, command))


def remove(pool: Pool, model: Model, number: int) -> None:
    """Remove one of the jobs, running or waiting, from both."""
    jobs = model.running + model.waiting
    if jobs:
        gone = jobs[number % len(jobs)]
        pool.remove(gone[0])
        (model.running if gone in model.running else model.waiting).remove(gone)


@settings(deadline=None)
@given(steps, st.integers(1, 4), st.integers(0, 5))
def test_the_pool_starts_what_the_model_starts(steps: list[str | int], running: int, queue: int) -> None:
    pool, model = Pool(running, queue), Model(running, queue)
    for number, step in enumerate(steps):
        if isinstance(step, str):
            add(pool, model, f"job{number}", step)
        else:
            remove(pool, model, step)
        assert pool.take() == model.start_all()
        assert pool.waiting == tuple(job_id for job_id, _ in model.waiting)


def test_a_job_that_waits_for_its_own_bound_delays_no_other() -> None:
    pool = Pool(running=2, queue=10)
    for job_id, command in (("a", "one"), ("b", "one"), ("c", "any")):
        pool.add(job_id, place(command))
    assert pool.take() == ["a", "c"]
    assert pool.waiting == ("b",)


def test_jobs_start_in_the_order_in_which_they_came() -> None:
    pool = Pool(running=1, queue=10)
    for job_id in "abc":
        pool.add(job_id, place("any"))
    started = pool.take()
    for job_id in "abc":
        pool.remove(job_id)
        started += pool.take()
    assert started == ["a", "b", "c"]


def test_without_a_queue_a_job_runs_or_is_refused() -> None:
    pool = Pool(running=1, queue=0)
    pool.add("a", place("any"))
    pool.take()
    with pytest.raises(QueueFull):
        pool.add("b", place("any"))
    assert pool.waiting == ()


def test_a_refused_job_leaves_nothing_behind() -> None:
    pool = Pool(running=1, queue=0)
    pool.add("a", place("any"))
    pool.take()
    with pytest.raises(QueueFull):
        pool.add("b", place("any"))
    pool.remove("a")
    assert pool.take() == []


def test_removing_a_job_twice_frees_one_slot() -> None:
    pool = Pool(running=1, queue=10)
    for job_id in "abc":
        pool.add(job_id, place("any"))
    assert pool.take() == ["a"]
    pool.remove("a")
    pool.remove("a")
    assert pool.take() == ["b"]
