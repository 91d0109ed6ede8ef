"""A command that writes what a test tells it to, when it tells it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import httpx

from tests.support.server import command_toml
from tests.support.waiting import until_now


@dataclass(frozen=True, slots=True)
class Notes:
    """Writes each line that is added to its file, those that stand there at its start too."""

    name: str
    file: Path

    @classmethod
    def made(cls, name: str, folder: Path) -> Notes:
        """Notes with one line in them."""
        notes = cls(name, folder / f"{name}.txt")
        notes.begin()
        return notes

    def toml(self, **keys: object) -> str:
        """The command as a section of the catalogue."""
        return command_toml(self.name, "tail", "-n", "+1", "-f", str(self.file), **keys)

    def begin(self) -> None:
        """Forget all lines but the first."""
        self.file.write_text("the first line\n")

    def add(self, line: str) -> None:
        """Have every job of it write this line."""
        with self.file.open("a") as file:
            file.write(line + "\n")


def start(url: str, command: str) -> str:
    """The id of a fresh job, of a server that asks nobody who they are; it has written its first line."""
    job = str(httpx.post(f"{url}/api/v1/jobs", json={"command": command}).raise_for_status().json()["id"])
    until_now(lambda: httpx.get(f"{url}/api/v1/jobs/{job}").json()["lines"])
    return job


def stop(url: str, job: str) -> None:
    """Stop the job."""
    httpx.post(f"{url}/api/v1/jobs/{job}/stop", json={}).raise_for_status()
