"""Share links over the app: what they show and to whom, what they never do, and who makes and revokes them."""

from __future__ import annotations

import html
import logging
import random
import re
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from quart import Quart

from runner.job import Job
from runner.parameters import TextParameter
from runner.service import Runner
from runner.settings import Right, Settings
from runner.web import create_app
from runner.web.auth.needs import NEEDS, SHAREABLE, Need
from runner.web.auth.shares import Kind, Shares, Subject
from runner.web.context import context_of
from tests.support.asgi import Answer, Request, ask, send
from tests.support.commands import command, settings_of
from tests.support.jobs import end_of
from tests.web.forging import forged
from tests.web.people import OWN_SITE, rule, sign_in, users_auth

HOUR = 3_600.0
FORM = (b"content-type", b"application/x-www-form-urlencoded")
SENTENCES = {"changed": (403, "This share link is not right."), "expired": (410, "has expired"),
             "revoked": (410, "was revoked")}  # fmt: skip
VIEWS = ("panel", "panel/fragment?size=tail", "badge.svg", "badge.txt")


class Elsewhere(Request):
    """A request from an address of the network."""

    def scope(self) -> dict[str, Any]:
        """As a server would hand it over."""
        return {**super().scope(), "client": ("203.0.113.7", 1)}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """``ada`` may do everything, ``ben`` may look, ``own`` has the right only for what they started themselves."""
    rules = [
        rule(*Right, people=["ada"]),
        rule(Right.SEE, people=["ben"]),
        rule(Right.START, Right.SHARE, people=["own"]),
        rule(Right.SHARE, people=["only"]),
    ]
    word = TextParameter(name="word", label="Word")
    say = command("say", "echo", "{word}", parameters=(word,), title="Say")
    auth = users_auth(tmp_path, ("ada", "ben", "own", "only"), *rules)
    return settings_of(
        tmp_path, say, command("wait", "sleep", "600", stop_grace=2.0), command("other", "true"), auth=auth
    )


@pytest.fixture
async def app(settings: Settings) -> AsyncIterator[Quart]:
    """The app under these rules."""
    web = create_app(settings)
    async with web.test_app():
        yield web


async def said(app: Quart, word: str = "hush", owner: str = "ada") -> Job:
    """A finished job that wrote this."""
    runner: Runner = context_of(app).runner
    job = await runner.start("say", {"word": word}, owner=owner)
    await end_of(runner, job)
    return job


def shares_of(app: Quart) -> Shares:
    return context_of(app).authority.shares


async def token_for(app: Quart, kind: Kind, name: str, ago: float = 0.0) -> str:
    """A link of an hour, made so long ago."""
    return shares_of(app).token_of(await shares_of(app).make(Subject(kind, name), "ada", time.time() - ago, HOUR))


async def get(app: Quart, path: str, token: str) -> Answer:
    return await ask(app, "GET", f"{path}{'&' if '?' in path else '?'}share={quote(token)}")


async def post(app: Quart, who: str, path: str, **fields: str) -> Answer:
    return await ask(app, "POST", path, (*sign_in(app, who).headers, OWN_SITE, FORM), urlencode(fields).encode())


async def box(app: Quart, who: str, job: Job) -> str:
    """The job's page with what is said of sharing it."""
    answer = await ask(app, "GET", f"/jobs/{job.id}?embed=1", sign_in(app, who).headers)
    assert answer.status == 200
    return html.unescape(answer.body.decode())


def links(page: str) -> list[str]:
    return re.findall('readonly value="http://localhost([^"]*)"', page)


@pytest.mark.parametrize("kind", Kind)
async def test_a_link_shows_what_it_is_for_in_every_view_and_nothing_else(app: Quart, kind: Kind) -> None:
    job = await said(app)
    await context_of(app).runner.start("other", {})
    token = await token_for(app, kind, job.id if kind is Kind.JOB else "say")
    base, others = (f"/jobs/{job.id}", ["/commands/say", "/commands/other", f"/jobs/{'a' * 26}"])
    if kind is Kind.LATEST:
        base, others = "/commands/say", ["/commands/other", "/commands/none", f"/jobs/{'a' * 26}"]
    for view in VIEWS:
        assert (view, (await get(app, f"{base}/{view}", token)).status) == (view, 200)
        for other in others:
            assert (other, view, (await get(app, f"{other}/{view}", token)).status) == (other, view, 403)
    answer = await get(app, f"{base}/panel?size=tail", token)
    assert answer.header("referrer-policy") == "no-referrer"
    assert "hush" in (page := answer.body.decode())
    assert not re.findall('<form|href="/jobs/', page)


async def test_polls_go_on_with_the_link(app: Quart) -> None:
    runner: Runner = context_of(app).runner
    job = await runner.start("wait", {})
    token = await token_for(app, Kind.JOB, job.id)
    for size in ("line", "tail", "full"):
        page = html.unescape((await get(app, f"/jobs/{job.id}/panel?size={size}", token)).body.decode())
        polls = re.findall('hx-get="([^"]*)"', page)
        assert [f"share={token}" in each for each in polls] == [True]
        assert f"share={token}&r=1" in page
        assert (await get(app, f"/jobs/{job.id}/lines?after=0&panel=1", token)).status == 200
    await runner.stop(job.id, force=True)


