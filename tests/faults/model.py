"""What must be true of the jobs of a Linefeed, by what was done to it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

RUNNING = 2
QUEUE = 3
IDLE_SECONDS = 1.0
NAMES = {"stdout": "out", "stderr": "err"}


@dataclass(eq=False)
class ModelJob:
    """One job: what it wrote, and how it stands. ``touched`` is when it ended or was last read, in seconds."""

    id: str
    number: int
    keep: bool
    state: str = "queued"
    outcome: str | None = None
    said: int = 0
    touched: float = 0.0
    expired: bool = False

    def texts(self, stream: str) -> list[str]:
        """The lines it wrote to one stream, in order."""
        first = 1 if stream == "stdout" else 2
        return [f"{NAMES[stream]} {number}" for number in range(first, self.said + 1, 2)]

    def may_be_gone(self, now: float) -> bool:
        """Whether its output may have expired by now."""
        return self.expired or (self.state == "finished" and now - self.touched >= IDLE_SECONDS)


@dataclass
class Model:
    """All jobs, in the order in which they were started."""

    jobs: list[ModelJob] = field(default_factory=list)

    def of(self, *states: str) -> list[ModelJob]:
        """The jobs in one of these states."""
        return [job for job in self.jobs if job.state in states]

    @property
    def is_full(self) -> bool:
        """Whether another job would be refused."""
        return len(self.of("running")) == RUNNING and len(self.of("queued")) == QUEUE

    def position(self, job: ModelJob) -> int | None:
        """Its place in the queue, from 1."""
        return self.of("queued").index(job) + 1 if job.state == "queued" else None

    def start_next(self) -> Sequence[ModelJob]:
        """Those that run from now on."""
        starting = self.of("queued")[: RUNNING - len(self.of("running"))]
        for job in starting:
            job.state = "running"
        return starting

    def end(self, job: ModelJob, outcome: str, now: float) -> None:
        """It is over."""
        job.state, job.outcome, job.touched = "finished", outcome, now

    def lose_server(self, now: float) -> None:
        """The server leaves or is killed: what is not kept ends with it."""
        for job in self.of("running", "queued"):
            if not job.keep:
                self.end(job, "stopped", now)
