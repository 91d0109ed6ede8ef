"""One table from what can go wrong to how it is answered: a problem below ``/api/``, else a page.

No text of an unexpected exception ever leaves the server; it is logged under an id that the answer shows.
"""

from __future__ import annotations

import errno
import logging
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus

from jinja2 import TemplateError
from quart import Quart, Response, render_template, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound

from runner.errors import (
    BadCursor,
    BadParameters,
    LinefeedError,
    OutputExpired,
    PinRefused,
    QueueFull,
    ShuttingDown,
    StartFailed,
    UnknownCommand,
    UnknownJob,
)
from runner.web.audit.log import AuditFailed
from runner.web.auth.errors import FormExpired, NotAllowed, TooMany
from runner.web.auth.passwords import TooBusy
from runner.web.auth.shares import ShareOver, ShareRefused, SharesUnwritten, TooManyShares
from runner.web.auth.throttle import TooManyTries
from runner.web.embedding import is_fragment, is_page
from runner.web.guidance import NO_GUIDANCE, Guidance, guidance_for
from runner.web.problems import API, CONTENT_TYPE, problem
from runner.web.turns import TooManySearches

METHODS = ("GET", "HEAD", "OPTIONS", "POST")

_log = logging.getLogger("linefeed")


class BadRequest(LinefeedError):
    """A query or body that says nothing usable; ``fields`` maps a key to the reason."""

    def __init__(self, sentence: str, fields: Mapping[str, str] | None = None) -> None:
        super().__init__(sentence)
        self.fields = dict(fields or {})


STATUSES: Mapping[type[LinefeedError], HTTPStatus] = {
    BadCursor: HTTPStatus.BAD_REQUEST,
    BadRequest: HTTPStatus.BAD_REQUEST,
    UnknownCommand: HTTPStatus.NOT_FOUND,
    UnknownJob: HTTPStatus.NOT_FOUND,
    PinRefused: HTTPStatus.CONFLICT,
    OutputExpired: HTTPStatus.GONE,
    BadParameters: HTTPStatus.UNPROCESSABLE_ENTITY,
    QueueFull: HTTPStatus.TOO_MANY_REQUESTS,
    ShuttingDown: HTTPStatus.SERVICE_UNAVAILABLE,
    StartFailed: HTTPStatus.SERVICE_UNAVAILABLE,
    NotAllowed: HTTPStatus.FORBIDDEN,
    FormExpired: HTTPStatus.FORBIDDEN,
    TooMany: HTTPStatus.TOO_MANY_REQUESTS,
    ShareRefused: HTTPStatus.FORBIDDEN,
    ShareOver: HTTPStatus.GONE,
    TooManyShares: HTTPStatus.CONFLICT,
    TooManyTries: HTTPStatus.TOO_MANY_REQUESTS,
    TooBusy: HTTPStatus.SERVICE_UNAVAILABLE,
    TooManySearches: HTTPStatus.SERVICE_UNAVAILABLE,
    SharesUnwritten: HTTPStatus.SERVICE_UNAVAILABLE,
    AuditFailed: HTTPStatus.SERVICE_UNAVAILABLE,
}

RETRY_SECONDS: Mapping[int, int] = {HTTPStatus.TOO_MANY_REQUESTS: 5, HTTPStatus.SERVICE_UNAVAILABLE: 10}
"""When to try again, where the error itself does not know."""

_SENTENCES: Mapping[int, str] = {
    400: "The request could not be understood.",
    404: "There is nothing at this address.",
    405: "This address does not take requests of this method.",
    408: "The request took too long to arrive.",
    413: "The request is larger than is taken here.",
    500: "Something went wrong on the server. It has been logged.",
    503: "The server has too many open files at the moment. Try again.",
}


@dataclass(frozen=True, slots=True)
class Trouble:
    """What an answer says about an error."""

    status: int
    sentence: str
    fields: Mapping[str, str] = field(default_factory=dict)
    log_id: str | None = None
    guidance: Guidance = NO_GUIDANCE


