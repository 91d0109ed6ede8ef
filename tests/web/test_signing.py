"""Signing in and out: by the printed address, by a token, by a password; and where one goes afterwards."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlencode

import pytest
from quart import Quart

from runner.settings import AuthMode, AuthSettings, Right
from runner.web import create_app
from runner.web.auth.throttle import MOST_WAITING, Throttle
from runner.web.context import context_of
from tests.support.asgi import Answer, ask
from tests.support.commands import command, python, settings_of
from tests.support.elsewhere import ELSEWHERE
from tests.web.people import OWN_SITE, PASSWORD, rule, sign_in, users_auth, users_file

FORM = (b"content-type", b"application/x-www-form-urlencoded")


@pytest.fixture
async def by_token(tmp_path: Path) -> AsyncIterator[Quart]:
    """An app with a start token."""
    web = create_app(settings_of(tmp_path, command("echo", "echo"), auth=AuthSettings(AuthMode.TOKEN)))
    async with web.test_app():
        yield web


@pytest.fixture
async def by_password(tmp_path: Path) -> AsyncIterator[Quart]:
    """An app with two people, who may do everything."""
    auth = users_auth(tmp_path, ["ada", "ben"], rule(*Right, people=["*"]))
    talk = python("import time\nwhile True: print('on', flush=True); time.sleep(0.05)", "talk")
    web = create_app(settings_of(tmp_path, command("echo", "echo"), talk, auth=auth))
    async with web.test_app():
        yield web


def cookies(answer: Answer) -> dict[str, str]:
    """The cookies that an answer sets, whole, by name."""
    return {value.partition("=")[0]: value for name, value in answer.headers if name == "set-cookie"}


def back(answer: Answer) -> tuple[bytes, bytes]:
    """The cookie header of a browser that got this answer."""
    return b"cookie", "; ".join(value.partition(";")[0] for value in cookies(answer).values()).encode()


async def post_form(app: Quart, path: str, *headers: tuple[bytes, bytes], **fields: str) -> Answer:
    """Send a form from this site's own page."""
    return await ask(app, "POST", path, [OWN_SITE, FORM, *headers], urlencode(fields).encode())


async def test_the_printed_address_signs_in_and_shows_nothing_itself(by_token: Quart) -> None:
    answer = await ask(by_token, "GET", f"/?token={context_of(by_token).start_token}")
    assert (answer.status, answer.header("location")) == (303, "/")
    (cookie,) = cookies(answer).values()
    assert re.fullmatch(r"linefeed_session=[\w-]{43}; .*", cookie)
    assert all(word in cookie for word in ("HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=43200"))
    assert "Secure" not in cookie
    assert (await ask(by_token, "GET", "/", [back(answer)])).status == 200


async def test_an_address_with_a_token_never_shows_a_page(by_token: Quart) -> None:
    signed_in = sign_in(by_token, "", owner=True).headers
    for headers in ((), signed_in):
        for token in ("wrong", "", context_of(by_token).start_token):
            answer = await ask(by_token, "GET", f"/?token={token}", headers)
            assert answer.status == 303
            assert "token" not in (answer.header("location") or "token").replace("/sign-in?wrong=1", "")


async def test_a_port_has_a_session_of_its_own(by_token: Quart) -> None:
    token = context_of(by_token).start_token
    answer = await ask(by_token, "GET", f"/?token={token}", [(b"host", b"localhost:8123")])
    assert list(cookies(answer)) == ["linefeed_session_8123"]


async def test_the_token_signs_in_by_the_form_and_as_a_bearer(by_token: Quart) -> None:
    token = context_of(by_token).start_token or ""
    assert (await post_form(by_token, "/sign-in", token="wrong")).status == 403
    answer = await post_form(by_token, "/sign-in", token=f" {token} ", next="/jobs?state=running")
    assert (answer.status, answer.header("location")) == (303, "/jobs?state=running")
    assert (await ask(by_token, "GET", "/jobs", [back(answer)])).status == 200
    bearer = [(b"authorization", f"Bearer {token}".encode())]
    started = await ask(by_token, "POST", "/api/v1/jobs", bearer, {"command": "echo"})
    assert started.status == 201


