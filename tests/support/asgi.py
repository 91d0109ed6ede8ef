"""One request to an ASGI app, byte for byte as the test wants it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

HOST = (b"host", b"localhost")


@dataclass(frozen=True, slots=True)
class Request:
    """What is sent. ``headers`` are all there are, but for a Host if none is among them and ``bare`` is not set."""

    method: str
    target: str
    headers: tuple[tuple[bytes, bytes], ...] = ()
    body: bytes = b""
    bare: bool = False

    def scope(self) -> dict[str, Any]:
        """As a server would hand it over."""
        path, _, query = self.target.partition("?")
        own = () if self.bare or any(name == b"host" for name, _ in self.headers) else (HOST,)
        return {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.1"},
            "http_version": "1.1",
            "method": self.method,
            "scheme": "http",
            "path": path,
            "raw_path": path.encode("utf-8", "surrogateescape"),
            "query_string": query.encode("utf-8", "surrogateescape"),
            "root_path": "",
            "headers": [*own, *self.headers],
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 8000),
            "extensions": {},
            "state": {},
        }


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; header names in lower case."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def header(self, name: str) -> str | None:
        """The one value of this header, or None."""
        found = [value for key, value in self.headers if key == name]
        assert len(found) <= 1, f"{name} was sent {len(found)} times"
        return found[0] if found else None

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


async def send(app: Any, request: Request) -> Answer:
    """Send ``request`` to ``app`` and collect the whole answer."""
    sent = asyncio.Event()
    messages: list[dict[str, Any]] = []
    pending = [{"type": "http.request", "body": request.body, "more_body": False}]

    async def receive() -> dict[str, Any]:
        if pending:
            return pending.pop()
        await sent.wait()
        return {"type": "http.disconnect"}

    async def collect(message: dict[str, Any]) -> None:
        messages.append(message)
        if message["type"] == "http.response.body" and not message.get("more_body"):
            sent.set()

    await app(request.scope(), receive, collect)
    return _answer(messages)


async def ask(
    app: Any, method: str, target: str, headers: Iterable[tuple[bytes, bytes]] = (), body: bytes | object = b""
) -> Answer:
    """Ask ``app``; a body that is no bytes is sent as JSON."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return await send(app, Request(method, target, tuple(headers), data))


def _answer(messages: list[dict[str, Any]]) -> Answer:
    start = messages[0]
    headers = tuple((name.decode("latin1").lower(), value.decode("latin1")) for name, value in start["headers"])
    return Answer(start["status"], headers, b"".join(message.get("body", b"") for message in messages[1:]))