@dataclass(frozen=True, slots=True)
class Link:
    """Where to go from an error page."""

    url: str
    text: str


@dataclass(frozen=True, slots=True)
class ErrorView:
    """What ``pages/error.html`` shows; ``log_id`` is empty unless the error was logged."""

    title: str
    sentence: str
    status: int
    log_id: str
    links: tuple[Link, ...] = (Link("/", "Dashboard"), Link("/jobs", "Jobs"))
    advice: str = ""


def register_errors(app: Quart) -> None:
    """Make ``app`` answer every error from here."""
    app.register_error_handler(LinefeedError, _answer_ours)
    app.register_error_handler(HTTPException, _answer_http)
    app.register_error_handler(Exception, _answer_unexpected)


def trouble_of(error: LinefeedError) -> Trouble:
    """What is said about an error of ours."""
    status = next(STATUSES[kind] for kind in type(error).__mro__ if kind in STATUSES)
    return Trouble(status, str(error), _fields_of(error), guidance=guidance_for(error, status))


def _fields_of(error: LinefeedError) -> Mapping[str, str]:
    match error:
        case BadParameters() | BadRequest():
            return error.fields
        case BadCursor():
            return {"after": f"is beyond the last line, which is {error.last}"}
        case UnknownCommand():
            return {"command": "is not in the catalogue"}
        case _:
            return {}


async def _answer_ours(error: LinefeedError) -> Response:
    if not any(kind in STATUSES for kind in type(error).__mro__):
        return await _answer_unexpected(error)
    trouble = trouble_of(error)
    response = await _answer(trouble)
    if trouble.status in RETRY_SECONDS:
        response.headers["Retry-After"] = str(getattr(error, "retry_after", RETRY_SECONDS[trouble.status]))
    return response


async def _answer_http(error: HTTPException) -> Response:
    if isinstance(error, NotFound) and request.method not in METHODS:
        error = MethodNotAllowed(METHODS)
    status = error.code or 500
    sentence = _SENTENCES.get(status, HTTPStatus(status).phrase + ".")
    response = await _answer(Trouble(status, sentence, guidance=guidance_for(None, status)))
    if isinstance(error, MethodNotAllowed):
        response.headers["Allow"] = ", ".join(sorted(error.valid_methods or METHODS))
    return response


async def _answer_unexpected(error: Exception) -> Response:
    if isinstance(error, OSError) and error.errno in (errno.EMFILE, errno.ENFILE):
        return await _answer(Trouble(503, _SENTENCES[503], guidance=guidance_for(None, 503)))
    log_id = secrets.token_hex(4)
    _log.error("%s %s failed, log id %s", request.method, request.path, log_id, exc_info=error)
    return await _answer(Trouble(500, _SENTENCES[500], log_id=log_id, guidance=guidance_for(None, 500)))


async def _answer(trouble: Trouble) -> Response:
    if request.path.startswith(API):
        body = problem(trouble.status, trouble.sentence, trouble.fields, trouble.log_id)
        return Response(body, trouble.status, content_type=CONTENT_TYPE)
    title, advice = trouble.guidance.title or HTTPStatus(trouble.status).phrase, trouble.guidance.advice
    if is_fragment():
        html = await render_template("panels/fragment_trouble.html", sentence=trouble.sentence)
        return Response(html, trouble.status)
    view = ErrorView(title, trouble.sentence, trouble.status, trouble.log_id or "", advice=advice)
    template = "panels/trouble.html" if is_page() else "pages/error.html"
    try:
        return Response(await render_template(template, view=view), trouble.status)
    except TemplateError:
        # Perhaps it is the layout itself that fails; the reader still gets the sentence.
        _log.exception("the error page cannot be rendered")
        return Response(f"{view.sentence}\n", trouble.status, content_type="text/plain; charset=utf-8")
