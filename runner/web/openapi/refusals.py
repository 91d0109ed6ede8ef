"""The answers that refuse: the same for every route, as components of the document."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from runner.web.openapi.schemas import reference
from runner.web.problems import CONTENT_TYPE, Problem

GENERAL = (400, 401, 403, 414, 421, 429, 431, 500, 503)
"""With these any route may be refused."""

OF_BODIES = (408, 413)
"""With these every route that reads a body."""

_REFUSALS: Mapping[int, tuple[str, str]] = {
    400: ("BadRequest", "The query or the body cannot be read, or a cursor is beyond the last line."),
    401: ("NotSignedIn", "Nobody is signed in, or the token is not right."),
    403: ("Refused", "This person may not do this, or the request came from another site."),
    404: ("NotFound", "There is no such job or command, or none that this person may see."),
    408: ("TooSlow", "The body took too long to arrive."),
    410: ("Expired", "The job's output has expired."),
    413: ("BodyTooLarge", "The body is larger than is taken here."),
    414: ("AddressTooLong", "The address is longer than is taken here."),
    421: ("WrongHost", "The host name is not in `allowed_hosts`."),
    422: ("BadParameters", "The command does not take these parameters; `errors` names each with the reason."),
    429: ("TooMany", "As many jobs wait as may wait, or too many requests came."),
    431: ("HeadersTooLarge", "More headers than are taken here, or longer ones."),
    500: ("Fault", "A fault of the server; `log_id` finds it in its log."),
    503: ("NotNow", "The server is shutting down, or cannot write down what it is asked to do."),
}
_HEADERS: Mapping[int, Mapping[str, str]] = {
    401: {"WWW-Authenticate": "How to say who you are."},
    429: {"Retry-After": "Seconds after which it is worth trying again."},
    503: {"Retry-After": "Seconds after which it is worth trying again."},
}


def refusals(statuses: Iterable[int]) -> dict[str, Any]:
    """References to these, by status."""
    return {str(status): {"$ref": f"#/components/responses/{_REFUSALS[status][0]}"} for status in sorted(statuses)}


def refusal_components() -> dict[str, Any]:
    """Every refusal by its name."""
    return {name: _refusal(status, reason) for status, (name, reason) in _REFUSALS.items()}


def headers(meanings: Mapping[str, str]) -> dict[str, Any]:
    """Headers of an answer, as OpenAPI has them."""
    return {name: {"description": meaning, "schema": {"type": "string"}} for name, meaning in meanings.items()}


def _refusal(status: int, reason: str) -> dict[str, Any]:
    answer: dict[str, Any] = {"description": reason, "content": {CONTENT_TYPE: {"schema": reference(Problem)}}}
    if status in _HEADERS:
        answer["headers"] = headers(_HEADERS[status])
    return answer
