"""Signing in with a name and a password, and out again."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.clients.conftest import COMMANDS
from tests.support.clients.client import Client
from tests.support.server import Server
from tests.support.signing import EVERYTHING, serve_to_people, sign_in


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that asks for a name and a password."""
    with serve_to_people(COMMANDS, tmp_path_factory.mktemp("server"), ada=EVERYTHING) as running:
        yield running


def signed_in(client: Client, path: str, words: str) -> None:
    """Ask for a page, sign in, and be on it: it has these words."""
    client.open(path)
    client.wait_for("Password")
    sign_in(client, "ada")
    client.wait_for(words)


def test_sign_in_leads_to_what_was_asked_for(client: Client) -> None:
    client.open("/commands/count")
    client.wait_for("Password")
    sign_in(client, "ada", "a wrong password")
    client.wait_for("The name or the password is not right.")
    assert client.typed("Name") == "ada"
    sign_in(client, "ada")
    client.wait_for("What runs")
    assert client.address == f"{client.base}/commands/count"


def test_start_and_stop(client: Client) -> None:
    signed_in(client, "/", "Command")
    client.choose("Command", "Steps")
    client.press("Start")
    client.wait_for("step 2")
    client.press("Stop")
    client.wait_for("Stopped")


def test_sign_out(client: Client) -> None:
    signed_in(client, "/jobs", "Sign out")
    client.press("Sign out")
    client.wait_for("Password")
    client.open("/jobs")
    client.wait_for("Password")
    assert "ada" not in client.text()


def test_end_the_session_in_the_list(client: Client) -> None:
    signed_in(client, "/sessions", "(this one)")
    client.press("Sign out here")
    client.wait_for("Password")
    sign_in(client, "ada")
    client.wait_for("Where you are signed in")
