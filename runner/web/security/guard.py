"""The outermost layer of the app: refuses what no route may see, and completes the headers of every answer."""

from __future__ import annotations

from collections.abc import Collection

from runner.web.asgi import App, Message, Receive, Scope, Send
from runner.web.security.framing import check_framing
from runner.web.security.headers import complete
from runner.web.security.hosts import check_host
from runner.web.security.origin import check_origin
from runner.web.security.refusal import Refusal, refuse


class Guard:
    """An ASGI app around another one. ``allowed_hosts`` are in lower case."""

    def __init__(self, app: App, allowed_hosts: Collection[str]) -> None:
        self._app = app
        self._allowed_hosts = frozenset(allowed_hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        elif scope["type"] != "http":
            await self._app(scope, receive, send)
        elif refusal := self._refusal(scope):
            await refuse(refusal, scope, receive, send)
        else:
            await self._app(scope, receive, _completing(send))

    def _refusal(self, scope: Scope) -> Refusal | None:
        return (
            check_framing(scope)
            or check_host(scope["headers"], self._allowed_hosts)
            or check_origin(scope["method"], scope["headers"])
        )


def _completing(send: Send) -> Send:
    async def completed(message: Message) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": complete(message.get("headers", ()))}
        await send(message)

    return completed
