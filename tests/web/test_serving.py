"""``python app.py`` as a process of its own."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from tests.support.server import PROJECT, Server, command_toml, serve, start_app
from tests.support.waiting import until_now

CATALOGUE = command_toml("wait", "sleep", "600", stop_grace="2s") + command_toml("nothing", "true")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """A server with a job to wait for."""
    with serve(CATALOGUE, tmp_path) as up:
        yield up


def start(server: Server, command: str) -> str:
    """The id of a fresh job."""
    answer = httpx.post(f"{server.url}/api/v1/jobs", json={"command": command})
    return str(answer.json()["id"])


def test_it_says_where_it_serves(server: Server) -> None:
    assert re.fullmatch(r"http://127\.0\.0\.1:[1-9]\d*", server.url)
    answer = httpx.get(f"{server.url}/healthz")
    assert (answer.text, "server" in answer.headers) == ("ok\n", False)


def test_open_polls_are_answered_when_it_is_told_to_leave(server: Server) -> None:
    job_id = start(server, "wait")
    polls = [f"/api/v1/jobs/{job_id}/lines?wait=30"] * 20 + [f"/jobs/{job_id}/log?follow=1"] * 3
    arrived = threading.Barrier(len(polls) + 1)

    def poll(path: str) -> int:
        # The request is sent before the barrier opens, and read in full after it.
        with httpx.Client(base_url=server.url, timeout=60) as client:
            client.get("/healthz")
            arrived.wait()
            return client.get(path).status_code

    with ThreadPoolExecutor(len(polls)) as threads:
        answers: list[Future[int]] = [threads.submit(poll, path) for path in polls]
        arrived.wait()
        until_now(lambda: open_connections(server) >= len(polls))
        assert server.leave(within=10) == 0
        assert {answer.result() for answer in answers} == {200}


def open_connections(server: Server) -> int:
    """How many connections the server has."""
    port = f":{int(server.url.rsplit(':', 1)[1]):04X}"
    rows = [row.split() for row in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return sum(row[1].endswith(port) and row[3] == "01" for row in rows)


def test_idle_connections_do_not_keep_it(server: Server) -> None:
    with httpx.Client(base_url=server.url) as client:
        client.get("/healthz")
        assert server.leave(within=5) == 0


def test_the_second_interrupt_leaves_at_once(server: Server) -> None:
    start(server, "wait")
    server.tell(signal.SIGINT)
    server.tell(signal.SIGINT)
    assert server.process.wait(5) in {0, 130}


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["--prot", "1"], "--prot"),
        (["--bind"], "--bind"),
        (["--bind", "nonsense"], "bind"),
        (["--bind", "127.0.0.1:99999"], "bind"),
        (["--config", "/nonexistent/linefeed.toml"], "/nonexistent/linefeed.toml"),
        (["extra"], "extra"),
    ],
)
def test_a_wrong_flag_is_one_line(flags: list[str], said: str, tmp_path: Path) -> None:
    process = start_app("--data", str(tmp_path), *flags)
    out, err = process.communicate(timeout=20)
    assert (process.returncode, out, len(err.splitlines())) == (2, "", 1)
    assert said in err


def test_an_address_in_use_is_one_line(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        process = start_app("--data", str(tmp_path), "--bind", f"127.0.0.1:{taken.getsockname()[1]}")
        out, err = process.communicate(timeout=20)
    assert (process.returncode, out, len(err.splitlines())) == (2, "", 1)
    assert "in use" in err


def test_a_data_folder_that_cannot_be_made_is_one_line() -> None:
    process = start_app("--data", "/proc/linefeed", "--bind", "127.0.0.1:0")
    out, err = process.communicate(timeout=20)
    assert (process.returncode, out, len(err.splitlines())) == (2, "", 1)
    assert "/proc/linefeed" in err


def test_importing_the_app_starts_nothing(tmp_path: Path) -> None:
    code = f"import sys; sys.path.insert(0, {str(PROJECT)!r}); import app; assert callable(app.app)"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=tmp_path, env={"LINEFEED_CONFIG": "/nonexistent"})
    assert list(tmp_path.iterdir()) == []


def test_many_requests_on_one_connection(server: Server) -> None:
    with httpx.Client(base_url=server.url) as client:
        assert {client.get("/healthz").status_code for _ in range(1_200)} == {200}
        assert open_connections(server) == 1


@pytest.mark.parametrize("path", ["/api/v1/nope", f"/jobs/{'a' * 26}/keep"])
def test_an_answer_before_the_body_was_read_says_that_the_connection_closes(tmp_path: Path, path: str) -> None:
    with serve(command_toml("echo", "echo"), tmp_path) as server:
        host, port = server.url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), 10) as connection:
            connection.sendall(f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\nhalf".encode())
            answer = b"".join(iter(lambda: connection.recv(4096), b"")).decode()
    assert answer.startswith("HTTP/1.1 404")
    assert "connection: close" in answer.partition("\r\n\r\n")[0].lower()


def test_a_connection_goes_on_after_a_body_that_was_read(tmp_path: Path) -> None:
    with serve(command_toml("echo", "echo"), tmp_path) as server, httpx.Client(base_url=server.url) as client:
        assert "connection" not in client.post("/api/v1/jobs", json={"command": "echo"}).headers
