"""Where connections come in: counted before anything else is done for them."""

from __future__ import annotations

import asyncio
import errno
import logging
import socket
from collections.abc import Awaitable, Callable
from contextlib import suppress
from ssl import SSLContext

from runner.web.security.network import UNIX, counted_as, is_among, parsed
from runner.web.security.rates import Crowd
from runner.web.serving.limits import Limits

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

_WANTING = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})
_WAIT_SECONDS = 1.0
_SAID_EACH_SECONDS = 60.0
_BUFFER_BYTES = 1 << 16

_FULL = (
    b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\nContent-Length: 0\r\n"
    b"Cache-Control: no-store\r\nConnection: close\r\n\r\n"
)

_log = logging.getLogger("linefeed")


class Entrance:
    """Takes connections from a socket that listens, and lets ``serve`` have each in a task of its own."""

    def __init__(self, listener: socket.socket, serve: Serve, tls: SSLContext | None, limits: Limits) -> None:
        listener.setblocking(False)
        self._listener = listener
        self._serve = serve
        self._tls = tls
        self._limits = limits
        self._crowd = Crowd(limits.per_address)
        self._places = asyncio.Semaphore(limits.connections)
        self._tasks: set[asyncio.Task[None]] = set()
        self._loop = asyncio.get_running_loop()
        self._said_at = float("-inf")

    async def take_in(self) -> None:
        """Take connections until cancelled. Raises OSError if the socket itself is broken."""
        while True:
            try:
                connection, address = await self._loop.sock_accept(self._listener)
            except ConnectionError:
                continue  # it has gone already
            except OSError as error:
                if error.errno not in _WANTING:
                    raise
                _log.warning("no connection can be taken: %s", error.strerror)
                await asyncio.sleep(_WAIT_SECONDS)
                continue
            if await self._is_there_room():
                self._let_in(connection, self._counted_as(address))
            else:
                self._turn_away(connection, "all")
                self._turn_away_who_waits()
            await asyncio.sleep(0)  # many that come at once must not keep all others waiting

    async def leave(self, within: float) -> None:
        """Wait until the connections are over, but no longer than ``within`` seconds."""
        if not self._tasks:
            return
        _, late = await asyncio.wait(self._tasks, timeout=within)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)

    def _counted_as(self, address: object) -> str | None:
        host = str(address[0]) if isinstance(address, tuple) else UNIX
        return None if is_among(parsed(host), self._limits.proxies) else counted_as(host)

    async def _is_there_room(self) -> bool:
        """Takes a place. Waits for one for a moment: others may be about to leave."""
        try:
            async with asyncio.timeout(_WAIT_SECONDS):
                await self._places.acquire()
        except TimeoutError:
            return False
        return True

    def _turn_away_who_waits(self) -> None:
        with suppress(OSError):  # until there is none
            while True:
                self._turn_away(self._listener.accept()[0], "all")

    def _let_in(self, connection: socket.socket, key: str | None) -> None:
        task = self._loop.create_task(self._hold(connection, key))
        self._tasks.add(task)
        task.add_done_callback(self._let_go)

    def _let_go(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._places.release()
        if not task.cancelled() and (error := task.exception()):
            _log.error("a connection failed", exc_info=error)

    async def _hold(self, connection: socket.socket, key: str | None) -> None:
        with self._crowd.enter(key) as has_room:
            if not has_room:
                self._turn_away(connection, "one address")
                return
            try:
                streams = await self._open(connection)
            except OSError:
                return  # no handshake, or none in time
            await self._serve(*streams)

    async def _open(self, connection: socket.socket) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader = asyncio.StreamReader(limit=_BUFFER_BYTES)
        protocol = asyncio.StreamReaderProtocol(reader)
        handshake = None if self._tls is None else self._limits.handshake
        transport, _ = await self._loop.connect_accepted_socket(
            lambda: protocol, connection, ssl=self._tls, ssl_handshake_timeout=handshake
        )
        return reader, asyncio.StreamWriter(transport, protocol, reader, self._loop)

    def _turn_away(self, connection: socket.socket, whose: str) -> None:
        if self._loop.time() - self._said_at >= _SAID_EACH_SECONDS:
            self._said_at = self._loop.time()
            _log.warning("connections are turned away: there are as many of %s as are taken", whose)
        with connection, suppress(OSError):
            connection.setblocking(False)
            if self._tls is None:
                connection.send(_FULL)
