"""Around all of the app: refuses what no route may see, and completes the headers of every answer."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

from runner.settings import Settings
from runner.web.asgi import App, Message, Receive, Scope, Send
from runner.web.security.framing import check_framing
from runner.web.security.headers import complete
from runner.web.security.hosts import check_host
from runner.web.security.network import counted_as
from runner.web.security.origin import FOREIGN, check_origin
from runner.web.security.peer import Peers, client_of, peer_of
from runner.web.security.rates import Crowd, RateLimit
from runner.web.security.refusal import Refusal, refuse

CROWDED_SECONDS = 3

_FAST = "More requests come from your address than are taken here. Try again in a moment."
_CROWDED = Refusal(429, "Too many requests from your address are being answered. Try again.", CROWDED_SECONDS)


class Guard:
    """An ASGI app around another one. ``on_foreign`` hears the address of who came from another site.

    ``clock`` counts seconds.
    """

    def __init__(
        self,
        app: App,
        settings: Settings,
        on_foreign: Callable[[str], None] = lambda _: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._app = app
        self._on_foreign = on_foreign
        self._allowed_hosts = frozenset(settings.server.allowed_hosts)
        self._peers = Peers(settings)
        self._clock = clock
        self._rate = RateLimit()
        self._crowd = Crowd()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        elif scope["type"] != "http":
            await self._app(scope, receive, send)
        elif isinstance(admitted := self._peers.admit(scope), Refusal):
            await refuse(admitted, scope, receive, send)
        else:
            await self._answer(admitted, receive, send)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        key = counted_as(client_of(scope))
        with self._crowd.enter(key) as has_room:
            refusal = (self._check_rate(key) or self._check_form(scope)) if has_room else _CROWDED
            if refusal is not None:
                if refusal is FOREIGN:
                    self._on_foreign(client_of(scope))
                await refuse(refusal, scope, receive, send)
            else:
                body = _Body(scope, receive)
                await self._app(scope, body.receive, _completing(send, body))

    def _check_rate(self, key: str | None) -> Refusal | None:
        wait = 0.0 if key is None else self._rate.take(key, self._clock())
        return Refusal(429, _FAST, math.ceil(wait)) if wait else None

    def _check_form(self, scope: Scope) -> Refusal | None:
        return (
            check_framing(scope)
            or check_host(scope["headers"], self._allowed_hosts)
            or check_origin(scope["method"], scope["headers"], peer_of(scope).scheme)
        )


class _Body:
    """Whether all of a request's body has been read: if not, no other request can follow on its connection."""

    def __init__(self, scope: Scope, receive: Receive) -> None:
        self._receive = receive
        headers = dict(scope["headers"])
        sends_one = headers.get(b"content-length", b"0") != b"0" or b"transfer-encoding" in headers
        self.is_left = sends_one and scope.get("http_version") in ("1.0", "1.1")

    async def receive(self) -> Message:
        message = await self._receive()
        if message["type"] == "http.request" and not message.get("more_body", False):
            self.is_left = False
        return message


def _completing(send: Send, body: _Body) -> Send:
    async def completed(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = complete(message.get("headers", ()))
            if body.is_left:
                headers.append((b"connection", b"close"))  # the server closes it; who sent the body should know
            message = {**message, "headers": headers}
        await send(message)

    return completed
