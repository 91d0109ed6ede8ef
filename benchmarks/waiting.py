"""Waiting for what another process does."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import TypeVar

LOOK = 0.01
"""Seconds between two looks."""

Seen = TypeVar("Seen")


async def until(look: Callable[[], Seen], seconds: float) -> Seen:
    """What ``look`` answers once that is true, or its last answer when the seconds are over."""
    end = time.monotonic() + seconds
    while not (seen := look()) and time.monotonic() < end:  # noqa: ASYNC110 - no event tells of another process
        await asyncio.sleep(LOOK)
    return seen
