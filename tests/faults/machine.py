"""Whatever is done to a Linefeed, in whatever order, against a model: real servers, real jobs, real kills."""

from __future__ import annotations

import asyncio
import random

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from benchmarks.table import Measured, at_most
from tests.faults.model import Model, ModelJob
from tests.faults.scenario import Scenario
from tests.faults.world import READERS, World

STEPS = 30


class Machine(RuleBasedStateMachine):
    """Chooses what is done next."""

    runs = 0
    """How many runs of all steps there were; others end early when nothing can be chosen, and do not count."""
    steps = 0

    def __init__(self) -> None:
        super().__init__()
        self.world = World()
        self.loop = asyncio.Runner()
        self.is_open = False
        self.may_wait = True
        self.own_steps = 0

    @property
    def model(self) -> Model:
        return self.world.model

    @initialize(keep=st.booleans())
    def open(self, keep: bool) -> None:
        self.loop.run(self.world.open())
        self.is_open = True
        self.loop.run(self.world.start(keep))

    @precondition(lambda self: not self.model.is_full)
    @rule(keep=st.booleans())
    def start(self, keep: bool) -> None:
        self.loop.run(self.world.start(keep))

    @precondition(lambda self: self.model.of("running"))
    @rule(data=st.data(), count=st.integers(1, 300))
    def say(self, data: st.DataObject, count: int) -> None:
        self.loop.run(self.world.say(self._one_of(data, "running"), count))

    @precondition(lambda self: self.model.of("running"))
    @rule(data=st.data(), code=st.sampled_from([0, 3]))
    def exit(self, data: st.DataObject, code: int) -> None:
        self.loop.run(self.world.exit(self._one_of(data, "running"), code))

    @precondition(lambda self: self.model.of("running", "queued"))
    @rule(data=st.data(), force=st.booleans())
    def stop(self, data: st.DataObject, force: bool) -> None:
        self.loop.run(self.world.stop(self._one_of(data, "running", "queued"), force))

    @precondition(lambda self: self.model.of("running"))
    @rule(data=st.data())
    def lose(self, data: st.DataObject) -> None:
        self.loop.run(self.world.lose(self._one_of(data, "running")))

    @rule(data=st.data(), reader=st.integers(0, READERS - 1), limit=st.sampled_from([1, 10, 1000]))
    def read(self, data: st.DataObject, reader: int, limit: int) -> None:
        job = self._one_of(data, "running", "queued", "finished")
        self.loop.run(self.world.read(reader, job, limit))

    @rule(data=st.data(), reader=st.integers(0, READERS - 1))
    def read_all(self, data: st.DataObject, reader: int) -> None:
        self.loop.run(self.world.read_all(reader, self._one_of(data, "running", "queued", "finished")))

    @rule(kill=st.booleans())
    def restart(self, kill: bool) -> None:
        self.loop.run(self.world.restart(kill))

    @precondition(lambda self: self.may_wait and len(self.model.of("finished")) > 1)
    @rule()
    def expire(self) -> None:
        self.may_wait = False  # once a run: it takes more than a second
        self.loop.run(self.world.expire())

    @invariant()
    def compare(self) -> None:
        self.own_steps += 1
        self.loop.run(self.world.compare())

    def teardown(self) -> None:
        type(self).steps += self.own_steps
        type(self).runs += self.own_steps > STEPS
        try:
            if self.is_open:
                self.loop.run(self.world.close())
        finally:
            self.loop.close()

    def _one_of(self, data: st.DataObject, *states: str) -> ModelJob:
        return data.draw(st.sampled_from(self.model.of(*states)))


async def play(count: int, dice: random.Random) -> Measured:
    """So many runs; a difference from the model is raised as it is found, with the steps that led to it."""
    Machine.runs = Machine.steps = 0
    while Machine.runs < count:
        await asyncio.to_thread(run, count - Machine.runs, dice.randrange(2**32))
    return Measured({"differences": 0}, f"{Machine.runs} runs, {Machine.steps} steps, each compared with the model")


def run(count: int, chance: int) -> None:
    """As many runs, of which a few end early."""
    seed(chance)(Machine)
    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=count,
            stateful_step_count=STEPS + 1,  # opening is one, too
            deadline=None,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )


SCENARIOS = (
    Scenario(
        "model",
        f"{{count}} runs of {STEPS} steps against a model: start, write, end, stop, read, lose, expire, restart, adopt",
        (at_most("differences", 0, ""),),
        play,
        short=3,
        long=300,
        seconds=3_600,
    ),
)
