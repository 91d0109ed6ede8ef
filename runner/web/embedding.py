"""Which answers other sites' pages may show, and how: panels, to the origins of the settings, and nothing else.

A frame is allowed by ``frame-ancestors``, a fragment for a page's own htmx by CORS (never with cookies), an image by
``Cross-Origin-Resource-Policy``. Whatever a panel's address answers, errors too, is answered for these readers.
"""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlsplit

from quart import Response, request

from runner.errors import LinefeedError
from runner.web.context import runner
from runner.web.security.headers import CONTENT_SECURITY_POLICY, FRAGMENT_CONTENT_SECURITY_POLICY

PAGES = frozenset({"panels.job_panel", "panels.command_panel", "panels.start_in_panel"})
FRAGMENTS = frozenset({"panels.job_fragment", "panels.command_fragment"})
IMAGES = frozenset({"panels.job_badge", "panels.command_badge"})

# What htmx 4 sends beside what any page may send.
_HEADERS = "hx-request, hx-source, hx-target, hx-current-url, hx-request-type"
_PREFLIGHT_SECONDS = 600
_NOBODY = "frame-ancestors 'none'"


def is_page() -> bool:
    """Whether this request is for a panel, or changes something from within one."""
    return request.endpoint in PAGES


def is_fragment() -> bool:
    """Whether this request is for a panel's fragment."""
    return request.endpoint in FRAGMENTS


def foreign_origin() -> str:
    """The origin of the page whose script asks for a fragment, if it is another site's; else an empty text."""
    origin = ", ".join(request.headers.getlist("Origin"))
    return origin if is_fragment() and origin != own_origin() else ""


def own_origin() -> str:
    """Where this request was sent to."""
    return f"{request.scheme}://{request.host}"


async def answer_preflight() -> Response | None:
    """Called before every request: what a browser asks before a listed page's script asks for a fragment."""
    if request.method != "OPTIONS" or not is_fragment() or foreign_origin() not in await _embedders():
        return None
    response = Response("", 204)
    response.headers["Access-Control-Allow-Methods"] = "GET"
    response.headers["Access-Control-Allow-Headers"] = _HEADERS
    response.headers["Access-Control-Max-Age"] = str(_PREFLIGHT_SECONDS)
    return response


async def embed(response: Response) -> Response:
    """Called after every request: say who else may show this answer."""
    if is_page():
        return allow_framing(response, await _embedders())
    if is_fragment():
        response.headers.add("Vary", "Origin")
        if foreign_origin() in await _embedders():
            response.headers["Access-Control-Allow-Origin"] = foreign_origin()
            response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    elif request.endpoint in IMAGES:
        response.headers.add("Vary", "Referer")
        if _referring_origin() in await _embedders():
            response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


def allow_framing(response: Response, ancestors: Iterable[str]) -> Response:
    """Let this server's own pages and those of these origins show ``response`` in a frame."""
    ancestors = tuple(ancestors)
    response.headers["Content-Security-Policy"] = framing_policy(ancestors)
    if ancestors and request.headers.get("Sec-Fetch-Mode", "navigate") == "navigate":
        # A page that isolates itself (COEP) shows only frames that do the same and offer themselves to it.
        # What a panel loads is all from here, so it loses nothing by it. Not for a stranger's script or image.
        response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
        response.headers["Cross-Origin-Embedder-Policy"] = "require-corp"
    if "share" in request.args:
        response.headers["Referrer-Policy"] = "no-referrer"  # the link is a secret, and stands in the address
    return response


def as_fragment(response: Response) -> Response:
    """An answer for htmx alone: what rules a page is left out, more than half of an answer that says nothing.

    Should somebody open it as a page, it may do nothing there.
    """
    response.headers["Content-Security-Policy"] = FRAGMENT_CONTENT_SECURITY_POLICY
    for name in ("Permissions-Policy", "Cross-Origin-Opener-Policy"):
        response.headers[name] = ""
    return response


def framing_policy(ancestors: Iterable[str]) -> str:
    """The policy of every page, but for who may frame it: these origins and our own."""
    return CONTENT_SECURITY_POLICY.replace(_NOBODY, " ".join(["frame-ancestors 'self'", *ancestors]))


async def _embedders() -> tuple[str, ...]:
    """The origins that may embed what this request is about: the command's own, or those for every command."""
    command = runner().commands.get(await _command_name())
    if command is not None and command.frame_ancestors is not None:
        return command.frame_ancestors
    return runner().settings.server.frame_ancestors


async def _command_name() -> str:
    where = request.view_args or {}
    if "job_id" not in where:
        return str(where.get("name", ""))
    try:
        return (await runner().job(where["job_id"])).command
    except LinefeedError:
        return ""


def _referring_origin() -> str:
    try:
        sent = urlsplit(request.headers.get("Referer", ""))
    except ValueError:  # it is no address at all
        return ""
    return f"{sent.scheme}://{sent.netloc}" if sent.netloc else ""
