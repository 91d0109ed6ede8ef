"""One keep-alive HTTP/1.1 connection on a raw socket: little enough that the server is what is measured."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from urllib.parse import urlsplit

BUFFER = 8 << 20
"""Bytes the reader takes before it makes the server wait: more than the largest answer."""


@dataclass(frozen=True, slots=True)
class Head:
    """The status and the headers of an answer, names in lower case."""

    status: int
    headers: dict[str, str]


@dataclass(frozen=True, slots=True)
class Response:
    """A whole answer."""

    status: int
    headers: dict[str, str]
    body: bytes


class Connection:
    """Requests one after another on one socket. Raises ``OSError`` or ``EOFError`` when the server hangs up."""

    def __init__(self, host: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._host = host
        self._reader = reader
        self._writer = writer

    @classmethod
    async def open(cls, url: str) -> Connection:
        """Connect to the server of ``url``."""
        parts = urlsplit(url)
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port, limit=BUFFER)
        return cls(parts.netloc, reader, writer)

    async def request(self, method: str, path: str, body: bytes = b"") -> Response:
        """Ask and take the whole answer."""
        self.send(method, path, body)
        head = await self._head()
        return Response(head.status, head.headers, b"".join([chunk async for chunk in self._body(head)]))

    def send(self, method: str, path: str, body: bytes = b"") -> None:
        """Ask without waiting for an answer."""
        kind = f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n" if method == "POST" else ""
        self._writer.write(f"{method} {path} HTTP/1.1\r\nHost: {self._host}\r\n{kind}\r\n".encode() + body)

    async def stream(self, path: str) -> AsyncIterator[bytes]:
        """The body of a GET in pieces, as they arrive."""
        self.send("GET", path)
        async for chunk in self._body(await self._head()):
            yield chunk

    def close(self) -> None:
        """Hang up."""
        self._writer.close()

    async def _head(self) -> Head:
        first, *rest = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1").splitlines()
        pairs = (line.partition(":") for line in rest if line)
        return Head(int(first.split()[1]), {name.lower(): value.strip() for name, _, value in pairs})

    async def _body(self, head: Head) -> AsyncIterator[bytes]:
        if head.headers.get("transfer-encoding") == "chunked":
            while size := int(await self._reader.readline(), 16):
                yield await self._reader.readexactly(size)
                await self._reader.readexactly(2)
            await self._reader.readexactly(2)
        elif length := int(head.headers.get("content-length", "0")):
            yield await self._reader.readexactly(length)
