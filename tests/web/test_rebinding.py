"""DNS rebinding: a page of another site whose name suddenly means this machine gets nothing, by whatever Host."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.api import Api
from tests.support.server import Server, command_toml, serve

OURS = "only-for-readers-of-this-machine"
"""Stands in every page, fragment and log of the server."""

OWN = b"Host: localhost:PORT"

REBINDING = [
    (b"Host: evil.example",),
    (b"Host: evil.example:PORT",),
    (b"Host: EVIL.example.",),
    (b"Host: localhost.evil.example:PORT",),
    (b"Host: 127.0.0.1.evil.example",),
    (b"Host: evil-localhost:PORT",),
    (b"Host: localhost.",),
    (b"Host: LOCALHOST.:PORT",),
    (b"Host: 127.0.0.1.:PORT",),
    (b"Host: 2130706433:PORT",),
    (b"Host: 0177.0.0.1",),
    (b"Host: 0x7f.0.0.1",),
    (b"Host: 127.1:PORT",),
    (b"Host: 127.0.0.2:PORT",),
    (b"Host: 0.0.0.0:PORT",),
    (b"Host: [::]:PORT",),
    (b"Host: [::ffff:127.0.0.1]:PORT",),
    (b"Host: [0:0:0:0:0:0:0:1]",),
    (b"Host: [::1%25lo]:PORT",),
    (b"Host: ::1",),
    (b"Host: localhost@evil.example",),
    (b"Host: evil.example@localhost:PORT",),
    (b"Host: localhost:PORT@evil.example",),
    (b"Host: localhost, evil.example",),
    (b"Host: localhost/evil.example",),
    (b"Host: localhost#evil.example",),
    (b"Host: evil.example#@localhost",),
    (b"Host: evil.example\\@localhost",),
    (b"Host: localhost:PORT:PORT",),
    (b"Host: localhost%00.evil.example",),
    (b"Host: \xe2\x93\x9bocalhost",),
    (b"Host: localhost\xe3\x80\x82evil.example",),
    (b"Host: localhost\r\n .evil.example",),
    (b"Host: localhost\x00.evil.example",),
    (b"Host : localhost",),
    (b"Host:",),
    (),
    (b"Host: localhost", b"Host: evil.example"),
    (b"Host: evil.example", b"Host: localhost"),
    (b"Host: localhost", b"Host: localhost"),
    (b"Host: evil.example", b"X-Forwarded-Host: localhost"),
    (b"Host: evil.example", b"X-Host: localhost", b"X-Original-Host: localhost", b"X-HTTP-Host-Override: localhost"),
    (b"Host: evil.example", b"Forwarded: for=127.0.0.1;host=localhost;proto=http", b"X-Forwarded-For: 127.0.0.1"),
    (b"Host: evil.example", b"Origin: http://evil.example", b"Sec-Fetch-Site: same-origin"),
]

FORM = b"Content-Type: application/x-www-form-urlencoded"
JSON = b"Content-Type: application/json"

ROUTES = [
    ("GET /", b""),
    ("GET /commands/wait", b""),
    ("GET /jobs", b""),
    ("GET /jobs/ID", b""),
    ("GET /jobs/ID/lines?after=0", b""),
    ("GET /jobs/ID/panel", b""),
    ("GET /jobs/ID/tail", b""),
    ("GET /jobs/ID/log", b""),
    ("GET /fragments/jobs", b""),
    ("GET /audit", b""),
    ("GET /api/v1/commands", b""),
    ("GET /api/v1/jobs", b""),
    ("GET /api/v1/jobs/ID/lines", b""),
    ("POST /jobs", b"command=wait"),
    ("POST /api/v1/jobs", b'{"command":"wait"}'),
    ("POST /jobs/ID/stop", b""),
    ("POST /api/v1/jobs/ID/stop", b'{"force":true}'),
]


@dataclass(frozen=True, slots=True)
class Target:
    """A server that asks nobody who they are, and its one job, which runs."""

    port: int
    job: str
    api: Api

    def ask(self, line: str, body: bytes = b"", *hosts: bytes) -> bytes:
        """The whole answer to a request with these headers."""
        method, _, target = line.replace("ID", self.job).partition(" ")
        kind = JSON if body.startswith(b"{") else FORM
        length = b"Content-Length: %d" % len(body)
        head = [f"{method} {target} HTTP/1.1".encode(), *hosts, kind, length, b"Connection: close", b"", b""]
        with socket.create_connection(("127.0.0.1", self.port), timeout=10.0) as connection:
            connection.sendall(b"\r\n".join(head).replace(b"PORT", b"%d" % self.port) + body)
            return _answer(connection)


def _answer(connection: socket.socket) -> bytes:
    """All of it; of a page that goes on for ever, the beginning."""
    received = b""
    try:
        while (part := connection.recv(1 << 16)) and len(received) < 1 << 20:
            received += part
            if b"</pre>" in received or OURS.encode() in received:
                break
    except ConnectionError:
        pass
    return received


@pytest.fixture(scope="module", params=["", 'trusted_proxies = ["127.0.0.1"]'], ids=["alone", "behind a proxy"])
def target(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    """One that takes every client for its proxy, too: what a proxy says of the Host counts for nothing."""
    config = f"[server]\n{request.param}\n" + command_toml(
        "wait", "sh", "-c", f"echo {OURS}; exec sleep 600", title=OURS, stop_grace="1s"
    )
    folder = tmp_path_factory.mktemp("rebinding")
    with serve(config, folder) as server, closing(Api(server.url)) as api:
        job = api.start("wait")
        api.written(job, 1)
        yield Target(port_of(server), job, api)


def port_of(server: Server) -> int:
    """Where it listens."""
    return int(server.url.rpartition(":")[2])


def status_of(answer: bytes) -> int:
    """Its status; 0 if the connection was closed without an answer."""
    match = re.match(rb"HTTP/1\.1 (\d{3}) ", answer)
    return int(match[1]) if match else 0


def is_refused(answer: bytes) -> bool:
    """Whether it says that the Host is wrong, and gives the browser nothing to keep."""
    return status_of(answer) in (400, 421) and b"set-cookie" not in answer.lower()


def test_there_are_more_than_twenty_and_none_twice() -> None:
    assert len(set(REBINDING)) == len(REBINDING) > 20


@pytest.mark.parametrize(("line", "body"), ROUTES, ids=[line for line, _ in ROUTES])
def test_no_host_but_its_own_gets_anything(target: Target, line: str, body: bytes) -> None:
    for hosts in REBINDING:
        answer = target.ask(line, body, *hosts)
        assert is_refused(answer), (hosts, answer)
        assert OURS.encode() not in answer
    (job,) = target.api.jobs()
    assert (job["id"], job["state"]) == (target.job, "running")


@pytest.mark.parametrize("line", [line for line, _ in ROUTES if line.startswith("GET") and line != "GET /audit"])
def test_each_of_these_addresses_answers_its_own_host(target: Target, line: str) -> None:
    for host in (OWN, b"Host: LOCALHOST:PORT", b"Host: 127.0.0.1", b"Host: [::1]:PORT"):
        answer = target.ask(line, b"", host)
        assert (status_of(answer), OURS.encode() in answer) == (200, True)


@pytest.mark.parametrize(
    "form", ["http://evil.example/", "http://localhost:PORT/", "//evil.example/", "evil.example:80"]
)
@pytest.mark.parametrize("host", [OWN, b"Host: evil.example"])
def test_a_target_that_names_a_host_gets_nothing(target: Target, form: str, host: bytes) -> None:
    for path in ("", "api/v1/jobs"):
        answer = target.ask(f"GET {form}{path}", b"", host)
        assert status_of(answer) in (400, 404, 421)
        assert OURS.encode() not in answer
    assert status_of(target.ask(f"POST {form}jobs", b"command=wait", host)) in (400, 404, 405, 421)
    assert len(target.api.jobs()) == 1


def test_what_a_proxy_says_of_the_host_stands_in_no_answer(target: Target) -> None:
    said = [b"X-Forwarded-Host: evil.example", b"Forwarded: host=evil.example", b"X-Forwarded-Server: evil.example"]
    for line in ("GET /", "GET /jobs", "GET /nothing", "GET /commands?command=wait", "GET /api/v1/openapi.json"):
        answer = target.ask(line, b"", OWN, *said)
        assert status_of(answer) in (200, 303, 404)
        assert b"evil.example" not in answer


def test_the_right_token_is_worth_nothing_under_another_host(tmp_path: Path) -> None:
    commands = command_toml("wait", "true", title=OURS)
    with serve(commands, tmp_path, no_token=False) as server, closing(Api(server.url)) as api:
        target = Target(port_of(server), "", api)
        bearer = f"Authorization: Bearer {server.token}".encode()
        for hosts in REBINDING:
            exchange = target.ask(f"GET /?token={server.token}", b"", *hosts)
            started = target.ask("POST /api/v1/jobs", b'{"command":"wait"}', *hosts, bearer)
            assert (hosts, is_refused(exchange), is_refused(started)) == (hosts, True, True)
        assert b'"jobs":[]' in target.ask("GET /api/v1/jobs", b"", OWN, bearer)
        assert status_of(target.ask(f"GET /?token={server.token}", b"", OWN)) == 303
