"""What can go wrong, as types that carry data and a sentence.

A type here knows nothing of HTTP; ``runner.web.errors`` has the one table from type to status.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


class LinefeedError(Exception):
    """Base of every error that Linefeed raises on purpose; ``str()`` is a sentence for people."""


class UnknownCommand(LinefeedError):
    """The catalogue has no command of this name."""

    def __init__(self, name: str) -> None:
        super().__init__(f"There is no command named “{name}”.")
        self.name = name


class BadParameters(LinefeedError):
    """Values that a command does not accept; ``fields`` maps a parameter's name to the reason."""

    def __init__(self, command: str, fields: Mapping[str, str]) -> None:
        super().__init__("; ".join(f"{name}: {reason}" for name, reason in fields.items()))
        self.command = command
        self.fields = dict(fields)


class UnknownJob(LinefeedError):
    """No job ever had this id."""

    def __init__(self, job_id: str) -> None:
        super().__init__("There is no job with this id.")
        self.job_id = job_id


class QueueFull(LinefeedError):
    """As many jobs wait as the pool lets wait."""

    def __init__(self, limit: int) -> None:
        super().__init__(
            f"{limit} {'job is' if limit == 1 else 'jobs are'} waiting already. Try again when some have run."
        )
        self.limit = limit


class ShuttingDown(LinefeedError):
    """The server is leaving and starts nothing more."""

    def __init__(self) -> None:
        super().__init__("The server is shutting down and starts nothing more.")


class StartFailed(LinefeedError):
    """The job's folder could not be made; ``reason`` says why."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"The job could not be written down: {reason}")
        self.reason = reason


class DataInUse(LinefeedError):
    """Another server works on this data folder."""

    def __init__(self, folder: str) -> None:
        super().__init__(f"{folder} is in use by another Linefeed server.")
        self.folder = folder


class BadCursor(LinefeedError):
    """A cursor beyond the end of the job's lines."""

    def __init__(self, after: int, last: int) -> None:
        super().__init__(f"after={after} is beyond the last line, which is {last}.")
        self.after = after
        self.last = last


class OutputExpired(LinefeedError):
    """The job's output is gone; its record is still there."""

    def __init__(self, job_id: str) -> None:
        super().__init__("The output of this job has expired. Its record is kept.")
        self.job_id = job_id


class PinRefused(LinefeedError):
    """Pinned output already takes as much room as may be pinned (half of ``total_bytes``), in bytes."""

    def __init__(self, limit: int) -> None:
        super().__init__("No more output can be pinned: what is pinned takes half of all the room already.")
        self.limit = limit


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with the configuration, printed as ``FILE: KEY: reason``."""

    file: str
    key: str
    reason: str

    def __str__(self) -> str:
        return f"{self.file}: {self.key}: {self.reason}"


class BadConfiguration(LinefeedError):
    """A configuration that cannot be used; ``faults`` has every fault, one a line in ``str()``."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__("\n".join(str(fault) for fault in faults))
        self.faults = tuple(faults)
