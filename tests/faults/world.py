"""A Linefeed beside its model: what can be done to both, and what must be the same in both."""

from __future__ import annotations

import asyncio
import os
import time
from collections import defaultdict
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path

import msgspec

from benchmarks.api import Api, JobRecord, Lines, lines_path
from benchmarks.processes import marked
from benchmarks.server import Command
from benchmarks.table import Wrong
from benchmarks.waiting import until
from tests.faults.forked import ForkedServer
from tests.faults.model import IDLE_SECONDS, QUEUE, RUNNING, Model, ModelJob
from tests.faults.site import Site, all_jobs, program, site
from tests.faults.trees import kill_shim

READERS = 3
PATIENCE = 20.0
"""Seconds after which something is held to happen never."""

POOL = f"running = {RUNNING}\nqueue = {QUEUE}"
OUTPUT = f'[output]\nidle_expiry = "{IDLE_SECONDS:g}s"'


def told(folder: str) -> dict[str, Command]:
    """The catalogue: the same program as a command that ends with the server and as one that goes on."""
    words = program("told", f"{folder}/orders-{{number}}", f"{folder}/answers-{{number}}")
    return {
        name: Command(words, integers=("number",), on_server_exit=name, stop_grace="2s") for name in ("stop", "keep")
    }


class World:
    """One data folder, served again and again. Whatever differs from the model is raised as ``Wrong``."""

    def __init__(self) -> None:
        self.model = Model()
        self._stack = AsyncExitStack()
        self._seen: dict[tuple[int, str], list[tuple[str, str]]] = defaultdict(list)
        self._fifos: dict[tuple[int, str], int] = {}
        self._servers = 0
        self._place: Site
        self._server: ForkedServer
        self._api: Api

    async def open(self) -> None:
        """Make a place and serve it."""
        self._place = await self._stack.enter_async_context(site(told, OUTPUT, pool=POOL))
        await self._serve()

    async def close(self) -> None:
        """Stop what runs, compare everything once more, and see that nothing is left."""
        try:
            for job in self.model.of("running", "queued"):
                await self.stop(job, force=True)
            for job in self.model.jobs:
                await self.read_all(READERS, job)
            await self.compare()
            await self._server.end()
            if not await until(lambda: not self._left(), PATIENCE):
                raise Wrong(f"processes are left: {self._left()}")
        finally:
            self._api.connection.close()
            await self._server.kill()
            for descriptor in self._fifos.values():
                os.close(descriptor)
            await self._stack.aclose()

    async def start(self, keep: bool) -> None:
        """One more job."""
        number = len(self.model.jobs)
        for kind in ("orders", "answers"):
            path = self._place.folder / f"{kind}-{number}"
            os.mkfifo(path)
            self._fifos[number, kind] = os.open(path, os.O_RDWR | os.O_NONBLOCK)
        job = await self._api.start("keep" if keep else "stop", {"number": number})
        self.model.jobs.append(ModelJob(job, number, keep))
        await self._see_started()

    async def say(self, job: ModelJob, count: int) -> None:
        """Let it write so many lines."""
        job.said += count
        self._order(job, f"say {count}")
        await self._heard(job, b"said\n")

    async def exit(self, job: ModelJob, code: int) -> None:
        """Let it end by itself."""
        now = time.monotonic()
        self._order(job, f"exit {code}")
        await self._see_end(job, "failed" if code else "succeeded", now)

    async def stop(self, job: ModelJob, force: bool) -> None:
        """Stop it, whether it runs or waits."""
        now = time.monotonic()
        await self._api.stop(job.id, force)
        await self._see_end(job, "stopped", now)

    async def lose(self, job: ModelJob) -> None:
        """SIGKILL its shim, when all that it wrote is known to be kept."""
        await self.read_all(READERS, job)
        now = time.monotonic()
        kill_shim(job.id)
        await self._see_end(job, "lost", now)

    async def restart(self, kill: bool) -> None:
        """Let the server leave, or kill it, and start the next."""
        now = time.monotonic()
        self._api.connection.close()
        await (self._server.kill() if kill else self._server.end())
        self.model.lose_server(now)
        await self._serve()
        await self._see_started()

    async def expire(self) -> None:
        """Read nothing until all output that may go is gone, from the disk, too."""
        end = time.monotonic() + PATIENCE
        gone = self.model.of("finished")
        while not all(job.expired for job in gone):
            if time.monotonic() > end:
                raise Wrong("output does not expire")
            await asyncio.sleep(IDLE_SECONDS / 10)  # between two looks
            await self.compare()
        folders = [Path(self._place.data, "jobs", job.id) for job in gone]
        if not await until(lambda: not any(folder.exists() for folder in folders), PATIENCE):
            raise Wrong("the folder of expired output is still there")

    async def read(self, reader: int, job: ModelJob, limit: int) -> bool:
        """A reader goes on from where it is; whether it has everything that was written."""
        seen = self._seen[reader, job.id]
        asked = time.monotonic()
        answer = await self._api.connection.request("GET", lines_path(job.id, len(seen), limit, wait=0))
        if answer.status == 410:
            self._found_expired(job)
            return True
        if answer.status != 200 or job.expired:
            raise Wrong(f"a reader is told {answer.status}, {job}")
        lines = msgspec.json.decode(answer.body, type=Lines)
        if [line.number for line in lines.lines] != list(range(len(seen) + 1, lines.next + 1)) or lines.dropped:
            raise Wrong(f"lines are missing or doubled after {len(seen)}: {answer.body[:300]!r}")
        if lines.state != job.state or lines.outcome != job.outcome:
            raise Wrong(f"a reader is told {lines.state}, {lines.outcome}, {job}")
        if lines.lines:
            job.touched = asked
        seen += ((line.stream, line.text) for line in lines.lines)
        for stream in ("stdout", "stderr"):
            has = [text for name, text in seen if name == stream]
            if has != job.texts(stream)[: len(has)]:
                raise Wrong(f"a reader has {has} of {stream}, {job}")
        return len(seen) == job.said

    async def read_all(self, reader: int, job: ModelJob) -> None:
        """A reader reads on until it has everything that was written."""
        end = time.monotonic() + PATIENCE
        while not await self.read(reader, job, 1000):
            if time.monotonic() > end:
                raise Wrong(f"a reader does not get all lines, {job}")

    async def compare(self) -> None:
        """The list of jobs with the model's."""
        listed = await all_jobs(self._api)
        if [record.id for record in listed] != [job.id for job in reversed(self.model.jobs)]:
            raise Wrong("the list has other jobs")
        for record, job in zip(listed, reversed(self.model.jobs), strict=True):
            self._compare_one(record, job)

    def _compare_one(self, record: JobRecord, job: ModelJob) -> None:
        if (record.state, record.outcome) != (job.state, job.outcome):
            raise Wrong(f"the list says {record.state}, {record.outcome}, {job}")
        if record.queue_position != self.model.position(job):
            raise Wrong(f"the list has it at {record.queue_position} in the queue, {job}")
        if job.state == "finished" and record.lines != job.said:
            raise Wrong(f"the list says {record.lines} lines, {job}")
        if record.expired_at:
            self._found_expired(job)
        elif job.expired:
            raise Wrong(f"expired output is back, {job}")

    def _found_expired(self, job: ModelJob) -> None:
        if not job.may_be_gone(time.monotonic()):
            raise Wrong(f"output expired too early, {job}")
        job.expired = True

    async def _serve(self) -> None:
        self._servers += 1
        log = self._place.folder / f"server-{self._servers}.log"
        self._server = await ForkedServer.start(self._place.options, log)
        self._api = await Api.open(self._place.url)

    async def _see_started(self) -> None:
        for job in self.model.start_next():
            await self._heard(job, b"up\n")

    async def _see_end(self, job: ModelJob, outcome: str, now: float) -> None:
        record = await asyncio.wait_for(self._api.finished(job.id), PATIENCE)
        if record.outcome != outcome:
            raise Wrong(f"it ended as {record.outcome} and not as {outcome}: {record.reason}, {job}")
        self.model.end(job, outcome, now)
        await self._see_started()

    def _order(self, job: ModelJob, order: str) -> None:
        os.write(self._fifos[job.number, "orders"], f"{order}\n".encode())

    async def _heard(self, job: ModelJob, answer: bytes) -> None:
        heard = await until(partial(self._hear, job, len(answer)), PATIENCE)
        if heard != answer:
            raise Wrong(f"the command says {heard!r} and not {answer!r}, {job}")

    def _hear(self, job: ModelJob, size: int) -> bytes:
        try:
            return os.read(self._fifos[job.number, "answers"], size)
        except BlockingIOError:
            return b""

    def _left(self) -> set[int]:
        return marked(str(self._place.folder))
