"""Making and ending sessions, and their cookies."""

from __future__ import annotations

import time

from quart import request
from werkzeug.wrappers import Response as AnyResponse

from runner.web import addresses
from runner.web.auth.identity import DEVICE_COOKIE, scope_of, session_cookie
from runner.web.auth.sessions import Maker
from runner.web.context import authority
from runner.web.security.peer import client_of

DEVICE_SECONDS = 180 * 86_400


def let_in(response: AnyResponse, name: str, way: str, *, owner: bool = False) -> AnyResponse:
    """Begin a session and give its cookie with ``response``; a session that the browser had ends."""
    sessions, lasts = authority().sessions, authority().settings.session
    cookie_name = session_cookie(request)
    before = sessions.find(request.cookies.get(cookie_name, ""), time.time())
    if before is not None:
        sessions.revoke(before.id, before.name)
    mark = authority().mark_of(name) or ""
    address, agent = client_of(scope_of(request)), request.headers.get("User-Agent", "")
    value = sessions.create(Maker(name, way, owner, address, agent, mark), time.time(), lasts)
    _set_cookie(response, cookie_name, value, int(lasts))
    if name:
        _set_cookie(response, DEVICE_COOKIE, authority().devices.make(name), DEVICE_SECONDS)
    return response


def forget_cookie(response: AnyResponse) -> AnyResponse:
    """Take the session's cookie back."""
    _set_cookie(response, session_cookie(request), "", 0)
    return response


def _set_cookie(response: AnyResponse, name: str, value: str, seconds: int) -> None:
    response.set_cookie(
        name,
        value,
        max_age=seconds,
        # The prefix __Host- is for cookies of the whole host only.
        path="/" if name.startswith("__Host-") else addresses.cookie_path(),
        secure=request.scheme == "https",
        httponly=True,
        samesite="Lax",
    )