async def test_wrong_tokens_are_slowed_down_and_the_right_one_never(by_token: Quart) -> None:
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    authority = context_of(by_token).authority
    authority.throttle = Throttle(lambda: 0.0, sleep)
    for _ in range(7):
        assert (await post_form(by_token, "/sign-in", token="wrong")).status == 403
    assert slept == [0.25, 0.5]
    assert (await post_form(by_token, "/sign-in", token=authority.start_token or "")).status == 303
    assert slept == [0.25, 0.5]


async def test_a_crowd_of_wrong_tokens_is_refused_and_keeps_nobody_out(by_token: Quart) -> None:
    authority, gate = context_of(by_token).authority, asyncio.Event()

    async def sleep(_: float) -> None:
        await gate.wait()

    authority.throttle = Throttle(sleep=sleep)
    for _ in range(5):
        await post_form(by_token, "/sign-in", token="wrong")
    crowd = [asyncio.create_task(post_form(by_token, "/sign-in", token="wrong")) for _ in range(MOST_WAITING + 1)]
    (refused,), _ = await asyncio.wait(crowd, return_when=asyncio.FIRST_COMPLETED)
    assert refused.result().status == 429
    assert (await post_form(by_token, "/sign-in", token=authority.start_token or "")).status == 303
    gate.set()
    assert {answer.status for answer in await asyncio.gather(*crowd)} == {403, 429}


async def test_a_page_sends_to_the_form_and_back(by_token: Quart) -> None:
    answer = await ask(by_token, "GET", "/jobs?state=running&command=echo")
    assert answer.header("location") == "/sign-in?next=%2Fjobs%3Fstate%3Drunning%26command%3Decho"
    page = (await ask(by_token, "GET", answer.header("location") or "")).body.decode()
    assert 'name="next" value="/jobs?state=running&amp;command=echo"' in page


async def test_a_poll_without_a_session_sends_its_page_to_the_form(by_token: Quart) -> None:
    headers = [(b"hx-request", b"true"), (b"hx-current-url", b"http://localhost/jobs?state=running")]
    answer = await ask(by_token, "GET", "/fragments/jobs", headers)
    assert (answer.status, answer.header("hx-redirect")) == (401, "/sign-in?next=%2Fjobs%3Fstate%3Drunning")


@pytest.mark.parametrize("target", ELSEWHERE)
async def test_nobody_is_sent_to_another_site(by_token: Quart, target: str) -> None:
    token = context_of(by_token).start_token or ""
    answer = await post_form(by_token, "/sign-in", token=token, next=target)
    assert (answer.status, answer.header("location")) == (303, "/")
    signed_in = sign_in(by_token, "", owner=True).headers
    answer = await ask(by_token, "GET", f"/sign-in?{urlencode({'next': target})}", signed_in)
    assert (answer.status, answer.header("location")) == (303, "/")


async def test_a_text_browser_signs_in_with_the_form_token_of_its_page(by_password: Quart) -> None:
    page = await ask(by_password, "GET", "/sign-in")
    found = re.search(r'name="_token" value="([\w-]+)"', page.body.decode())
    assert found is not None
    fields = {"name": "ada", "password": PASSWORD}
    sent = [FORM, back(page)]
    assert (await ask(by_password, "POST", "/sign-in", sent, urlencode(fields).encode())).status == 403
    body = urlencode({**fields, "_token": found[1]}).encode()
    assert (await ask(by_password, "POST", "/sign-in", [FORM], body)).status == 403  # another browser's
    assert (await ask(by_password, "POST", "/sign-in", sent, body)).status == 303


async def test_a_password_signs_in_whatever_the_case_of_the_name(by_password: Quart) -> None:
    for name, password, status in (("ADA ", PASSWORD, 303), ("ada", "wrong", 403), ("nobody", PASSWORD, 403)):
        answer = await post_form(by_password, "/sign-in", name=name, password=password)
        assert (name, answer.status) == (name, status)


async def test_a_new_password_or_no_name_any_more_ends_the_sessions(by_password: Quart, tmp_path: Path) -> None:
    headers = sign_in(by_password, "ada").headers
    assert (await ask(by_password, "GET", "/jobs", headers)).status == 200
    users_file(tmp_path, ["ben"])
    assert (await ask(by_password, "GET", "/jobs", headers)).status == 303


