"""``python -m tests.faults``: plays the scenarios; exits with 1 if a goal was missed, 2 on a wrong flag."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from datetime import UTC, datetime

from benchmarks.__main__ import machine, run
from benchmarks.server import ROOT
from benchmarks.table import exit_status, render
from tests.faults.report import page
from tests.faults.scenario import Scenario
from tests.faults.scenarios import SCENARIOS

PAGE = ROOT / "docs" / "faults.md"
SEED = 1


def main(arguments: Sequence[str] | None = None, scenarios: Sequence[Scenario] = SCENARIOS) -> int:
    """Play what was asked for, print the table, write the page if asked to, and return the exit status."""
    options = _flags(scenarios).parse_args(arguments)
    if options.list:
        print("\n".join(f"{each.name:10} {each.title.format(count=f'{each.long:,}')}" for each in scenarios))
        return 0
    chosen = [each for each in scenarios if each.name in options.only]
    results = [run(each.row(_count(each, options), options.seed), each.seconds) for each in chosen]
    where = f"{machine()}, seed {options.seed}"
    print(render(results, where, "scenario"))
    if options.write:
        PAGE.write_text(page(results, f"{datetime.now(UTC):%Y-%m-%d}, {where}"), encoding="utf-8")
    return exit_status(results)


def _count(scenario: Scenario, options: argparse.Namespace) -> int:
    return scenario.short if options.short else scenario.long


def _flags(scenarios: Sequence[Scenario]) -> argparse.ArgumentParser:
    names = [each.name for each in scenarios]
    flags = argparse.ArgumentParser(prog="python -m tests.faults", description="Plays what may happen to Linefeed.")
    flags.add_argument("--only", nargs="+", metavar="NAME", choices=names, default=names, help="play only these")
    flags.add_argument("--seed", type=int, default=SEED, help="what every chance comes of")
    flags.add_argument("--list", action="store_true", help="name the scenarios and play nothing")
    flags.add_argument("--short", action="store_true", help="the counts of the tests instead of the full ones")
    flags.add_argument("--write", action="store_true", help="write the table to docs/faults.md, too")
    return flags


if __name__ == "__main__":
    sys.exit(main())
