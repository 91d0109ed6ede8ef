"""What somebody is told who is not signed in."""

from __future__ import annotations

from urllib.parse import urlsplit

from quart import Response, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from runner.web import addresses
from runner.web.embedding import foreign_origin, is_fragment, is_page
from runner.web.problems import API, CONTENT_TYPE, problem

SENTENCE = "Nobody is signed in. Sign in, or send an API token."
OF_PROGRAMS = frozenset({"log.log", "tail.tail"})


async def sign_in_first() -> Response | AnyResponse:
    """For a page: to the sign-in page, and back afterwards."""
    if is_page() or foreign_origin():
        return await not_signed_in()  # a frame is too small to sign in
    if request.headers.get("HX-Request") == "true":
        return _poll_signed_out()
    return redirect(addresses.sign_in(next=_here()), 303)


async def not_signed_in() -> Response:
    """For a program, and for what was sent by somebody whose session has ended meanwhile."""
    if request.path.startswith(API):
        response = Response(problem(401, SENTENCE), 401, content_type=CONTENT_TYPE)
    else:
        html = await render_template(_template(), url=addresses.sign_in())
        response = Response(html, 401)
    response.headers["WWW-Authenticate"] = 'Bearer realm="Linefeed"'
    return response


def _template() -> str:
    if is_fragment():
        return "panels/fragment_signed_out.html"
    return "panels/signed_out.html" if is_page() else "pages/signed_out.html"


def _poll_signed_out() -> Response:
    """The page that polls goes to the sign-in page by itself, and comes back to where it was."""
    page = urlsplit(request.headers.get("HX-Current-URL", ""))
    here = f"{page.path}?{page.query}" if page.query else page.path
    headers = {"HX-Redirect": addresses.sign_in(next=addresses.within(here))}
    return Response("", 401, headers=headers)


def _here() -> str:
    query = request.query_string.decode("ascii", "replace")
    return f"{request.path}?{query}" if query else request.path
