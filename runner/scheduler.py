"""Jobs that are not finished: queues them, starts their shims, stops them, and notices their ends."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Coroutine
from functools import partial
from pathlib import Path

from runner import doorbell, endings
from runner.catalogue import Command
from runner.errors import StartFailed
from runner.folder import JobFolder
from runner.job import Finished, Job, Outcome, Queued, Running, Stopping
from runner.live import LiveJob
from runner.pool import Place, Pool
from runner.process import MARKER, ShimProcess, adopt, end_leftovers, spawn
from runner.settings import Settings
from runner.shim.launch import Launch
from runner.spool import Spool

LOOK_EVERY_S = 1.0


class Scheduler:
    """The pool at work. ``on_change`` hears of each new state, ``on_finish`` of each end, on the event loop."""

    def __init__(
        self, jobs: Path, settings: Settings, on_change: Callable[[Job], None], on_finish: Callable[[LiveJob], None]
    ) -> None:
        self._jobs = jobs
        self._settings = settings
        self._on_change = on_change
        self._on_finish = on_finish
        self._pool = Pool(settings.pool.running, settings.pool.queue)
        self._live: dict[str, LiveJob] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._only_kept_left = asyncio.Event()
        self._starting = False
        self._closing = False

    @property
    def stored_bytes(self) -> int:
        """About how many bytes of output the running jobs keep."""
        return sum(live.stored_bytes for live in self._live.values())

    def find(self, job_id: str) -> LiveJob | None:
        """The job, if it is not finished."""
        return self._live.get(job_id)

    def check_room(self, command: Command) -> None:
        """Raises QueueFull if ``add`` would, with a job of this command; starts and queues nothing."""
        self._pool.check(Place(command.name, command.running))

    def add(self, job: Job, command: Command) -> LiveJob:
        """Start or queue a new job. Raises QueueFull, StartFailed."""
        self.check_room(command)
        try:
            JobFolder(self._jobs, job.id).make(job)
        except OSError as error:
            raise StartFailed(os.strerror(error.errno or 0)) from error
        self._pool.add(job.id, self._place(job))
        live = self._follow(job)
        self._start_next()
        return live

    async def take_over(self, running: list[Job], waiting: list[Job]) -> None:
        """Go on with the jobs that an earlier server left running or waiting."""
        for job in running:
            live = self._follow(job)
            live.number_revisions_anew()
            self._pool.restore(job.id, self._place(job), running=True)
            live.shim = await adopt(JobFolder(self._jobs, job.id), partial(self._on_exit, live))
            if live.shim is None:
                self._on_exit(live)
            elif not job.keep:
                self._ask_to_stop(live, force=True)
        for job in waiting:
            live = self._follow(job)
            live.number_revisions_anew()
            self._pool.restore(job.id, self._place(job), running=False)
            if job.command not in self._settings.commands:
                self._finish(live, endings.command_gone(time.time()))
        self._start_next()

    def stop(self, live: LiveJob, force: bool) -> None:
        """Ask a job to end; one that waits is taken out of the queue."""
        if isinstance(live.job.state, Queued):
            self._finish(live, endings.stopped_in_queue(time.time(), by_server=False))
        else:
            self._ask_to_stop(live, force)

    def look(self, job_id: str) -> None:
        """See what a job's shim has written."""
        live = self._live.get(job_id)
        if live is not None:
            live.refresh()
            self._tell(live)

    def look_around(self) -> None:
        """The safety net under the doorbell: look at every job. To be called once a second."""
        for job_id in list(self._live):
            self.look(job_id)

    async def close(self) -> None:
        """End every job (their grace applies) but those that outlive the server, and wait for the ends.

        Whoever still waits for lines of the others is answered.
        """
        self._closing = True
        for live in list(self._live.values()):
            if not live.job.keep:
                self._stop_with_server(live)
        self._tell_if_only_kept_left()
        await self._only_kept_left.wait()
        for task in self._tasks:
            task.cancel()
        for live in self._live.values():
            live.leave()

    def _stop_with_server(self, live: LiveJob) -> None:
        if isinstance(live.job.state, Queued):
            self._finish(live, endings.stopped_in_queue(time.time(), by_server=True))
        else:
            self._ask_to_stop(live, force=False)

    def _follow(self, job: Job) -> LiveJob:
        live = self._live[job.id] = LiveJob(job, Spool(self._jobs / job.id))
        return live

    def _place(self, job: Job) -> Place:
        command = self._settings.commands.get(job.command)
        return Place(job.command, command.running if command else None)

    def _start_next(self) -> None:
        """Start whatever has a slot now, and tell the others their positions."""
        if self._starting:
            return  # a job that cannot be spawned ends at once, which asks for the next one: the loop below goes on
        self._starting = True
        try:
            while job_ids := self._pool.take():
                for job_id in job_ids:
                    self._launch(self._live[job_id])
        finally:
            self._starting = False
        for position, job_id in enumerate(self._pool.waiting, 1):
            live = self._live[job_id]
            if live.job.state != Queued(position):
                live.become(Queued(position))

    def _launch(self, live: LiveJob) -> None:
        folder = JobFolder(self._jobs, live.job.id)
        try:
            start = partial(spawn, folder, self._order(live.job))
            live.shim = ShimProcess(folder, start, partial(self._on_exit, live))
        except OSError as error:
            self._finish(live, endings.never_spawned(time.time(), error))
        else:
            live.become(Running(time.time()))
            self._tell(live)

    def _order(self, job: Job) -> Launch:
        command = self._settings.commands[job.command]
        output = self._settings.output
        return Launch(
            job_id=job.id,
            doorbell=f"../../{doorbell.NAME}",
            server=0 if job.keep else os.getpid(),
            lock=-1,
            argv=list(job.argv),
            env={**self._settings.environment, **command.env, MARKER: job.id},
            directory=command.directory or os.getcwd(),
            timeout=command.timeout,
            stop_grace=command.stop_grace,
            max_bytes=output.max_bytes,
            max_lines=output.max_lines,
        )

    def _ask_to_stop(self, live: LiveJob, force: bool) -> None:
        if live.shim is None:
            return
        live.shim.stop(force)
        state = live.job.state
        if isinstance(state, Running):
            live.become(Stopping(state.started_at, Outcome.STOPPED, state.started_clock))
            self._tell(live)

    def _on_exit(self, live: LiveJob) -> None:
        live.shim = None
        record = JobFolder(self._jobs, live.job.id).exit_record()
        if record is None:
            self._spawn_task(self._clean_up(live))
        else:
            self._finish(live, endings.finished(live.job, record))

    async def _clean_up(self, live: LiveJob) -> None:
        """The shim was killed: end what is left of the job before saying that it is over."""
        await asyncio.to_thread(end_leftovers, live.job.id)
        live.spool.cut_torn_end()
        self._finish(live, endings.lost(live.job, time.time()))

    def _finish(self, live: LiveJob, end: Finished) -> None:
        live.become(end)
        del self._live[live.job.id]
        self._on_finish(live)
        self._pool.remove(live.job.id)
        if self._closing:
            self._tell_if_only_kept_left()
        else:
            self._start_next()

    def _tell(self, live: LiveJob) -> None:
        if live.has_new_state():
            self._on_change(live.job)

    def _tell_if_only_kept_left(self) -> None:
        if all(live.job.keep for live in self._live.values()):
            self._only_kept_left.set()

    def _spawn_task(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
