"""Work that is heavy is done a few at a time; some wait for their turn, and the rest are told to come again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from runner.errors import LinefeedError

AT_ONCE = 4
WAITING = 60


class TooManySearches(LinefeedError):
    """As many searches wait as may; ``retry_after`` is in seconds."""

    retry_after = 3

    def __init__(self) -> None:
        super().__init__("Too many people are looking for something at this moment. Try again in a few seconds.")


class Turns:
    """At most ``at_once`` have their turn, and at most ``waiting`` wait for it. For one event loop."""

    def __init__(self, at_once: int = AT_ONCE, waiting: int = WAITING) -> None:
        self._free = asyncio.Semaphore(at_once)
        self._room = at_once + waiting
        self._here = 0

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for a turn, and have it until the block is left. Raises TooManySearches."""
        if self._here >= self._room:
            raise TooManySearches
        self._here += 1
        try:
            async with self._free:
                yield
        finally:
            self._here -= 1
