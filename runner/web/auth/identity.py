"""Who sends this request: read once for each request, before any route."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from typing import cast

from quart import Request

from runner.settings import AuthMode
from runner.web.addresses import PREFIX
from runner.web.asgi import Scope
from runner.web.auth.authority import NOBODY_IS_ASKED, Authority
from runner.web.auth.person import Person
from runner.web.auth.sessions import Session
from runner.web.security.peer import proxy_user

SESSION_COOKIE = "linefeed_session"
DEVICE_COOKIE = "linefeed_device"
RESERVED_NAMES = "token:"
"""How the names of API tokens begin. No person has such a name: else the jobs of a token would be theirs."""

_BEARER = re.compile(r"Bearer +([\x21-\x7e]{1,200}) *", re.IGNORECASE)
_PORT = re.compile(r":([0-9]{1,5})\Z")


@dataclass(frozen=True, slots=True)
class Identity:
    """Who asks. ``person`` is None for nobody; ``refused`` says that a token or name was sent that counts for nothing.

    ``form_key`` is the key of this person's form tokens; None where a request needs none.
    """

    person: Person | None
    session: Session | None = None
    form_key: bytes | None = None
    refused: bool = False


NOBODY = Identity(None)


def identity_of(authority: Authority, request: Request) -> Identity:
    """Who sent ``request``. A bearer token decides alone, if one is sent; then the proxy, then the session."""
    if authority.mode is AuthMode.NONE:
        return Identity(NOBODY_IS_ASKED)
    sent = request.headers.getlist("Authorization")
    if sent:
        return _by_bearer(authority, sent)
    if authority.mode is AuthMode.PROXY:
        named = proxy_user(scope_of(request))
        if named is None or named[0].startswith(RESERVED_NAMES):
            return NOBODY
        return Identity(authority.by_proxy(*named), form_key=authority.form_key("proxy", named[0]))
    return _by_session(authority, request)


def _by_bearer(authority: Authority, sent: list[str]) -> Identity:
    match = _BEARER.fullmatch(sent[0]) if len(sent) == 1 else None
    person = authority.by_bearer(match[1], time.time()) if match else None
    return Identity(person, refused=person is None)


def _by_session(authority: Authority, request: Request) -> Identity:
    cookie = request.cookies.get(session_cookie(request))
    session = authority.sessions.find(cookie, time.time()) if cookie else None
    person = authority.by_session(session) if session else None
    if session is None or person is None:
        return NOBODY
    return Identity(person, session, session.form_key)


def scope_of(request: Request) -> Scope:
    """What the server handed over, by the name that is used below Quart."""
    return cast(Scope, request.scope)


def session_cookie(request: Request) -> str:
    """The name of the session's cookie. Browsers share cookies between the ports of a host, so the port is in it.

    So is the prefix in one of ``__Host-``, which is sent to all of the host.
    """
    port = _PORT.search(request.host)
    name = f"{SESSION_COOKIE}_{port[1]}" if port else SESSION_COOKIE
    return f"__Host-{name}{PREFIX.get().replace('/', '_')}" if request.scheme == "https" else name
