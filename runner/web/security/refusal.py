"""A request refused before any route sees it, and how that is said."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from runner.web.asgi import Receive, Scope, Send
from runner.web.problems import API, CONTENT_TYPE, problem
from runner.web.security.headers import complete


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a request is refused. ``detail`` is a fixed sentence: nothing of the request is repeated in it.

    ``retry_after`` is in whole seconds; None says nothing of when to try again.
    """

    status: int
    detail: str
    retry_after: int | None = None


async def refuse(refusal: Refusal, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer with ``refusal`` and close the connection, whose next bytes cannot be trusted."""
    kind, body = _body(refusal, scope["path"])
    headers = [
        (b"content-type", kind),
        (b"content-length", b"%d" % len(body)),
        (b"connection", b"close"),
    ]
    if refusal.retry_after is not None:
        headers.append((b"retry-after", b"%d" % refusal.retry_after))
    # The body is read and thrown away meanwhile: the server's queue of messages is bounded, and a
    # sender of a long body would fill it and keep the connection for ever.
    drain = asyncio.ensure_future(_drain(receive))
    try:
        await send({"type": "http.response.start", "status": refusal.status, "headers": complete(headers)})
        await send({"type": "http.response.body", "body": body, "more_body": False})
    finally:
        drain.cancel()


async def _drain(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _body(refusal: Refusal, path: str) -> tuple[bytes, bytes]:
    if path.startswith(API):
        return CONTENT_TYPE.encode(), problem(refusal.status, refusal.detail)
    return b"text/plain; charset=utf-8", f"{refusal.detail}\n".encode()
