"""Jobs of a Runner, from start to end."""

from __future__ import annotations

from runner.catalogue import Command
from runner.job import Finished, Job
from runner.service import Runner
from tests.support.waiting import until


async def start_job(runner: Runner, command: Command | str, **values: object) -> Job:
    """Start a job of this command with these values."""
    return await runner.start(command if isinstance(command, str) else command.name, values)


async def end_of(runner: Runner, job: Job, within: float = 20.0) -> Finished:
    """How the job ended; waits for it."""

    async def end() -> Finished | None:
        return (await runner.job(job.id)).finished

    return await until(end, within)


async def lines_of(runner: Runner, job: Job) -> list[bytes]:
    """Every line that is kept of the job so far."""
    lines: list[bytes] = []
    after = 0
    while (part := (await runner.lines(job.id, after)).slice).first is not None:
        lines.extend(line for run in part.runs for line in run.lines())
        after = part.next
    return lines
