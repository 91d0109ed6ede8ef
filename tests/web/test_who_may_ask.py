"""The matrix of method, Sec-Fetch-Site, Origin, Host, sign-in and form token: no decision is wrong."""

from __future__ import annotations

from collections.abc import AsyncIterator
from itertools import product
from pathlib import Path
from typing import NamedTuple

import pytest
from quart import Quart

from runner.job import Job
from runner.settings import AuthMode, AuthSettings, Settings
from runner.web import create_app
from runner.web.auth.sessions import mask
from runner.web.context import context_of
from tests.support.asgi import ask
from tests.support.commands import command, settings_of
from tests.support.jobs import end_of
from tests.web.people import SignedIn, sign_in

METHODS = ("GET", "POST")
SITES = (None, b"same-origin", b"none", b"same-site", b"cross-site")
ORIGINS = (None, b"http://localhost", b"http://evil.example", b"null")
HOSTS = (b"localhost", b"evil.example")
WHO = ("nobody", "session", "old session", "bearer", "wrong bearer")
TOKENS = ("none", "right", "of another", "garbage")


class Case(NamedTuple):
    """One request."""

    method: str
    site: bytes | None
    origin: bytes | None
    host: bytes
    who: str
    token: str


CASES = [Case(*parts) for parts in product(METHODS, SITES, ORIGINS, HOSTS, WHO, TOKENS)]


def expected(case: Case) -> int:
    """What the contract says, written down apart from the code."""
    foreign = case.site in (b"same-site", b"cross-site") or case.origin == b"http://evil.example"
    # A page that hides its address sends "null": that names no site, and without the other header proves nothing.
    unproved = case.origin == b"null" and case.site is None
    if case.host != b"localhost":
        return 421
    if case.method == "POST" and (foreign or unproved):
        return 403
    if case.who == "wrong bearer":
        return 401
    if case.who in ("nobody", "old session"):
        return 401 if case.method == "POST" else 303
    if case.method == "GET":
        return 200
    said = case.site is not None or case.origin is not None
    return 303 if case.who == "bearer" or said or case.token == "right" else 403


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Whoever started the server signs in with its token."""
    return settings_of(tmp_path, command("echo", "echo"), auth=AuthSettings(AuthMode.TOKEN))


@pytest.fixture
async def app(settings: Settings) -> AsyncIterator[Quart]:
    """The app, which asks who somebody is."""
    web = create_app(settings)
    async with web.test_app():
        yield web


@pytest.fixture
async def job(app: Quart) -> Job:
    """A finished job."""
    runner = context_of(app).runner
    job = await runner.start("echo", {})
    await end_of(runner, job)
    return job


async def test_no_decision_is_wrong(app: Quart, job: Job) -> None:
    here, other = sign_in(app, "", owner=True), sign_in(app, "", owner=True)
    wrong = [
        (case, status) for case in CASES if (status := (await _answer(app, job, case, here, other))) != expected(case)
    ]
    assert (wrong[:10], len(CASES)) == ([], 2 * 5 * 4 * 2 * 5 * 4)


async def _answer(app: Quart, job: Job, case: Case, here: SignedIn, other: SignedIn) -> int:
    headers: list[tuple[bytes, bytes]] = [(b"host", case.host)]
    headers += [(b"sec-fetch-site", case.site)] if case.site is not None else []
    headers += [(b"origin", case.origin)] if case.origin is not None else []
    token = context_of(app).start_token or ""
    headers += {
        "nobody": [],
        "session": list(here.headers),
        "old session": [(b"cookie", b"linefeed_session=" + b"x" * 43)],
        "bearer": [(b"authorization", f"Bearer {token}".encode())],
        "wrong bearer": [(b"authorization", f"Bearer {token[:-1]}".encode()), *here.headers],
    }[case.who]
    sent = {"none": "", "right": mask(here.form_key), "of another": mask(other.form_key), "garbage": "x" * 86}[
        case.token
    ]
    if case.method == "GET":
        return (await ask(app, "GET", f"/jobs/{job.id}", headers)).status
    headers.append((b"content-type", b"application/x-www-form-urlencoded"))
    return (await ask(app, "POST", f"/jobs/{job.id}/keep", headers, f"_token={sent}".encode())).status
