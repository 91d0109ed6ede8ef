"""A server's API, for what a test arranges beside the client it is about."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import httpx

from tests.support.waiting import until_now


class Api:
    """The API of the server at ``url``."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._http = httpx.Client(base_url=url, trust_env=False)

    def start(self, command: str, **parameters: object) -> str:
        """Start a job; its id."""
        answer = self._http.post("/api/v1/jobs", json={"command": command, "parameters": parameters})
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    def job(self, identity: str) -> Any:
        """A job as it stands."""
        return self._http.get(f"/api/v1/jobs/{identity}").raise_for_status().json()

    def jobs(self) -> list[Any]:
        """The newest jobs, newest first."""
        found: list[Any] = self._http.get("/api/v1/jobs").raise_for_status().json()["jobs"]
        return found

    def stop(self, identity: str) -> None:
        """Ask a job to end."""
        self._http.post(f"/api/v1/jobs/{identity}/stop").raise_for_status()

    def ended(self, identity: str, within: float = 20.0) -> Any:
        """The job once it is over."""
        return until_now(lambda: (job := self.job(identity))["state"] == "finished" and job, within)

    def written(self, identity: str, lines: int) -> None:
        """Wait until the job has so many lines."""
        until_now(lambda: self.job(identity)["lines"] >= lines)

    def status(self, path: str) -> int:
        """The status of the answer to a GET."""
        return self._http.get(path).status_code

    def close(self) -> None:
        """Hang up."""
        self._http.close()


class Spoken:
    """A job that writes what the test tells it to, and ends when it is told to."""

    def __init__(self, identity: str, pipe: BinaryIO) -> None:
        self.id = identity
        self._pipe = pipe

    def say(self, *lines: str) -> None:
        """Let it write these lines."""
        self._pipe.write("".join(f"{line}\n" for line in lines).encode())

    def end(self) -> None:
        """Let it end."""
        self._pipe.close()


@contextmanager
def spoken(api: Api, folder: Path) -> Iterator[Spoken]:
    """A running job of the command ``speak``, which is ``cat`` with a parameter ``file``; over afterwards."""
    fifo = folder / "voice"
    os.mkfifo(fifo)
    identity = api.start("speak", file=str(fifo))
    with fifo.open("wb", buffering=0) as pipe:
        yield Spoken(identity, pipe)
    api.ended(identity)
