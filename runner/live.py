"""A job as its readers follow it: its state, its lines, a revision, and whoever waits for more."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace

from runner.job import Finished, Job, Outcome, Output, Running, State, Stopping
from runner.lines import OpenText, Slice
from runner.process import ShimProcess
from runner.shim.supervisor import CAUSES
from runner.spool import Spool


@dataclass(frozen=True, slots=True)
class Reading:
    """What one read of a job's lines found: the lines, and the job as it stood after them.

    ``revision`` rises when state, queue position or open text changes.
    """

    job: Job
    slice: Slice
    open: tuple[OpenText, ...]
    revision: int


class LiveJob:
    """One job, followed by any number of readers on one event loop."""

    def __init__(self, job: Job, spool: Spool) -> None:
        self.job = job
        self.spool = spool
        self.shim: ShimProcess | None = None
        self.revision = 1
        self._open = spool.open_text
        self._change: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def become(self, state: State) -> None:
        """Take another state and tell everybody who waits."""
        self._look()
        self.job = self.job.became(state)
        self.revision += 1
        self._wake()

    def refresh(self) -> bool:
        """Look for what the shim wrote since the last look; whether the state changed by it."""
        before = self.job.state
        if self._look():
            self._wake()
        return type(self.job.state) is not type(before)

    def read(self, after: int, limit: int) -> Reading:
        """The lines after a cursor as it stands. Raises BadCursor."""
        if after >= self.spool.last and not self.job.finished:
            self.refresh()
        return Reading(self.job, self.spool.slice(after, limit), self._open, self.revision)

    async def wait_for_change(self, seconds: float) -> None:
        """Until something of the job changes, or ``seconds`` are over."""
        await asyncio.wait([self._change], timeout=seconds)

    def _wake(self) -> None:
        change, self._change = self._change, asyncio.get_running_loop().create_future()
        change.set_result(None)

    def _look(self) -> bool:
        if not self.spool.refresh():
            return False
        seen = self.spool.progress
        output = Output(seen.lines, seen.output_bytes, seen.dropped_lines, seen.last_at or None)
        state = self._state_by_shim(seen.started_at, seen.stopping)
        if self.spool.open_text != self._open or type(state) is not type(self.job.state):
            self.revision += 1
        self._open = self.spool.open_text
        self.job = replace(self.job, output=output, state=state)
        return True

    def _state_by_shim(self, started_at: float, cause: int) -> State:
        state = self.job.state
        if isinstance(state, Finished) or not started_at:
            return state
        if cause:
            return Stopping(started_at, Outcome(CAUSES[cause]))
        if isinstance(state, Stopping):
            return replace(state, started_at=started_at)
        return Running(started_at)
