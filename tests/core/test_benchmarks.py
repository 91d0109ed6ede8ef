"""The table of the benchmarks: what counts as a missed goal, and that a missed one is seen in the exit status."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Awaitable, Callable

import pytest

from benchmarks.__main__ import main
from benchmarks.latency import percentile
from benchmarks.rows import ROWS
from benchmarks.server import Command, catalogue
from benchmarks.table import Measured, Row, Wrong, at_least, at_most

FAST = at_most("time", 5, "ms")
HIGH = at_least("rate", 0.8, "of cat")


def measuring(**figures: float) -> Callable[[], Awaitable[Measured]]:
    async def measure() -> Measured:
        return Measured(figures, "3 runs")

    return measure


async def wrong() -> Measured:
    raise Wrong("line 7 is missing")


def row(measure: Callable[[], Awaitable[Measured]], name: str = "one") -> Row:
    return Row(name, "a row", (FAST, HIGH), measure)


@pytest.mark.parametrize(("value", "met"), [(4.9, True), (5.0, True), (5.1, False), (math.nan, False), (None, False)])
def test_at_most_is_met_up_to_its_limit(value: float | None, met: bool) -> None:
    assert FAST.met_by(value) is met


@pytest.mark.parametrize(("value", "met"), [(0.79, False), (0.8, True), (2.0, True), (math.nan, False), (None, False)])
def test_at_least_is_met_from_its_limit(value: float | None, met: bool) -> None:
    assert HIGH.met_by(value) is met


def test_all_goals_met_exits_with_0(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([], [row(measuring(time=4, rate=1))]) == 0
    assert "MISSED" not in capsys.readouterr().out


def test_one_missed_goal_exits_with_1_and_is_marked(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([], [row(measuring(time=6, rate=1)), row(measuring(time=4, rate=1), "two")]) == 1
    table = capsys.readouterr().out
    assert table.count("MISSED") == 1
    assert "1 of 2 rows missed" in table


def test_a_figure_that_was_not_measured_is_a_missed_goal(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([], [row(measuring(time=4))]) == 1
    assert "not measured" in capsys.readouterr().out


def test_a_row_that_fails_misses_and_the_others_still_run(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([], [row(wrong), row(measuring(time=4, rate=1), "two")]) == 1
    table = capsys.readouterr().out
    assert "line 7 is missing" in table
    assert "two" in table


def test_only_the_named_rows_run(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--only", "two"], [row(wrong), row(measuring(time=4, rate=1), "two")]) == 0
    assert "line 7" not in capsys.readouterr().out


def test_a_name_that_is_no_row_exits_with_2() -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["--only", "nothing"], [row(wrong)])
    assert stopped.value.code == 2


def test_list_names_the_rows_and_runs_none(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--list"], [row(wrong)]) == 0
    assert capsys.readouterr().out.split() == ["one", "a", "row"]


def test_every_row_has_a_name_of_its_own_and_a_goal() -> None:
    assert len({row.name for row in ROWS}) == len(ROWS)
    assert all(row.goals for row in ROWS)


def test_the_catalogue_keeps_every_argument_as_it_is() -> None:
    argv = ["printf", 'a "quoted" \\ one', "ümlaut", "{seed}"]
    read = tomllib.loads(catalogue({"print": Command(argv, stop_grace="500ms", integers=["seed"])}))
    assert read["commands"]["print"]["argv"] == argv
    assert read["commands"]["print"]["parameters"] == {"seed": {"type": "integer"}}


def test_percentile_counts_from_the_smallest() -> None:
    values = [float(number) for number in range(100, 0, -1)]
    assert percentile(values, 99) == 99.0
    assert percentile([3.0], 50) == 3.0
