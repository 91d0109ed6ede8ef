"""Tries to sign in that are refused because there are too many."""

from __future__ import annotations

import asyncio
from pathlib import Path

from argon2 import PasswordHasher

from runner.web import create_app
from runner.web.auth.pace import Pace
from runner.web.auth.throttle import MOST_CHECKED, MOST_WAITING
from runner.web.context import context_of
from tests.support.asgi import ask
from tests.support.commands import command, settings_of
from tests.web.people import OWN_SITE, users_auth

FORM = (b"content-type", b"application/x-www-form-urlencoded")
FIT = MOST_CHECKED + MOST_WAITING


async def test_too_many_tries_are_refused_one_after_the_other(tmp_path: Path) -> None:
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    auth = users_auth(tmp_path, ["ada"])
    (tmp_path / "users").write_text(f"ada:{PasswordHasher().hash('right')}\n")  # as slow as a real one: all have come
    app = create_app(settings_of(tmp_path, command("echo", "echo"), auth=auth))
    context_of(app).authority.refusals = Pace(lambda: 0.0, sleep)
    async with app.test_app():
        tries = [ask(app, "POST", "/sign-in", [OWN_SITE, FORM], b"name=ada&password=wrong") for _ in range(FIT + 9)]
        statuses = [answer.status for answer in await asyncio.gather(*tries)]
    refused = statuses.count(429)
    assert statuses.count(403) == FIT + 9 - refused
    assert 1 <= refused <= 9
    assert len(slept) == refused - 1
