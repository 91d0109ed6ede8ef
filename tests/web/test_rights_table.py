"""Every route for every role: a route that is not in the table fails here, and is refused to everybody."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from quart import Quart

from runner.job import Job
from runner.service import Runner
from runner.settings import Right, Settings
from runner.web import create_app
from runner.web.auth.needs import NEEDS
from runner.web.context import context_of
from tests.support.asgi import Answer, ask
from tests.support.commands import command, settings_of
from tests.support.jobs import end_of
from tests.web.people import OWN_SITE, rule, sign_in, users_auth

ROLES = ("nobody", "plain", "starter", "seer", "stopper", "loader", "beginner", "auditor", "sharer", "everything")
"""``plain`` has no right at all; ``starter`` has none either, but the job of the table is theirs."""

RULES = {
    "seer": (Right.SEE,),
    "stopper": (Right.SEE, Right.STOP),
    "loader": (Right.SEE, Right.DOWNLOAD),
    "beginner": (Right.START,),
    "auditor": (Right.AUDIT,),
    "sharer": (Right.SEE, Right.SHARE),
    "everything": tuple(Right),
}

#                                                                            nobody starter stopper beginner sharer
#                                                                                plain   seer  loader  auditor  all
TABLE = {
    "health.healthz":           ("GET /healthz",                             "200 200 200 200 200 200 200 200 200 200"),
    "static.static_file":       ("GET /static/htmx.min.js",                  "200 200 200 200 200 200 200 200 200 200"),
    "signing.sign_in_page":     ("GET /sign-in",                             "200 303 303 303 303 303 303 303 303 303"),
    "signing.sign_in":          ("POST /sign-in",                            "403 403 403 403 403 403 403 403 403 403"),
    "signing.sign_out":         ("POST /sign-out",                           "401 303 303 303 303 303 303 303 303 303"),
    "signing.sessions_page":    ("GET /sessions",                            "303 200 200 200 200 200 200 200 200 200"),
    "signing.end_session":      ("POST /sessions/end",                       "401 303 303 303 303 303 303 303 303 303"),
    "signing.end_all_sessions": ("POST /sessions/end-all",                   "401 303 303 303 303 303 303 303 303 303"),
    "pages.dashboard":          ("GET /",                                    "303 200 200 200 200 200 200 200 200 200"),
    "pages.pick_command":       ("GET /commands?command=say",                "303 404 404 303 303 303 303 404 303 303"),
    "pages.command_form":       ("GET /commands/say",                        "303 404 404 200 200 200 200 404 200 200"),
    "pages.start_job":          ("POST /jobs command=say",                   "401 404 404 403 403 403 303 404 403 303"),
    "pages.job_list":           ("GET /jobs",                                "303 200 200 200 200 200 200 200 200 200"),
    "fragments.recent_jobs":    ("GET /fragments/jobs",                      "303 200 200 200 200 200 200 200 200 200"),
    "fragments.lines":          ("GET /jobs/ID/lines?after=0",               "303 404 200 200 200 200 404 404 200 200"),
    "jobpage.job_page":         ("GET /jobs/ID",                             "303 404 200 200 200 200 404 404 200 200"),
    "panels.job_panel":         ("GET /jobs/ID/panel",                       "401 404 200 200 200 200 404 404 200 200"),
    "panels.job_fragment":      ("GET /jobs/ID/panel/fragment?size=tail",    "303 404 200 200 200 200 404 404 200 200"),
    "panels.job_badge":         ("GET /jobs/ID/badge.svg",                   "303 404 200 200 200 200 404 404 200 200"),
    "panels.job_badge_text":    ("GET /jobs/ID/badge.txt",                   "303 404 200 200 200 200 404 404 200 200"),
    "panels.command_panel":     ("GET /commands/say/panel",                  "401 404 404 200 200 200 200 404 200 200"),
    "panels.command_fragment": ("GET /commands/say/panel/fragment?size=line","303 404 404 200 200 200 200 404 200 200"),
    "panels.command_badge":     ("GET /commands/say/badge.svg",              "303 404 404 200 200 200 200 404 200 200"),
    "panels.command_badge_text":("GET /commands/say/badge.txt",              "303 404 404 200 200 200 200 404 200 200"),
    "panels.start_in_panel":    ("POST /commands/say/panel",                 "401 404 404 403 403 403 303 404 403 303"),
    "panels.colours":           ("GET /panel.css",                           "200 200 200 200 200 200 200 200 200 200"),
    "walls.wall":               ("GET /wall",                                "303 200 200 200 200 200 200 200 200 200"),
    "walls.wall_fragment":      ("GET /fragments/wall?commands=echo",        "303 200 200 200 200 200 200 200 200 200"),
    "sharing.share":            ("POST /jobs/ID/shares what=job&hours=1",    "401 404 403 403 403 403 404 404 303 303"),
    "sharing.revoke":           ("POST /jobs/ID/shares/revoke share=x",      "401 404 403 403 403 403 404 404 303 303"),
    "jobpage.keep_job":         ("POST /jobs/ID/keep",                       "401 404 303 303 303 303 404 404 303 303"),
    "jobpage.stop_job":         ("POST /jobs/ID/stop",                       "401 404 303 403 303 403 404 404 403 303"),
    "jobpage.pin_job":          ("POST /jobs/ID/pin",                        "401 404 303 403 303 403 404 404 403 303"),
    "jobpage.unpin_job":        ("POST /jobs/ID/unpin",                      "401 404 303 403 303 403 404 404 403 303"),
    "tail.tail":                ("GET /jobs/ID/tail",                        "303 404 200 200 200 200 404 404 200 200"),
    "log.log":                  ("GET /jobs/ID/log",                         "303 404 200 403 403 200 404 404 403 200"),
    "audit.audit_page":         ("GET /audit",                               "303 403 403 403 403 403 403 200 403 200"),
    "api.openapi":              ("GET /api/v1/openapi.json",                 "401 200 200 200 200 200 200 200 200 200"),
    "api.list_commands":        ("GET /api/v1/commands",                     "401 200 200 200 200 200 200 200 200 200"),
    "api.list_jobs":            ("GET /api/v1/jobs",                         "401 200 200 200 200 200 200 200 200 200"),
    "api.start_job":            ("POST /api/v1/jobs {say}",                  "401 404 404 403 403 403 201 404 403 201"),
    "api.show_job":             ("GET /api/v1/jobs/ID",                      "401 404 200 200 200 200 404 404 200 200"),
    "api.read_lines":           ("GET /api/v1/jobs/ID/lines",                "401 404 200 200 200 200 404 404 200 200"),
    "api.stop_job":             ("POST /api/v1/jobs/ID/stop",                "401 404 200 403 200 403 404 404 403 200"),
}  # fmt: skip


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A person for each role."""
    rules = [rule(*rights, people=[name]) for name, rights in RULES.items()]
    auth = users_auth(tmp_path, ROLES[1:], *rules)
    return settings_of(tmp_path, command("say", "echo", "hello"), command("other", "true"), auth=auth)


