"""Runners with real processes, and an index."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from runner.catalogue import Command
from runner.history import History
from runner.service import Runner
from tests.support.commands import settings_of

RunnerOf = Callable[..., Awaitable[Runner]]

_CLOSE_S = 20.0


@pytest.fixture
async def history(tmp_path: Path) -> AsyncIterator[History]:
    """An empty index."""
    opened = History(tmp_path / "history.sqlite3")
    await opened.open()
    yield opened
    await opened.close()


@pytest.fixture
async def runner_of(tmp_path: Path) -> AsyncIterator[RunnerOf]:
    """``await runner_of(command, …, pool=…, output=…)``: a Runner that is open, and closed after the test."""
    opened: list[Runner] = []

    async def open_runner(*commands: Command, **sections: Any) -> Runner:
        runner = Runner(settings_of(tmp_path, *commands, **sections))
        await runner.open()
        opened.append(runner)
        return runner

    yield open_runner
    for runner in opened:
        await asyncio.wait_for(runner.close(), _CLOSE_S)
