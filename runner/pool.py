"""Decides which jobs run: slots, and a queue in order. Pure; starting is the caller's.

A job that waits for its own command's bound delays no other.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import NamedTuple

from runner.errors import QueueFull


class Place(NamedTuple):
    """A job in the pool: its command, and how many jobs of that command may run at once (None: any)."""

    command: str
    bound: int | None


class Pool:
    """At most ``running`` jobs run at once; at most ``queue`` more wait."""

    def __init__(self, running: int, queue: int) -> None:
        self._most_running = running
        self._most_waiting = queue
        self._running: dict[str, Place] = {}
        self._waiting: dict[str, Place] = {}

    @property
    def waiting(self) -> tuple[str, ...]:
        """The ids of the jobs that wait, in order; the first has position 1."""
        return tuple(self._waiting)

    def check(self, place: Place) -> None:
        """Raises QueueFull if one more job like this could not start now and no place is left; changes nothing."""
        with_it = {**self._waiting, "": place}
        if len(with_it) - len(self._startable(with_it)) > self._most_waiting:
            raise QueueFull(self._most_waiting)

    def add(self, job_id: str, place: Place) -> None:
        """Put a job at the end of the queue. Raises QueueFull as ``check`` does."""
        self.check(place)
        self._waiting[job_id] = place

    def restore(self, job_id: str, place: Place, running: bool) -> None:
        """Put a job of an earlier server where it was; what was accepted then is not refused now."""
        (self._running if running else self._waiting)[job_id] = place

    def take(self) -> list[str]:
        """The ids of the jobs to start now, in order; they hold their slots until ``remove``."""
        starting = self._startable(self._waiting)
        for job_id in starting:
            self._running[job_id] = self._waiting.pop(job_id)
        return starting

    def remove(self, job_id: str) -> None:
        """Free a job's slot or its place in the queue."""
        self._running.pop(job_id, None)
        self._waiting.pop(job_id, None)

    def _startable(self, waiting: Mapping[str, Place]) -> list[str]:
        free = self._most_running - len(self._running)
        per_command = Counter(place.command for place in self._running.values())
        found: list[str] = []
        for job_id, place in waiting.items():
            if len(found) >= free:
                break
            if place.bound is None or per_command[place.command] < place.bound:
                per_command[place.command] += 1
                found.append(job_id)
        return found
