"""How ``python app.py`` listens: unix sockets, TLS, and what it says before it serves."""

from __future__ import annotations

import os
import re
import socket
import ssl
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.support.certificate import self_signed
from tests.support.server import Server, command_toml, serve, start_app

CATALOGUE = command_toml("nothing", "true")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the socket will be."""
    return tmp_path / "l.sock"


@contextmanager
def serving_at(path: Path) -> Iterator[Server]:
    with serve(CATALOGUE, path.parent, "--bind", f"unix:{path}") as server:
        yield server


def health(path: Path) -> str:
    """The answer of whoever listens at the socket."""
    with httpx.Client(transport=httpx.HTTPTransport(uds=str(path))) as client:
        return client.get("http://localhost/healthz").text


def refused(folder: Path, *flags: str, no_token: bool = True) -> str:
    """The only line of a start that must fail."""
    process = start_app("--data", str(folder / "other"), *flags, no_token=no_token)
    out, err = process.communicate(timeout=20)
    assert (process.returncode, out, len(err.splitlines())) == (2, "", 1)
    return err


def left_behind(path: Path) -> None:
    """A socket of a server that is gone."""
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))


def test_a_unix_socket_is_for_its_user_alone_and_goes_at_the_end(path: Path) -> None:
    with serving_at(path) as server:
        assert (server.url, health(path)) == (f"unix:{path}", "ok\n")
        assert stat.filemode(path.stat().st_mode) == "srw-------"
        assert server.leave() == 0
    assert not path.exists()


def test_the_socket_of_a_dead_server_is_replaced(path: Path) -> None:
    left_behind(path)
    with serving_at(path):
        assert health(path) == "ok\n"


def test_the_socket_of_a_live_server_is_a_fault(path: Path) -> None:
    with serving_at(path):
        line = refused(path.parent, "--bind", f"unix:{path}")
        assert line == f"server: bind: cannot listen on unix:{path}: Address already in use\n"
        assert health(path) == "ok\n"


def test_a_file_in_the_place_of_the_socket_stays(path: Path) -> None:
    path.write_text("precious")
    assert "Address already in use" in refused(path.parent, "--bind", f"unix:{path}")
    assert path.read_text() == "precious"


def test_a_socket_that_is_another_servers_by_now_stays(path: Path) -> None:
    with serving_at(path) as server:
        path.unlink()
        left_behind(path)
        assert server.leave() == 0
    assert path.exists()


def test_a_start_that_fails_leaves_no_socket(path: Path) -> None:
    with serve(CATALOGUE, path.parent):
        flags = ("--bind", f"unix:{path}", "--data", str(path.parent / "data"))
        assert "in use by another Linefeed server" in refused(path.parent, *flags)
    assert not path.exists()


def test_a_certificate_makes_it_https(tmp_path: Path) -> None:
    certificate, key = self_signed(tmp_path)
    with serve(f'[server]\ncertificate = "{certificate}"\nkey = "{key}"\n{CATALOGUE}', tmp_path) as server:
        trusted = ssl.create_default_context(cafile=str(certificate))
        assert server.url.startswith("https://127.0.0.1:")
        assert httpx.get(f"{server.url}/healthz", verify=trusted).text == "ok\n"
        with pytest.raises(httpx.RemoteProtocolError):
            httpx.get(server.url.replace("https", "http"))
        assert server.leave() == 0
        assert "Traceback" not in server.process.communicate()[1]


def test_a_start_is_warned_of_and_its_address_is_the_only_other_line(tmp_path: Path) -> None:
    with serve(CATALOGUE, tmp_path) as server:
        assert server.leave() == 0
        out, err = server.process.communicate()
    root = [] if os.geteuid() else ["Linefeed runs as root, and so does every job"]
    told = ["auth.mode is none: every local user", *root]
    assert all(line.startswith(f"warning: {words}") for line, words in zip(err.splitlines(), told, strict=True))
    assert out == ""  # but for the line that was read at the start


def test_the_address_ends_in_the_start_token_which_is_written_nowhere_else(tmp_path: Path) -> None:
    with serve(CATALOGUE, tmp_path, no_token=False) as server:
        assert server.url.startswith("http://127.0.0.1:")
        assert re.fullmatch(r"[\w-]{22,}", server.token)
        assert server.leave() == 0
        assert server.token not in "".join(server.process.communicate())
    written = [path.read_bytes() for path in (tmp_path / "data").rglob("*") if path.is_file()]
    assert not [text for text in written if server.token.encode() in text]


@pytest.mark.parametrize(
    ("section", "flags", "fault"),
    [
        ('[auth]\nmode = "users"\nusers = "people"', ["--no-token"], "--no-token: auth.mode: the file says users"),
        ("", ["--bind", "0.0.0.0:0"], "--bind: server.bind: 0.0.0.0 can be reached from other machines"),
        ('[auth]\nmode = "none"', ["--bind", "0.0.0.0:0"], "--bind: server.bind: 0.0.0.0 can be reached"),
        (
            '[server]\ncertificate = "/nowhere.crt"\nkey = "/dev/null"',
            [],
            "server.certificate: cannot be read: No such",
        ),
        ("", ["--bind", "unix:/nowhere/l.sock"], "server: bind: cannot listen on unix:/nowhere/l.sock: No such file"),
    ],
)
def test_what_must_not_be_served_is_one_line(tmp_path: Path, section: str, flags: list[str], fault: str) -> None:
    file = tmp_path / "site.toml"
    file.write_text(f"{section}\n{CATALOGUE}")
    line = refused(tmp_path, "--config", str(file), *flags, no_token=False)
    assert line.removeprefix(f"{file}: ").startswith(fault)