async def test_sessions_are_listed_and_ended(by_password: Quart) -> None:
    one, two, other = (sign_in(by_password, name).headers for name in ("ada", "ada", "ben"))
    page = (await ask(by_password, "GET", "/sessions", one)).body.decode()
    ids = re.findall(r'name="session" value="(\w+)"', page)
    assert len(ids) == 2
    assert "(this one)" in page
    for session in ids:  # of somebody else: nothing happens
        await post_form(by_password, "/sessions/end", *other, session=session)
    assert (await ask(by_password, "GET", "/jobs", two)).status == 200
    answer = await post_form(by_password, "/sign-out", *one)
    assert (answer.status, answer.header("location")) == (303, "/sign-in")
    assert [(await ask(by_password, "GET", "/jobs", each)).status for each in (one, two, other)] == [303, 200, 200]
    await post_form(by_password, "/sessions/end-all", *two)
    assert [(await ask(by_password, "GET", "/jobs", each)).status for each in (two, other)] == [303, 200]


async def test_a_session_lives_through_a_restart(tmp_path: Path) -> None:
    auth = users_auth(tmp_path, ["ada"], rule(*Right, people=["ada"]))
    settings = settings_of(tmp_path, command("echo", "echo"), auth=auth)
    first = create_app(settings)
    async with first.test_app():
        answer = await post_form(first, "/sign-in", name="ada", password=PASSWORD)
    second = create_app(settings)
    async with second.test_app():
        assert (await ask(second, "GET", "/jobs", [back(answer)])).status == 200


async def test_a_page_that_streams_ends_with_the_session(by_password: Quart) -> None:
    headers = sign_in(by_password, "ada").headers
    started = await ask(by_password, "POST", "/api/v1/jobs", [OWN_SITE, *headers], {"command": "talk"})
    following = asyncio.create_task(ask(by_password, "GET", f"/jobs/{started.json['id']}/log?follow=1", headers))
    tailing = asyncio.create_task(ask(by_password, "GET", f"/jobs/{started.json['id']}/tail", headers))
    await asyncio.wait([following, tailing], timeout=1.0)
    assert not following.done()
    assert not tailing.done()
    await post_form(by_password, "/sessions/end-all", *headers)
    answers = await asyncio.wait_for(asyncio.gather(following, tailing), 10.0)
    assert [answer.status for answer in answers] == [200, 200]


async def test_a_start_is_in_the_audit_before_it_is_a_job(by_password: Quart, tmp_path: Path) -> None:
    headers = sign_in(by_password, "ada").headers
    answer = await post_form(by_password, "/jobs", *headers, command="echo")
    job = (answer.header("location") or "").rpartition("/")[2]
    audit = (tmp_path / "data" / "audit.jsonl").read_text()
    assert f'"job":"{job}"' in audit
    assert '"who":"ada"' in audit


async def test_refusals_are_in_the_audit(by_password: Quart, tmp_path: Path) -> None:
    await ask(by_password, "POST", "/jobs", [(b"sec-fetch-site", b"cross-site")])
    await post_form(by_password, "/sign-in", name="ada", password="wrong")
    await ask(by_password, "POST", "/sign-out", sign_in(by_password, "ada").headers)
    await post_form(by_password, "/jobs", *sign_in(by_password, "ada").headers, command="echo", extra="1")
    audit = [json.loads(line) for line in (tmp_path / "data" / "audit.jsonl").read_text().splitlines()]
    assert [(entry["what"], entry["result"], entry["who"]) for entry in audit] == [
        ("refused", "refused", ""),
        ("sign-in", "refused", "ada"),
        ("refused", "refused", "ada"),
        ("start", "refused", "ada"),
    ]


async def test_what_the_audit_cannot_take_is_not_started(by_password: Quart, tmp_path: Path) -> None:
    (tmp_path / "data" / "audit.jsonl").mkdir()
    headers = sign_in(by_password, "ada").headers
    answer = await ask(by_password, "POST", "/api/v1/jobs", [OWN_SITE, *headers], {"command": "echo"})
    assert (answer.status, answer.header("retry-after")) == (503, "10")
    assert (await ask(by_password, "GET", "/api/v1/jobs", headers)).json["jobs"] == []
    assert list((tmp_path / "data" / "jobs").iterdir()) == []
