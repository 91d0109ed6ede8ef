"""A scenario: what is done to a running Linefeed how many times, and what must be true afterwards."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial

from benchmarks.table import Goal, Measured, Row

Play = Callable[[int, random.Random], Awaitable[Measured]]


@dataclass(frozen=True, slots=True)
class Scenario:
    """``play(count, dice)`` raises ``Wrong`` if something is not as it was written; every chance comes of ``dice``.

    ``short`` and ``long`` are its counts in ``make test`` and ``make faults``, ``seconds`` is what the long
    form may take. ``only_long`` names figures that say nothing at the short count.
    """

    name: str
    title: str
    goals: tuple[Goal, ...]
    play: Play
    short: int
    long: int
    seconds: float = 600.0
    only_long: tuple[str, ...] = ()

    def row(self, count: int, seed: int) -> Row:
        """The scenario with everything decided, as the table takes it."""
        dice = random.Random(f"{seed} {self.name}")
        return Row(self.name, self.title.format(count=f"{count:,}"), self.goals, partial(self.play, count, dice))
