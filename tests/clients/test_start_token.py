"""Signing in with the token that the server printed."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from tests.clients.conftest import COMMANDS
from tests.support.clients.client import Client
from tests.support.server import Server, serve


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that has printed a token."""
    with serve(COMMANDS, tmp_path_factory.mktemp("server"), no_token=False) as running:
        yield running


def test_the_printed_address_signs_in_and_is_left_at_once(client: Client, server: Server) -> None:
    client.open(f"/?token={server.token}")
    client.wait_for("Command")
    assert urlsplit(client.address).path == "/"  # a query may be there by now, of the refresh without script
    assert "token" not in client.address
    client.follow_link("Jobs")
    client.wait_for("Sign out")
    assert "token" not in client.address
    assert server.token not in client.text()


def test_the_form_takes_the_token(client: Client, server: Server) -> None:
    client.open("/commands/count")
    client.wait_for("Start token")
    client.type("Start token", "wrong")
    client.press("Sign in")
    client.wait_for("That token is not right.")
    client.type("Start token", server.token)
    client.press("Sign in")
    client.wait_for("What runs")
    assert client.address == f"{client.base}/commands/count"


def test_an_address_with_a_wrong_token_leads_to_the_form(client: Client) -> None:
    client.open("/?token=wrong")
    client.wait_for("That token is not right.")
    assert "token=" not in client.address
