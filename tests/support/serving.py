"""An app served on a real socket, in the test's own event loop, with limits of the test's own."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from hypercorn.config import Config

from runner.web.asgi import App
from runner.web.serving import Limits, serve


@dataclass(frozen=True, slots=True)
class Wire:
    """One connection to it."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def send(self, data: bytes) -> None:
        """Send these bytes."""
        self.writer.write(data)
        await self.writer.drain()

    async def head(self) -> bytes:
        """The head of the next answer, as far as there is one."""
        try:
            return await self.reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError as error:
            return error.partial
        except ConnectionError:
            return b""

    async def rest(self) -> bytes:
        """All that comes until the server hangs up."""
        received = b""
        try:
            while part := await self.reader.read(1 << 16):
                received += part
        except ConnectionError:
            pass
        return received

    def close(self) -> None:
        """Hang up."""
        self.writer.transport.abort()


@dataclass(slots=True)
class Served:
    """Where an app is served, and the connections that were made to it."""

    port: int
    over: asyncio.Event = field(default_factory=asyncio.Event)
    wires: list[Wire] = field(default_factory=list)

    async def connect(self) -> Wire:
        """A new connection."""
        self.wires.append(Wire(*await asyncio.open_connection("127.0.0.1", self.port)))
        return self.wires[-1]

    async def get(self, path: str = "/healthz") -> tuple[bytes, float]:
        """The status line of an answer on a connection of its own, and the seconds it took."""
        began = time.monotonic()
        wire = await self.connect()
        with suppress(ConnectionError):  # it was turned away, and its answer may be there all the same
            await wire.send(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
        answer = await wire.rest()
        wire.close()
        return answer.partition(b"\r\n")[0], time.monotonic() - began


@asynccontextmanager
async def serving(app: App, limits: Limits, config: Config | None = None) -> AsyncIterator[Served]:
    """``app`` on a free port of this machine; over when the block is left."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=1_024)
    served = Served(listener.getsockname()[1])

    async def until() -> None:
        await served.over.wait()

    told = config or Config()
    told.graceful_timeout = 1.0
    told.keep_alive_timeout = config.keep_alive_timeout if config else 75
    task = asyncio.create_task(serve(app, listener, told, until, limits))
    try:
        yield served
    finally:
        for wire in served.wires:
            wire.close()
        served.over.set()
        await task
