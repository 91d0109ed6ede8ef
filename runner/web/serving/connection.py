"""One connection, from its first byte to its end."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from ssl import SSLObject

from hypercorn.asyncio.task_group import TaskGroup
from hypercorn.asyncio.worker_context import AsyncioSingleTask, WorkerContext
from hypercorn.config import Config
from hypercorn.events import Closed, Event, RawData, Updated
from hypercorn.typing import AppWrapper, ConnectionState, LifespanState
from hypercorn.utils import parse_socket_addr

from runner.web.serving.limits import Limits
from runner.web.serving.protocols import Http1, Http2, Part

_RECEIVED_BYTES = 1 << 16


@dataclass(frozen=True, slots=True)
class Site:
    """What all connections of a server share."""

    app: AppWrapper
    config: Config
    context: WorkerContext
    state: LifespanState
    limits: Limits


class Connection:
    """Does what Hypercorn's ``TCPServer`` does, within the time limits of its site."""

    def __init__(self, site: Site, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._site = site
        self._reader = reader
        self._writer = writer
        self._loop = asyncio.get_running_loop()
        self._sending = asyncio.Lock()
        self._idle = AsyncioSingleTask()
        self._awaited = Part.NONE, 0
        self._deadline: float | None = None

    async def run(self) -> None:
        """Serve it until it is closed."""
        try:
            await self._serve()
        except asyncio.CancelledError:
            self._writer.transport.abort()
            raise
        finally:
            await self._close()

    async def _serve(self) -> None:
        try:
            async with TaskGroup(self._loop) as group:
                self._group = group
                self._protocol = self._speak(group)
                await self._protocol.initiate()
                await self._idle.restart(group, self._close_when_idle)
                await self._read()
        except* OSError:
            pass  # the other end has gone

    def _speak(self, group: TaskGroup) -> Http1 | Http2:
        """The protocol that was agreed on. Raises OSError if the other end has gone already."""
        socket = self._writer.get_extra_info("socket")
        tls: SSLObject | None = self._writer.get_extra_info("ssl_object")
        kind = Http2 if tls is not None and tls.selected_alpn_protocol() == "h2" else Http1
        return kind(
            self._site.app,
            self._site.config,
            self._site.context,
            group,
            ConnectionState(self._site.state),
            tls is not None,
            parse_socket_addr(socket.family, socket.getpeername()),
            parse_socket_addr(socket.family, socket.getsockname()),
            self._send,
        )

    async def _read(self) -> None:
        while not self._reader.at_eof():
            try:
                async with asyncio.timeout_at(self._deadline):
                    data = await self._reader.read(_RECEIVED_BYTES)
            except TimeoutError:
                await self._protocol.say_too_slow()
                break
            except OSError:
                break
            await self._protocol.handle(RawData(data))
            self._look_at_the_clock()
        await self._protocol.handle(Closed())
        await self._close()  # the group would wait for the connection to be idle for long enough

    def _look_at_the_clock(self) -> None:
        """The time for a part of a request begins with it, not anew with each byte of it."""
        awaited = self._protocol.awaited
        if awaited != self._awaited:
            self._awaited = awaited
            seconds = {Part.HEAD: self._site.limits.head, Part.BODY: self._site.limits.body}.get(awaited[0])
            self._deadline = None if seconds is None else self._loop.time() + seconds

    async def _send(self, event: Event) -> None:
        match event:
            case RawData():
                await self._write(event.data)
            case Closed():
                await self._close()
            case Updated(idle=True):
                await self._idle.restart(self._group, self._close_when_idle)
            case Updated():
                await self._idle.stop()

    async def _write(self, data: bytes) -> None:
        try:
            async with self._sending:
                self._writer.write(data)
                async with asyncio.timeout(self._site.limits.send):
                    await self._writer.drain()
        except TimeoutError:
            self._writer.transport.abort()
            await self._protocol.handle(Closed())
        except (ConnectionError, RuntimeError):
            await self._protocol.handle(Closed())

    async def _close(self) -> None:
        with suppress(OSError, RuntimeError):  # closed already
            if self._writer.can_write_eof():  # not over TLS
                self._writer.write_eof()
        lingering = self._loop.call_later(self._site.limits.linger, self._writer.transport.abort)
        try:
            self._writer.close()
            await self._writer.wait_closed()
        except (OSError, RuntimeError):
            pass  # closed already
        except asyncio.CancelledError:
            self._writer.transport.abort()
        finally:
            lingering.cancel()
            await self._idle.stop()

    async def _close_when_idle(self) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._site.context.terminated.wait(), self._site.config.keep_alive_timeout)
        await asyncio.shield(self._leave())

    async def _leave(self) -> None:
        await self._protocol.handle(Closed())
        self._writer.close()
        self._loop.call_later(self._site.limits.linger, self._writer.transport.abort)
