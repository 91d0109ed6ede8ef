"""Goals as data, what was measured, and the table of both. Pure."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum


class Bound(StrEnum):
    """On which side of its limit a figure must be."""

    AT_MOST = "<="
    AT_LEAST = ">="


@dataclass(frozen=True, slots=True)
class Goal:
    """What one figure of a row must be."""

    figure: str
    bound: Bound
    limit: float
    unit: str

    def met_by(self, value: float | None) -> bool:
        """Whether ``value`` reaches the goal. A figure that was not measured reaches none."""
        if value is None or math.isnan(value):
            return False
        return value <= self.limit if self.bound is Bound.AT_MOST else value >= self.limit


@dataclass(frozen=True, slots=True)
class Measured:
    """Figures by the name that their goal has, and a note: how many runs, what else was seen."""

    figures: Mapping[str, float]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One thing that is measured. ``measure`` raises ``Wrong`` if what it reads is not what was written."""

    name: str
    title: str
    goals: tuple[Goal, ...]
    measure: Callable[[], Awaitable[Measured]]


@dataclass(frozen=True, slots=True)
class Result:
    """What came of a row; ``failure`` says in words why nothing was measured."""

    row: Row
    measured: Measured
    seconds: float
    failure: str = ""

    @property
    def ok(self) -> bool:
        """Whether the row ran to its end and reached all its goals."""
        return not self.failure and all(goal.met_by(self.value(goal)) for goal in self.row.goals)

    def value(self, goal: Goal) -> float | None:
        """The figure that the goal is about, or None if it was not measured."""
        return self.measured.figures.get(goal.figure)


class Wrong(Exception):
    """A row read something else than what was written; the message says what."""


def at_most(figure: str, limit: float, unit: str) -> Goal:
    """A goal that is reached at ``limit`` or below."""
    return Goal(figure, Bound.AT_MOST, limit, unit)


def at_least(figure: str, limit: float, unit: str) -> Goal:
    """A goal that is reached at ``limit`` or above."""
    return Goal(figure, Bound.AT_LEAST, limit, unit)


def exit_status(results: Sequence[Result]) -> int:
    """0 if every row reached every goal, else 1."""
    return 0 if all(result.ok for result in results) else 1


def render(results: Sequence[Result], machine: str, noun: str = "row") -> str:
    """The table, a line for each goal, with each row's note below it, and the machine at the end."""
    cells = [(noun, "goal", "measured", ""), *(line for result in results for line in cells_of(result))]
    widths = [max(len(line[column]) for line in cells) for column in range(4)]
    rule = "-" * (sum(widths) + 6)
    table = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in cells]
    missed = sum(not result.ok for result in results)
    verdict = f"{missed} of {len(results)} {noun}s missed" if missed else f"all {len(results)} {noun}s ok"
    return "\n".join([table[0], rule, *table[1:], rule, *notes_of(results), machine, verdict])


def cells_of(result: Result) -> list[tuple[str, str, str, str]]:
    """A line for each goal: name (once), goal, what was measured, and ``ok`` or ``MISSED``."""
    return [
        (
            result.row.name if number == 0 else "",
            f"{goal.figure} {goal.bound} {_amount(goal.limit, goal.unit)}",
            _amount(result.value(goal), goal.unit),
            "ok" if goal.met_by(result.value(goal)) else "MISSED",
        )
        for number, goal in enumerate(result.row.goals)
    ]


def notes_of(results: Sequence[Result]) -> list[str]:
    """What is said of each result below the table."""
    return [
        f"{result.row.name}: {result.failure or result.measured.note} ({result.seconds:.0f} s)"
        for result in results
        if result.failure or result.measured.note
    ]


def _amount(value: float | None, unit: str) -> str:
    return "not measured" if value is None else f"{value:.4g} {unit}".rstrip()
