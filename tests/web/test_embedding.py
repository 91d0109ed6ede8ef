"""Who may show what in a frame: panels, to the origins of the settings, and nothing else."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from dataclasses import replace
from pathlib import Path

import pytest
from quart import Quart, Response

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
OTHER = "https://status.example.org"
"""May embed one command only."""

FRAMED = {
    "GET": {"/jobs/<job_id>/panel", "/commands/<name>/panel"},
    "POST": {"/commands/<name>/panel"},
}
"""The only addresses whose answers may be framed, by method."""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Two sites may frame panels, but for those of two commands."""
    plain = settings_of(
        tmp_path,
        command("nothing", "true"),
        command("own", "true", frame_ancestors=(OTHER,)),
        command("closed", "true", frame_ancestors=()),
    )
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
        return allow_framing(Response("a panel"), SITES)

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


def addresses(app: Quart, method: str, values: dict[str, str]) -> Iterable[tuple[str, str]]:
    """The pattern and an address of every route that takes this method."""
    for rule in app.url_map.iter_rules():
        if method in (rule.methods or ()):
            parts = {name: values[name] for name in rule.arguments}
            yield rule.rule, app.url_map.bind("localhost").build(rule.endpoint, parts, method=method)


@pytest.mark.parametrize("method", FRAMED)
async def test_panels_may_be_framed_and_nothing_else(app: Quart, method: str) -> None:
    job = await start_job(context_of(app).runner, "nothing")
    await end_of(context_of(app).runner, job)
    found, everywhere = set(), " ".join(["'self'", *SITES])
    for pattern, address in addresses(app, method, {"job_id": job.id, "name": "nothing", "command": "nothing"}):
        allowed = ancestors(await ask(app, method, address + ("?commands=nothing" if "wall" in address else "")))
        assert allowed in ("'none'", everywhere)
        found |= {pattern} if allowed == everywhere else set()
    assert found - {"/test/panel"} == FRAMED[method]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/jobs/none/panel", 404),
        ("GET", f"/jobs/{'a' * 26}/panel", 404),
        ("GET", "/jobs/none/panel?size=huge", 404),
        ("GET", "/commands/none/panel", 404),
        ("GET", "/commands/nothing/panel?size=huge", 400),
        ("POST", "/commands/none/panel", 404),
        ("POST", "/commands/nothing/panel?lines=x", 400),
    ],
)
async def test_what_goes_wrong_in_a_panel_is_said_in_the_frame(app: Quart, method: str, path: str, status: int) -> None:
    answer = await ask(app, method, path)
    assert (answer.status, ancestors(answer)) == (status, " ".join(["'self'", *SITES]))
    page = answer.body.decode()
    assert 'class="linefeed-panel trouble"' in page
    assert "<nav" not in page
    assert page.count("<h1") == page.count("</html>") == 1


@pytest.mark.parametrize(("name", "sites"), [("nothing", SITES), ("own", (OTHER,)), ("closed", ())])
async def test_a_command_may_have_sites_of_its_own_for_its_jobs_too(
    app: Quart, name: str, sites: tuple[str, ...]
) -> None:
    job = await start_job(context_of(app).runner, name)
    for path in (f"/commands/{name}/panel", f"/jobs/{job.id}/panel"):
        assert ancestors(await ask(app, "GET", path)) == " ".join(["'self'", *sites])


async def test_no_error_of_another_page_may_be_framed(app: Quart) -> None:
    for path in ("/none", "/jobs/none", "/jobs/none/panel/", "/panel", "/api/v1/none", "/static/none"):
        assert ancestors(await ask(app, "GET", path)) == "'none'"


async def test_a_page_that_isolates_itself_may_show_a_panel(app: Quart) -> None:
    answer = await ask(app, "GET", "/test/panel")
    assert answer.header("cross-origin-resource-policy") == "cross-origin"
    assert answer.header("cross-origin-embedder-policy") == "require-corp"


async def test_without_settings_only_the_own_pages_may_frame_a_panel(tmp_path: Path) -> None:
    web = create_app(settings_of(tmp_path))

    @web.get("/test/panel")
    async def panel() -> Response:
        return allow_framing(Response("a panel"), ())

    async with web.test_app():
        answer = await ask(web, "GET", "/test/panel")
    assert ancestors(answer) == "'self'"
    assert answer.header("cross-origin-resource-policy") == "same-origin"