async def test_a_commands_link_shows_its_newest_job_only(app: Quart) -> None:
    old, new = await said(app, "ancient"), await said(app, "newer")
    token = await token_for(app, Kind.LATEST, "say")
    for view in (*VIEWS, "lines?after=0"):
        assert (await get(app, f"/jobs/{new.id}/{view}", token)).status == 200
        answer = await get(app, f"/jobs/{old.id}/{view}", token)
        assert (view, answer.status, b"ancient" in answer.body) == (view, 404, False)
    assert b"newer" in (await get(app, "/commands/say/panel", token)).body
    await said(app, "newest")
    assert (await get(app, f"/jobs/{new.id}/lines?after=0", token)).status == 404


@pytest.mark.parametrize("how", SENTENCES)
async def test_a_link_that_does_not_count_says_why(app: Quart, how: str) -> None:
    job = await said(app)
    token = await token_for(app, Kind.JOB, job.id, ago=2 * HOUR if how == "expired" else 0.0)
    if how == "revoked":
        await shares_of(app).revoke(shares_of(app).of(Subject(Kind.JOB, job.id), time.time())[0])
    token = token[:-1] + ("A" if token[-1] != "A" else "B") if how == "changed" else token
    status, sentence = SENTENCES[how]
    for view in (*VIEWS, "lines?after=0"):
        answer = await get(app, f"/jobs/{job.id}/{view}", token)
        assert (view, answer.status, sentence in answer.body.decode()) == (view, status, True)
        assert b"hush" not in answer.body
        if view == "panel":
            assert "frame-ancestors 'self'" in (answer.header("content-security-policy") or "")
            assert answer.header("referrer-policy") == "no-referrer"


async def test_of_a_thousand_forged_links_none_opens_anything(app: Quart, tmp_path: Path) -> None:
    job, dice = await said(app), random.Random(7)
    other = Shares(tmp_path / "other.json")
    await other.open()
    stranger = other.token_of(await other.make(Subject(Kind.JOB, job.id), "", time.time(), HOUR))
    token = await token_for(app, Kind.JOB, job.id)
    for text in (stranger, *{forged(dice, token, stranger) for _ in range(1_000)} - {token}):
        sent = quote(text.encode("utf-8", "surrogatepass"))
        answer = await ask(app, "GET", f"/jobs/{job.id}/badge.txt?share={sent}")
        assert (text, answer.status in (403, 414), b"Say:" in answer.body) == (text, True, False)
    assert (await get(app, f"/jobs/{job.id}/badge.txt", token)).status == 200


async def test_two_links_at_once_open_nothing_that_the_first_does_not(app: Quart) -> None:
    job = await said(app)
    token = await token_for(app, Kind.JOB, job.id)
    for query in (f"share=x&share={token}", f"share=&share={token}", f"share[]={token}", f"SHARE={token}"):
        answer = await ask(app, "GET", f"/jobs/{job.id}/panel?{query}")
        assert (query, answer.status in (400, 401, 403), b"hush" in answer.body) == (query, True, False)


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_at_every_other_address_a_link_says_nothing(app: Quart, method: str) -> None:
    job = await said(app)
    tokens = [await token_for(app, Kind.JOB, job.id), await token_for(app, Kind.LATEST, "say")]
    values, reached = {"job_id": job.id, "name": "say", "filename": "htmx.min.js"}, 0
    for each in app.url_map.iter_rules():
        if method not in (each.methods or ()) or each.endpoint in SHAREABLE or NEEDS[each.endpoint] is Need.NOTHING:
            continue
        parts = {name: values[name] for name in each.arguments}
        path = app.url_map.bind("localhost").build(each.endpoint, parts, method=method)
        without = await ask(app, method, path, (OWN_SITE,))
        assert without.status in (303, 401)
        for token in tokens:
            answer = await ask(app, method, f"{path}?share={token}", (OWN_SITE,))
            assert (path, answer.status) == (path, without.status)
            assert (answer.header("location") or "/sign-in").startswith("/sign-in")
            reached += 1
    assert reached >= 20
    assert [each.id for each in (await context_of(app).runner.jobs()).jobs] == [job.id]


async def test_who_has_a_link_and_is_signed_in_is_the_link_only(app: Quart) -> None:
    job = await said(app)
    token = await token_for(app, Kind.JOB, job.id)
    page = await ask(app, "GET", f"/jobs/{job.id}/panel?share={token}", sign_in(app, "ada").headers)
    assert (page.status, b"<form" in page.body) == (200, False)
    wrong = await ask(app, "GET", f"/jobs/{job.id}/panel?share=x", sign_in(app, "ada").headers)
    assert wrong.status == 403


