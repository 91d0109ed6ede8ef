"""Signing in and out, and the list of one's sessions. The pages work without script."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from quart import Blueprint, Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from runner.settings import AuthMode
from runner.web import addresses, queries
from runner.web.audit.entry import What
from runner.web.auth import noting, start_token
from runner.web.auth.asking import identity, person
from runner.web.auth.authority import Authority
from runner.web.auth.entering import forget_cookie, let_in
from runner.web.auth.gate import check_form_token
from runner.web.auth.identity import DEVICE_COOKIE, Identity, scope_of
from runner.web.auth.passwords import TooBusy
from runner.web.auth.returning import safe_next
from runner.web.auth.sessions import Session, mask
from runner.web.auth.throttle import TooManyTries, Trial
from runner.web.auth.users import canonical
from runner.web.browser import browser_for_this_answer, browser_of
from runner.web.context import authority
from runner.web.rendering import page
from runner.web.security.peer import client_of
from runner.web.views import Clock, clock_of

NOT_RIGHT = "That token is not right. It is another each time the server starts: look where it was started."
NO_SUCH_PAIR = "The name or the password is not right."
LONGEST_NAME = 64

blueprint = Blueprint("signing", __name__)


@dataclass(frozen=True, slots=True)
class SignInView:
    """The form to sign in with: a token, a name and password, or nothing that can be filled in here (``by_proxy``)."""

    by_token: bool
    by_proxy: bool
    url: str
    next: str
    name: str
    reason: str
    form_token: str


@dataclass(frozen=True, slots=True)
class SessionView:
    """One session of the person who looks."""

    id: str
    here: bool
    way: str
    address: str
    agent: str
    made: Clock
    used: Clock
    end_url: str


@blueprint.get("/sign-in")
async def sign_in_page() -> Response | AnyResponse:
    """The form; somebody who is signed in already goes on."""
    wanted = safe_next(queries.text("next"))
    if identity().person is not None:
        return redirect(addresses.address(wanted), 303)
    return await _form(wanted, "", NOT_RIGHT if queries.text("wrong") else "")


@blueprint.post("/sign-in")
async def sign_in() -> Response | AnyResponse:
    """Check what was sent, and begin a session."""
    await check_form_token(Identity(None, form_key=_key_of(browser_of() or "")))
    sent = await request.form
    wanted = safe_next(sent.get("next"))
    if authority().mode is AuthMode.TOKEN:
        return await _by_token(sent.get("token", ""), wanted)
    if authority().mode is AuthMode.USERS:
        return await _by_password(sent.get("name", ""), sent.get("password", ""), wanted)
    return await _form(wanted, "", "")


@blueprint.post("/sign-out")
async def sign_out() -> AnyResponse:
    """End this session."""
    session = identity().session
    if session is not None:
        authority().sessions.revoke(session.id, session.name)
        noting.note(What.SIGN_OUT)
    return forget_cookie(redirect(addresses.sign_in(), 303))


@blueprint.get("/sessions")
async def sessions_page() -> Response:
    """Where this person is signed in."""
    now, here = time.time(), identity().session
    found = authority().sessions.of(person().name, now) if here else []
    views = [_session_view(each, here, now) for each in found]
    return await page("sessions", sessions=views, everywhere=addresses.end_all_sessions())


@blueprint.post("/sessions/end")
async def end_session() -> AnyResponse:
    """End one session of this person."""
    session_id = (await request.form).get("session", "")
    if identity().session is not None and authority().sessions.revoke(session_id, person().name):
        noting.note(What.REVOKE_SESSION)
    return redirect(addresses.sessions(), 303)


@blueprint.post("/sessions/end-all")
async def end_all_sessions() -> AnyResponse:
    """Sign out everywhere, here too."""
    if identity().session is not None:
        authority().sessions.revoke_all(person().name)
        noting.note(What.REVOKE_SESSION, reason="Everywhere.")
    return forget_cookie(redirect(addresses.sign_in(), 303))


async def _by_token(token: str, wanted: str) -> Response | AnyResponse:
    """Only wrong tokens wait: nobody guesses 256 bits, and a crowd at one address must not keep the right one out."""
    if start_token.is_right(authority(), token.strip()):
        return _enter("", "start token", wanted, owner=True)
    async with _slowly():
        noting.refused(What.SIGN_IN, reason="The start token was wrong.")
    return await _form(wanted, "", NOT_RIGHT, 403)


async def _by_password(name: str, password: str, wanted: str) -> Response | AnyResponse:
    person = await _checked(authority(), name.strip(), password)
    if person is None:
        noting.refused(What.SIGN_IN, who=name, reason="The name or the password was wrong.")
        return await _form(wanted, name[:LONGEST_NAME], NO_SUCH_PAIR, 403)
    return _enter(person, "password", wanted)


async def _checked(auth: Authority, name: str, password: str) -> str | None:
    """The person whose name and password these are, or None. Raises TooManyTries, TooBusy."""
    if auth.users is None:
        return None
    device = auth.devices.valid(request.cookies.get(DEVICE_COOKIE, ""), canonical(name) or "")
    async with _slowly(device) as trial:
        person = await auth.users.check(name, password, auth.passwords, known=device is not None)
        trial.ended(person is not None)
    return person


@asynccontextmanager
async def _slowly(device: str | None = None) -> AsyncIterator[Trial]:
    """A try to sign in, from where this request comes. Raises TooManyTries, and passes TooBusy on, at a pace."""
    auth = authority()
    try:
        async with auth.throttle.trying(client_of(scope_of(request)), device) as trial:
            yield trial
    except (TooManyTries, TooBusy):
        await auth.refusals.turn()
        raise


def _enter(name: str, way: str, wanted: str, *, owner: bool = False) -> AnyResponse:
    noting.note(What.SIGN_IN, who=name, way=way)
    return let_in(redirect(addresses.address(wanted), 303), name, way, owner=owner)


async def _form(wanted: str, name: str, reason: str, status: int = 200) -> Response:
    form = SignInView(
        by_token=authority().mode is AuthMode.TOKEN,
        by_proxy=authority().mode is AuthMode.PROXY,
        url=addresses.sign_in(),
        next=wanted,
        name=name,
        reason=reason,
        form_token=mask(_key_of(browser_for_this_answer())),
    )
    return await page("sign_in", status, form=form)


def _key_of(browser: str) -> bytes:
    return authority().form_key("browser", browser)


def _session_view(session: Session, here: Session | None, now: float) -> SessionView:
    return SessionView(
        id=session.id,
        here=here is not None and session.id == here.id,
        way=session.way,
        address=session.address,
        agent=session.agent or "Unknown",
        made=clock_of(session.created, now),
        used=clock_of(session.used, now),
        end_url=addresses.end_session(),
    )
