"""Signing in where a proxy serves Linefeed under a prefix, in programs that run no script."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.clients.conftest import COMMANDS
from tests.support.clients.client import Client
from tests.support.proxy import proxy
from tests.support.server import Server
from tests.support.signing import EVERYTHING, serve_to_people, sign_in

PREFIX = "/tools/linefeed"
SETTINGS = f'[server]\nbase_path = "{PREFIX}"\n'


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The server, at the address that the proxy gives it."""
    with (
        serve_to_people(SETTINGS + COMMANDS, tmp_path_factory.mktemp("server"), ada=EVERYTHING) as running,
        proxy(running.url) as before,
    ):
        yield replace(running, url=before.url + PREFIX)


@pytest.mark.parametrize("client", ["w3m", "lynx", "curl"], indirect=True)
def test_everything_stays_under_the_prefix(client: Client) -> None:
    client.open("/jobs?state=stopped")
    client.wait_for("Password")
    sign_in(client, "ada")
    client.wait_for("Sign out")
    assert client.address == f"{client.base}/jobs?state=stopped"
    client.follow_link("Dashboard")
    client.choose("Command", "Nap")
    client.press("Start")
    client.wait_for("sleep 600")
    client.press("Stop")
    client.wait_for("Stopped")
    client.press("Sign out")
    client.wait_for("Password")
    assert client.address.startswith(f"{client.base}/sign-in")