async def test_wrong_links_have_to_wait_and_right_ones_never(app: Quart) -> None:
    job = await said(app)
    token, path = await token_for(app, Kind.JOB, job.id), f"/jobs/{job.id}/badge.txt?share="
    statuses = [await send(app, Elsewhere("GET", f"{path}{number}")) for number in range(30)]
    assert [answer.status for answer in statuses] == [403] * 20 + [429] * 10
    assert int(statuses[-1].header("retry-after") or 0) >= 1
    assert (await send(app, Elsewhere("GET", path + token))).status == 200
    assert (await ask(app, "GET", f"{path}x")).status == 403


async def test_links_are_made_listed_and_revoked_on_the_jobs_page(app: Quart) -> None:
    job = await said(app)
    for what in ("job", "latest"):
        answer = await post(app, "ada", f"/jobs/{job.id}/shares", what=what, hours="24")
        assert (answer.status, answer.header("location")) == (303, f"/jobs/{job.id}?embed=1#embed")
    page = await box(app, "ada", job)
    assert "made by ada" in page
    found = links(page)
    assert [path.partition("?")[0] for path in found] == [f"/jobs/{job.id}/panel", "/commands/say/panel"]
    assert [(await ask(app, "GET", path)).status for path in found] == [200, 200]
    for number in re.findall('name="share" value="([0-9a-f]+)"', page):
        assert (await post(app, "ada", f"/jobs/{job.id}/shares/revoke", share=number)).status == 303
    assert not links(await box(app, "ada", job))
    assert [(await ask(app, "GET", path)).status for path in found] == [410, 410]


@pytest.mark.parametrize(("who", "status"), [("ben", 403), ("own", 404), ("only", 404)])
async def test_nobody_makes_links_without_the_right_to(app: Quart, who: str, status: int) -> None:
    job = await said(app)
    token = await token_for(app, Kind.JOB, job.id)
    share = shares_of(app).of(Subject(Kind.JOB, job.id), time.time())[0]
    for what in ("job", "latest"):
        assert (await post(app, who, f"/jobs/{job.id}/shares", what=what, hours="1")).status == status
    assert (await post(app, who, f"/jobs/{job.id}/shares/revoke", share=share.id)).status == status
    assert (await get(app, f"/jobs/{job.id}/panel", token)).status == 200
    if who == "ben":
        assert token not in (page := await box(app, "ben", job))
        assert "Make a link" not in page


async def test_who_sees_only_their_own_shares_only_that(app: Quart) -> None:
    job = await said(app, owner="own")
    assert (await post(app, "own", f"/jobs/{job.id}/shares", what="job", hours="1")).status == 303
    assert (await post(app, "own", f"/jobs/{job.id}/shares", what="latest", hours="1")).status == 403
    everybodys = await shares_of(app).make(Subject(Kind.LATEST, "say"), "ada", time.time(), HOUR)
    assert (await post(app, "own", f"/jobs/{job.id}/shares/revoke", share=everybodys.id)).status == 303
    assert shares_of(app).get(everybodys.id) == everybodys
    assert len(links(await box(app, "own", job))) == 1


@pytest.mark.parametrize("fields", [{}, {"what": "job"}, {"what": "job", "hours": "2"}, {"what": "x", "hours": "1"}])
async def test_a_form_that_says_nothing_usable_makes_no_link(app: Quart, fields: dict[str, str]) -> None:
    job = await said(app)
    assert (await post(app, "ada", f"/jobs/{job.id}/shares", **fields)).status == 400
    assert not shares_of(app).of(Subject(Kind.JOB, job.id), time.time())


async def test_what_cannot_be_written_is_a_sentence_and_changes_nothing(app: Quart) -> None:
    job = await said(app)
    context_of(app).runner.settings.server.data.joinpath("shares.json").mkdir()
    answer = await post(app, "ada", f"/jobs/{job.id}/shares", what="job", hours="1")
    assert (answer.status, "cannot be written" in answer.body.decode()) == (503, True)
    assert not shares_of(app).of(Subject(Kind.JOB, job.id), time.time())


async def test_the_audit_says_who_made_and_revoked_and_no_log_has_the_link(
    app: Quart, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    job = await said(app)
    await post(app, "ada", f"/jobs/{job.id}/shares", what="job", hours="1")
    token = links(await box(app, "ada", job))[0].partition("share=")[2]
    await get(app, f"/jobs/{job.id}/panel", token)
    await get(app, f"/jobs/{job.id}/panel", token[:-1])
    await post(app, "ada", f"/jobs/{job.id}/shares/revoke", share=token.split(".")[1])
    await get(app, f"/jobs/{job.id}/panel", token)
    audit = context_of(app).runner.settings.server.data.joinpath("audit.jsonl").read_text()
    entries = [line for line in audit.splitlines() if f'"job":"{job.id}"' in line]
    assert [re.search('"what":"([^"]*)"', line)[1] for line in entries] == ["share", "revoke-share"]  # type: ignore[index] # each has one
    assert all('"who":"ada"' in line for line in entries)
    assert audit.count("A share link was not right.") == 1
    assert token[-43:-1] not in audit + caplog.text
