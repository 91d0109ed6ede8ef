"""The life of an app's Runner: opened once and closed once, whoever asks."""

from __future__ import annotations

import asyncio

from runner.errors import ShuttingDown
from runner.service import Runner
from runner.web.audit.log import AuditLog
from runner.web.auth.authority import Authority


class Lifetime:
    """Opens and closes a Runner: for our own main around serving, and for the lifespan of any other ASGI server."""

    def __init__(self, runner: Runner, authority: Authority, audit: AuditLog) -> None:
        self._runner = runner
        self._authority = authority
        self._audit = audit
        self._opening: asyncio.Task[None] | None = None
        self._leaving: asyncio.Task[None] | None = None
        self._closing: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Open the Runner, or wait until it is open. Raises what ``Runner.open`` raises."""
        if self._opening is None:
            self._opening = asyncio.ensure_future(self._open())
        await asyncio.shield(self._opening)

    async def leave(self) -> None:
        """Let the Runner end its jobs, or wait until it has; readers are answered meanwhile and afterwards."""
        if self._leaving is None:
            self._leaving = asyncio.ensure_future(self._runner.leave())
        await asyncio.shield(self._leaving)

    async def close(self) -> None:
        """Close the Runner, or wait until it is closed; readers who wait are answered meanwhile."""
        await self.leave()
        if self._closing is None:
            self._closing = asyncio.ensure_future(self._close())
        await asyncio.shield(self._closing)

    async def _open(self) -> None:
        await self._runner.open()
        await self._authority.open()

    async def _close(self) -> None:
        await self._runner.close()
        await self._authority.close()
        self._audit.close()

    def refuse_if_over(self) -> None:
        """Raises ShuttingDown once the Runner is closed: it can answer nothing more."""
        if self._closing is not None and self._closing.done():
            raise ShuttingDown
