"""``app:app`` under another ASGI server, as a process of its own: it needs nothing of Hypercorn."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.support.server import PROJECT, command_toml, python_toml
from tests.support.waiting import until_now

LIVE = """
import os, time
os.write(1, b"%d\\n" % os.getpid())
time.sleep(600)  # runs until the server ends it
"""
NOBODY_IS_ASKED = '[auth]\nmode = "none"\n'
CATALOGUE = command_toml("count", "seq", "1", "5000") + python_toml("live", LIVE, stop_grace="2s")
FLAGS = ["--lifespan", "on", "--timeout-graceful-shutdown", "1"]
"""Uvicorn ends the app only after the connections: without a limit, a reader who follows a job would hold it."""

_START_S = 20.0


@dataclass(frozen=True, slots=True)
class Served:
    """A server that is up, and a client of it."""

    client: httpx.Client
    process: subprocess.Popen[bytes]


@contextmanager
def uvicorn(folder: Path, auth: str = NOBODY_IS_ASKED) -> Iterator[Served]:
    """Uvicorn serving ``app:app`` on a socket that it inherits, and a client of it."""
    config = folder / "linefeed.toml"
    config.write_text(auth + CATALOGUE)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        process = subprocess.Popen(
            [sys.executable, "-m", "uvicorn", "app:app", "--fd", str(listener.fileno()), *FLAGS],
            cwd=PROJECT,
            env={**os.environ, "LINEFEED_CONFIG": str(config), "LINEFEED_DATA": str(folder / "data")},
            pass_fds=[listener.fileno()],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    try:
        with httpx.Client(base_url=url, timeout=_START_S) as client:
            yield Served(client, process)
    finally:
        process.kill()
        process.communicate()


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    """The client and the process."""
    with uvicorn(tmp_path) as up:
        yield up


@pytest.fixture
def client(served: Served) -> httpx.Client:
    """The client alone."""
    return served.client


def start(client: httpx.Client, command: str) -> str:
    """The id of a fresh job."""
    answer = client.post("/api/v1/jobs", json={"command": command})
    assert answer.status_code == 201
    return str(answer.json()["id"])


def state(client: httpx.Client, job_id: str) -> str:
    """The job's state."""
    return str(client.get(f"/api/v1/jobs/{job_id}").json()["state"])


def test_a_job_runs_and_its_lines_arrive(client: httpx.Client) -> None:
    job_id = start(client, "count")
    until_now(lambda: state(client, job_id) == "finished", 20)
    lines = client.get(f"/api/v1/jobs/{job_id}/lines?limit=20000").json()["lines"]
    assert [line["text"] for line in lines] == [str(number) for number in range(1, 5_001)]
    assert client.get(f"/jobs/{job_id}/log").text == "".join(f"{number}\n" for number in range(1, 5_001))
    assert client.get(f"/jobs/{job_id}").headers["content-encoding"] == "gzip"


def test_a_line_arrives_while_the_job_runs_and_a_stop_ends_the_poll(client: httpx.Client) -> None:
    job_id = start(client, "live")
    reader = zlib.decompressobj(31)
    with client.stream("GET", f"/jobs/{job_id}/log?follow=1") as log:
        assert reader.decompress(next(log.iter_raw())).endswith(b"\n")
        with ThreadPoolExecutor(1) as thread:
            held = thread.submit(client.get, f"/api/v1/jobs/{job_id}/lines?after=1&wait=30")
            assert client.post(f"/api/v1/jobs/{job_id}/stop", json={}).status_code == 202
            assert held.result(20).json()["state"] in {"running", "finished"}
    until_now(lambda: state(client, job_id) == "finished", 20)


def test_a_refused_request_is_refused_here_too(client: httpx.Client) -> None:
    assert client.get("/healthz", headers={"host": "evil.example"}).status_code == 421
    assert client.post("/api/v1/jobs", headers={"origin": "http://evil.example"}, json={}).status_code == 403
    assert client.get("/none").status_code == 404


def test_it_leaves_when_told_whoever_reads(served: Served) -> None:
    job_id = start(served.client, "live")
    with served.client.stream("GET", f"/jobs/{job_id}/log?follow=1") as log:
        pid = int(zlib.decompressobj(31).decompress(next(log.iter_raw())))
        served.process.send_signal(signal.SIGTERM)
        _, errors = served.process.communicate(timeout=20)
    assert b"Application shutdown complete" in errors
    assert not Path(f"/proc/{pid}").exists()


def test_the_start_token_is_told_here_too(tmp_path: Path) -> None:
    with uvicorn(tmp_path, auth="") as served:
        assert served.client.get("/", follow_redirects=False).status_code == 303
        assert served.process.stdout is not None
        token = served.process.stdout.readline().decode().rstrip().rpartition("=")[2]
        assert served.client.get(f"/?token={token}").url.path == "/"
        assert served.client.get("/jobs", follow_redirects=False).status_code == 200
