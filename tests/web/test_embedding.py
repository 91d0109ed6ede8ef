"""Who may show what in a frame: panels, to the origins of the settings, and nothing else."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from dataclasses import replace
from pathlib import Path

import pytest
from quart import Quart, Response

from runner.service import Runner
from runner.settings import Settings
from runner.web import create_app
from runner.web.auth import needs
from runner.web.context import context_of
from runner.web.embedding import allow_framing
from runner.web.security.headers import CONTENT_SECURITY_POLICY
from tests.support.asgi import Answer, ask
from tests.support.commands import command, settings_of
from tests.support.jobs import end_of, start_job

SITES = ("https://intranet.example.org", "http://wiki.example.org:8080")
PANEL = "/panel"
"""How the addresses of panels end."""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Two sites may frame panels."""
    plain = settings_of(tmp_path, command("nothing", "true"))
    return replace(plain, server=replace(plain.server, frame_ancestors=SITES))


@pytest.fixture(autouse=True)
def open_to_all(monkeypatch: pytest.MonkeyPatch) -> None:
    """A route has to say what it needs, this test's own too."""
    monkeypatch.setitem(needs.NEEDS, "panel", needs.Need.NOTHING)


@pytest.fixture
async def app(settings: Settings) -> AsyncIterator[Quart]:
    """The app, with a panel of this test's own."""
    web = create_app(settings)

    @web.get("/test/panel")
    async def panel() -> Response:
        return allow_framing(Response("a panel"))

    async with web.test_app():
        yield web


def ancestors(answer: Answer) -> str:
    """What the policy says about framing; the rest of it must be that of every page."""
    policy = answer.header("content-security-policy") or ""
    *rest, last = policy.split("; ")
    assert last.startswith("frame-ancestors ")
    if "sandbox" not in rest:
        assert rest == CONTENT_SECURITY_POLICY.split("; ")[:-1]
    return last.removeprefix("frame-ancestors ")


def addresses(app: Quart, values: dict[str, str]) -> Iterable[str]:
    """The address of every route that can be got."""
    for rule in app.url_map.iter_rules():
        if "GET" in (rule.methods or ()):
            parts = {name: values[name] for name in rule.arguments}
            yield app.url_map.bind("localhost").build(rule.endpoint, parts)


async def test_panels_may_be_framed_and_nothing_else(app: Quart) -> None:
    runner: Runner = context_of(app).runner
    job = await start_job(runner, "nothing")
    await end_of(runner, job)
    values = {"job_id": job.id, "name": "nothing", "command": "nothing"}
    for address in addresses(app, values):
        answer = await ask(app, "GET", address)
        allowed = " ".join(["'self'", *SITES]) if address.endswith(PANEL) else "'none'"
        assert (address, ancestors(answer)) == (address, allowed)


async def test_no_error_may_be_framed(app: Quart) -> None:
    for path in ("/none", "/jobs/none", "/api/v1/none", "/static/none"):
        assert ancestors(await ask(app, "GET", path)) == "'none'"


async def test_a_page_that_isolates_itself_may_show_a_panel(app: Quart) -> None:
    answer = await ask(app, "GET", "/test/panel")
    assert answer.header("cross-origin-resource-policy") == "cross-origin"
    assert answer.header("cross-origin-embedder-policy") == "require-corp"


async def test_without_settings_only_the_own_pages_may_frame_a_panel(tmp_path: Path) -> None:
    web = create_app(settings_of(tmp_path))

    @web.get("/test/panel")
    async def panel() -> Response:
        return allow_framing(Response("a panel"))

    async with web.test_app():
        answer = await ask(web, "GET", "/test/panel")
    assert ancestors(answer) == "'self'"
    assert answer.header("cross-origin-resource-policy") == "same-origin"