@pytest.fixture
async def app(settings: Settings) -> AsyncIterator[Quart]:
    """The app under these rules."""
    web = create_app(settings)
    async with web.test_app():
        yield web


@pytest.fixture
async def job(app: Quart) -> Job:
    """A finished job of ``starter``."""
    runner: Runner = context_of(app).runner
    job = await runner.start("say", {}, owner="starter")
    await end_of(runner, job)
    return job


async def asked_as(app: Quart, role: str, method: str, target: str) -> Answer:
    """The answer to this role; ``target`` may end in a form, or in a command for the API."""
    path, _, sent = target.partition(" ")
    who = () if role == "nobody" else sign_in(app, role).headers
    body: bytes | object = sent.encode()
    headers = [OWN_SITE, *who]
    if sent.startswith("{"):
        body = {"command": sent.strip("{}")}
    elif sent:
        headers.append((b"content-type", b"application/x-www-form-urlencoded"))
    return await ask(app, method, path, headers, body)


@pytest.mark.parametrize("endpoint", TABLE)
async def test_each_role_gets_what_the_table_says(app: Quart, job: Job, endpoint: str) -> None:
    method, _, target = TABLE[endpoint][0].partition(" ")
    statuses = map(int, TABLE[endpoint][1].split())
    found = {role: (await asked_as(app, role, method, target.replace("ID", job.id))).status for role in ROLES}
    assert found == dict(zip(ROLES, statuses, strict=True))


def test_every_route_is_in_the_table_and_says_what_it_needs(settings: Settings) -> None:
    routes = {rule.endpoint for rule in create_app(settings).url_map.iter_rules()}
    assert routes == set(TABLE) == set(NEEDS)


async def test_a_route_that_does_not_say_what_it_needs_is_refused(settings: Settings) -> None:
    web = create_app(settings)

    @web.get("/forgotten")
    async def forgotten() -> str:
        return "reached"

    async with web.test_app():
        assert (await asked_as(web, "everything", "GET", "/forgotten")).status == 403


async def test_what_somebody_does_not_see_is_in_no_list(app: Quart, job: Job) -> None:
    for role, sees in (("plain", False), ("beginner", False), ("starter", True), ("seer", True)):
        for path in ("/api/v1/jobs", "/jobs", "/fragments/jobs", "/"):
            answer = await asked_as(app, role, "GET", path)
            assert (role, path, job.id in answer.body.decode()) == (role, path, sees)


async def test_buttons_are_there_for_who_may_press_them(app: Quart, job: Job) -> None:
    for role, log, pin in (("seer", False, False), ("stopper", False, True), ("loader", True, False)):
        page = (await asked_as(app, role, "GET", f"/jobs/{job.id}")).body.decode()
        assert (role, f"/jobs/{job.id}/log" in page, f"/jobs/{job.id}/pin" in page) == (role, log, pin)
