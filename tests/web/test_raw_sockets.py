"""Bytes as no browser sends them: each is answered or hung up on, and nothing else comes of it."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import httpx
import pytest

from runner.web.security.framing import check_framing
from tests.support.asgi import Request
from tests.support.raw_requests import ALL, get
from tests.support.server import Server, command_toml, serve

CATALOGUE = '[auth]\nmode = "none"\n' + command_toml("nothing", "true")
LAST = get(headers=b"Connection: close\r\n")
WITHIN_S = 20.0
SILENCE_S = 1.0

_STATUS = re.compile(rb"HTTP/1\.1 (\d{3}) ")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for all of them; at the end it has complained of nothing."""
    folder: Path = tmp_path_factory.mktemp("raw")
    with serve(CATALOGUE, folder) as up:
        yield up
        up.leave()
        assert up.process.stderr is not None
        said = up.process.stderr.read().splitlines()
        assert not [line for line in said if not line.startswith("warning: ")]


def answers(server: Server, data: bytes) -> list[int]:
    """The statuses of what comes back for these bytes and a last good request."""
    return [int(status) for status in _STATUS.findall(said_to(server, data))]


def said_to(server: Server, data: bytes) -> bytes:
    """All that comes back for these bytes and a last good request, until either side has had enough."""
    port = int(server.url.rpartition(":")[2])
    received = b""
    with socket.create_connection(("127.0.0.1", port), timeout=WITHIN_S) as wire, suppress(ConnectionError):
        wire.sendall(data + LAST)
        wire.settimeout(SILENCE_S)  # it waits for the rest of what was announced
        with suppress(TimeoutError):
            while part := wire.recv(1 << 16):
                received += part
    return received


def jobs(server: Server) -> int:
    """How many jobs there are."""
    return len(httpx.get(f"{server.url}/api/v1/jobs").raise_for_status().json()["jobs"])


def test_the_list_is_long() -> None:
    assert len(ALL) >= 100


@pytest.mark.parametrize("what", ALL)
def test_nothing_comes_of_it(server: Server, what: str) -> None:
    assert not [status for status in answers(server, ALL[what]) if status >= 500 or status in (101, 201)]
    assert jobs(server) == 0


@pytest.mark.parametrize(
    ("what", "status"),
    [
        ("CL and TE", 400),
        ("CL and TE on a GET", 400),
        ("two lengths", 400),
        ("two encodings", 400),
        ("an encoding nobody knows", 400),
        ("chunked in HTTP/1.0", 400),
        ("a chunk size that overflows", 400),
        ("a trailer without end", 431),
        ("two Hosts", 400),
        ("no Host", 400),
        ("another Host", 421),
        ("10,000 headers", 431),
        ("101 headers", 431),
        ("a header of a megabyte", 431),
        ("a header of 40 kB", 431),
        ("the preface of HTTP/2", 400),
        ("CONNECT", 400),
        ("OPTIONS *", 400),
        ("the target b'http://evil.example/healthz'", 400),
        ("the target b'/static/../app.py'", 404),
        ("the target b'/static/%2e%2e/app.py'", 404),
        ("h2c", 200),
        ("a websocket", 200),
        ("a websocket by POST", 403),
    ],
)
def test_what_is_said_to_it(server: Server, what: str, status: int) -> None:
    assert answers(server, ALL[what])[0] == status


@pytest.mark.parametrize("what", ["two lengths", "an encoding nobody knows", "a header of a megabyte"])
def test_what_is_no_http_is_told_so_as_a_problem(server: Server, what: str) -> None:
    head, _, body = said_to(server, ALL[what]).partition(b"\r\n\r\n")
    problem = json.loads(body)
    assert problem["status"] == int(_STATUS.findall(head)[0])
    assert problem["detail"]
    assert b"content-type: application/problem+json" in head.lower()


@pytest.mark.parametrize(
    "what", ["CL and TE", "TE and CL", "CL and TE on a GET", "identity, then chunked", "chunked in HTTP/1.0"]
)
def test_nothing_after_an_unclear_body_is_a_request(server: Server, what: str) -> None:
    assert len(answers(server, ALL[what])) == 1


@pytest.mark.parametrize(("version", "refused"), [("1.0", True), ("1.1", False), ("2", True)])
def test_chunks_are_of_http_1_1_alone(version: str, refused: bool) -> None:
    scope = Request("POST", "/jobs", ((b"transfer-encoding", b"chunked"),)).scope()
    assert (check_framing({**scope, "http_version": version}) is not None) is refused
