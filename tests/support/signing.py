"""Servers that ask who somebody is, and a person who says so at any client."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.clients.client import Client
from tests.support.server import Server, serve
from tests.web.people import PASSWORD, users_file

EVERYTHING = ["see", "start", "stop", "input", "download", "audit"]


@contextmanager
def serve_to_people(config: str, folder: Path, **may: list[str]) -> Iterator[Server]:
    """A server at which these people sign in with ``PASSWORD``; each may do so much with every command.

    ``config`` has no ``[auth]``, and no table that is open at its beginning.
    """
    users = users_file(folder, may)
    rights = "\n".join(
        f'[[rights]]\npeople = ["{name}"]\ncommands = ["*"]\nmay = {rights}' for name, rights in may.items() if rights
    )
    auth = f'[auth]\nmode = "users"\nusers = "{users}"\n'
    with serve(f"{auth}\n{rights}\n{config}", folder, no_token=False) as running:
        yield running


def sign_in(client: Client, name: str, password: str = PASSWORD) -> None:
    """Fill in the form that is the page, and send it."""
    client.type("Name", name)
    client.type("Password", password)
    client.press("Sign in")
