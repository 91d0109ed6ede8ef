"""Bodies of the JSON API: checked by hand, so that each field that is wrong is named."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, cast

import msgspec
from quart import request

from runner.web.errors import BadRequest


class StartBody(NamedTuple):
    """What is to be started."""

    command: str
    parameters: Mapping[str, Any]


async def start_body() -> StartBody:
    """The body of a start. Raises BadRequest."""
    body = _object(await _data())
    _check(body, {"command": (str, "text"), "parameters": (dict, "an object")})
    if "command" not in body:
        raise _bad({"command": "is required"})
    return StartBody(body["command"], body.get("parameters", {}))


async def stop_body() -> bool:
    """Whether a stop is to be forced; an empty body says no. Raises BadRequest."""
    data = await _data()
    body = _object(data) if data else {}
    _check(body, {"force": (bool, "true or false")})
    return bool(body.get("force", False))


async def _data() -> bytes:
    # Whatever the body calls itself: many clients call every body a form, and who may ask is decided elsewhere.
    return cast(bytes, await request.get_data(cache=False))


def _object(data: bytes) -> dict[str, Any]:
    try:
        body = msgspec.json.decode(data)
    except RecursionError:
        raise BadRequest("The body is nested too deeply.") from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise BadRequest("The body is no JSON.") from None
    if not isinstance(body, dict):
        raise BadRequest("The body must be a JSON object.")
    return body


def _check(body: dict[str, Any], known: dict[str, tuple[type, str]]) -> None:
    reasons = {key: "is not known here" for key in body if key not in known}
    for key, (kind, words) in known.items():
        if key in body and not isinstance(body[key], kind):
            reasons[key] = f"must be {words}"
    if reasons:
        raise _bad(reasons)


def _bad(reasons: dict[str, str]) -> BadRequest:
    sentence = "; ".join(f"{key} {reason}" for key, reason in reasons.items())
    return BadRequest(f"The body is not right: {sentence}.", reasons)
