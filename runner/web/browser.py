"""The cookie by which polls of one browser are counted. It says nothing about who somebody is."""

from __future__ import annotations

import re
import secrets

from quart import Response, request

COOKIE = "linefeed_browser"
_VALUE = re.compile(r"[A-Za-z0-9_-]{22}")


def browser_of() -> str | None:
    """The browser that sent this request, or None without a well-formed cookie."""
    value = request.cookies.get(COOKIE)
    return value if value is not None and _VALUE.fullmatch(value) else None


def browser_cookie(response: Response) -> Response:
    """Give the browser a cookie of 128 random bits, unless it sent a well-formed one. Pages call this."""
    if browser_of() is None:
        response.set_cookie(COOKIE, secrets.token_urlsafe(16), path="/", httponly=True, samesite="Lax")
    return response
