"""The cookie by which polls of one browser are counted. It says nothing about who somebody is."""

from __future__ import annotations

import re
import secrets

from quart import Response, g, request

from runner.web.addresses import cookie_path

COOKIE = "linefeed_browser"
_VALUE = re.compile(r"[A-Za-z0-9_-]{22}")


def browser_of() -> str | None:
    """The browser that sent this request, or None without a well-formed cookie."""
    value = request.cookies.get(COOKIE)
    return value if value is not None and _VALUE.fullmatch(value) else None


def browser_for_this_answer() -> str:
    """The browser that gets this answer: the one that asked, or the name that it is given with the answer."""
    known = browser_of()
    if known is not None:
        return known
    if "new_browser" not in g:
        g.new_browser = secrets.token_urlsafe(16)
    return str(g.new_browser)


def browser_cookie(response: Response) -> Response:
    """Give the browser a cookie of 128 random bits, unless it sent a well-formed one. Pages call this."""
    if browser_of() is None:
        secure = request.scheme == "https"
        name = browser_for_this_answer()
        response.set_cookie(COOKIE, name, path=cookie_path(), secure=secure, httponly=True, samesite="Lax")
    return response
