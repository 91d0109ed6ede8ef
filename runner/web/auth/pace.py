"""Refusals at a pace: who asks again as soon as they are answered must not keep the server busy."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

EACH_SECOND = 20.0
LONGEST = 5.0


class Pace:
    """``EACH_SECOND`` turns, one after the other; nobody waits longer than ``LONGEST`` s. ``sleep`` takes seconds."""

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._clock = clock
        self._sleep = sleep
        self._next = float("-inf")

    async def turn(self) -> None:
        """Return when the next turn has come: at once, if the last one was long enough ago."""
        now = self._clock()
        own = min(max(self._next, now), now + LONGEST)
        self._next = own + 1 / EACH_SECOND
        if own > now:
            await self._sleep(own - now)
