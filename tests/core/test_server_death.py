"""The real server, told to leave or killed, with jobs running: nothing is left, and the records are true."""

from __future__ import annotations

import os
import signal
import time
import uuid
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.processes import LEAVES, hostile_words, marked, shim_of
from tests.support.server import Server, command_toml, serve
from tests.support.waiting import until_now

RUNNING = 3
GONE_S = 5.0
GOAL_S = 1.0


@pytest.fixture
def mark() -> str:
    """A word that no other process has among its arguments."""
    return uuid.uuid4().hex


def catalogue(mark: str) -> str:
    """A hostile tree, a command that ends by itself, and one that waits."""
    return (
        command_toml("hostile", *hostile_words(mark), stop_grace="300ms")
        + command_toml("nothing", "true")
        + command_toml("wait", "sleep", "600", stop_grace="1s")
    )


def ask(server: Server, path: str) -> Any:
    return httpx.get(f"{server.url}/api/v1/jobs{path}").raise_for_status().json()


def start(server: Server, command: str) -> str:
    """The id of a fresh job."""
    answer = httpx.post(f"{server.url}/api/v1/jobs", json={"command": command})
    return str(answer.raise_for_status().json()["id"])


def start_hostile(server: Server, mark: str, count: int = RUNNING) -> list[str]:
    """The ids of hostile jobs whose trees are up."""
    jobs = [start(server, "hostile") for _ in range(count)]
    until_now(lambda: all(ask(server, f"/{job}")["lines"] == LEAVES for job in jobs))
    assert len(marked(mark)) >= count * (LEAVES + 1)
    return jobs


def kill(server: Server) -> None:
    server.tell(signal.SIGKILL)
    server.process.wait()


@pytest.mark.parametrize("_again", range(3))
def test_nothing_is_left_when_the_server_is_killed(tmp_path: Path, mark: str, _again: int) -> None:
    with serve(catalogue(mark), tmp_path) as server:
        start_hostile(server, mark)
        begin = time.monotonic()
        kill(server)
        until_now(lambda: not marked(mark), within=GONE_S)
    print(f"nothing left after {time.monotonic() - begin:.3f} s (the goal is {GOAL_S:g})")


def test_nothing_is_left_of_jobs_that_were_just_being_started(tmp_path: Path, mark: str) -> None:
    with serve(catalogue(mark), tmp_path) as server:
        jobs = [start(server, "hostile") for _ in range(RUNNING)]
        kill(server)
        until_now(lambda: not any(marked(job) for job in jobs) and not marked(mark), within=GONE_S)


def test_the_record_of_a_killed_servers_jobs_is_true(tmp_path: Path, mark: str) -> None:
    with serve(catalogue(mark), tmp_path) as server:
        jobs = start_hostile(server, mark)
        kill(server)
    with serve(catalogue(mark), tmp_path) as server:
        for job in jobs:
            record = ask(server, f"/{job}")
            assert (record["state"], record["outcome"], record["signal"]) == ("finished", "stopped", signal.SIGKILL)
            assert record["reason"].startswith("Ended with the server")
            assert [line["text"] for line in ask(server, f"/{job}/lines")["lines"]] == ["up"] * LEAVES


def test_sigterm_ends_the_jobs_and_the_server_leaves(tmp_path: Path, mark: str) -> None:
    with serve(catalogue(mark), tmp_path) as server:
        jobs = start_hostile(server, mark)
        assert server.leave() == 0
        assert not marked(mark)
    with serve(catalogue(mark), tmp_path) as server:
        records = [ask(server, f"/{job}") for job in jobs]
        assert {(record["outcome"], record["lines"]) for record in records} == {("stopped", LEAVES)}


def test_jobs_that_waited_were_stopped(tmp_path: Path, mark: str) -> None:
    config = "[pool]\nrunning = 1\n" + catalogue(mark)
    with serve(config, tmp_path) as server:
        first, second = start(server, "wait"), start(server, "wait")
        until_now(lambda: ask(server, f"/{second}")["queue_position"] == 1)
        kill(server)
        until_now(lambda: not marked(first), within=GONE_S)
    with serve(config, tmp_path) as server:
        record = ask(server, f"/{second}")
        assert (record["state"], record["outcome"], record["started_at"]) == ("finished", "stopped", None)


def test_a_killed_shim_is_a_lost_job_and_nothing_is_left_of_its_tree(tmp_path: Path, mark: str) -> None:
    with serve(catalogue(mark), tmp_path) as server:
        lost, other = start_hostile(server, mark, 2)
        os.kill(shim_of(lost), signal.SIGKILL)
        until_now(lambda: ask(server, f"/{lost}")["outcome"] == "lost")
        assert len(marked(mark)) == LEAVES + 1
        assert ask(server, f"/{other}")["state"] == "running"


def test_the_index_is_made_again_from_the_folders(tmp_path: Path, mark: str) -> None:
    with serve(catalogue(mark), tmp_path) as server:
        jobs = [start(server, "nothing") for _ in range(8)]
        until_now(lambda: all(ask(server, f"/{job}")["state"] == "finished" for job in jobs))
        assert server.leave() == 0
    for file in (tmp_path / "data").glob("history.sqlite3*"):
        file.unlink()
    with serve(catalogue(mark), tmp_path) as server:
        found = ask(server, "")["jobs"]
        assert [job["id"] for job in found] == jobs[::-1]
        assert {job["outcome"] for job in found} == {"succeeded"}
