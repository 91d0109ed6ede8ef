"""A job as its readers follow it: its state, its lines, a revision, and whoever waits for more."""

from __future__ import annotations

import asyncio
import os
import time
from dataclasses import dataclass, replace

from runner.job import Finished, Job, Outcome, Output, Queued, Running, State, Stopping
from runner.lines import OpenText, Slice
from runner.process import ShimProcess
from runner.shim.frames import Progress
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
        self._told = job.state.name
        self._seen = spool.progress.sequence
        self._open = spool.open_text
        self._change: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def become(self, state: State) -> None:
        """Take another state and tell everybody who waits."""
        if not isinstance(state, Queued):
            self._look()
        self.job = self.job.became(state)
        self.revision += 1
        self._wake()

    def refresh(self) -> None:
        """Look for what the shim wrote since the last look, and tell everybody who waits."""
        if self._look():
            self._wake()

    def has_new_state(self) -> bool:
        """Whether its state is another than when this was last asked."""
        before, self._told = self._told, self.job.state.name
        return before != self._told

    def read(self, after: int, limit: int) -> Reading:
        """The lines after a cursor as it stands. Raises BadCursor."""
        if after >= self.spool.last and not self.job.finished:
            self.refresh()
        return Reading(self.job, self.spool.slice(after, limit), self._open, self.revision)

    @property
    def stored_bytes(self) -> int:
        """About how many bytes of output it keeps on disk."""
        return self.spool.progress.output_bytes - self.spool.progress.dropped_bytes

    def number_revisions_anew(self) -> None:
        """Number its revisions above any that an earlier server gave: readers may still hold one of those."""
        self.revision = int(time.time() * 1000)

    def leave(self) -> None:
        """Let it run without this server; whoever waits is answered."""
        if self.shim is not None:
            self.shim.leave()
        self._wake()

    async def wait_for_change(self, seconds: float) -> None:
        """Until something of the job changes, or ``seconds`` are over."""
        await asyncio.wait([self._change], timeout=seconds)

    def _wake(self) -> None:
        change, self._change = self._change, asyncio.get_running_loop().create_future()
        change.set_result(None)

    def _look(self) -> bool:
        self.spool.refresh()
        seen = self.spool.progress
        # The spool's own answer would not do: it also looks by itself, when the cap takes what it is about to read.
        if seen.sequence == self._seen:
            return False
        self._seen = seen.sequence
        output = _output(seen)
        state = self._state_by_shim(seen)
        if self.spool.open_text != self._open or type(state) is not type(self.job.state):
            self.revision += 1
        self._open = self.spool.open_text
        self.job = replace(self.job, output=output, state=state)
        return True

    def _state_by_shim(self, seen: Progress) -> State:
        state = self.job.state
        if isinstance(state, Finished) or not seen.started_at:
            return state
        if seen.stopping:
            return Stopping(seen.started_at, Outcome(CAUSES[seen.stopping]), seen.started_clock)
        if isinstance(state, Stopping):
            return replace(state, started_at=seen.started_at, started_clock=seen.started_clock)
        return Running(seen.started_at, seen.started_clock)


def _output(seen: Progress) -> Output:
    return Output(
        seen.lines,
        seen.output_bytes,
        seen.dropped_lines,
        seen.last_at or None,
        seen.last_clock or None,
        os.strerror(seen.problem) if seen.problem else None,
        seen.kept_lines + 1 if seen.kept_lines < seen.lines else None,
    )
