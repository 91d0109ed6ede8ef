"""Waiting for what must become true."""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar, overload

T = TypeVar("T")

_LOOK_EACH_S = 0.005


@overload
async def until(condition: Callable[[], Awaitable[T | None]], within: float = ...) -> T: ...
@overload
async def until(condition: Callable[[], T | None], within: float = ...) -> T: ...
async def until(condition: Callable[[], Any], within: float = 10.0) -> Any:
    """The first truthy value of ``condition``, looked at again and again; AssertionError after ``within`` s."""
    deadline = time.monotonic() + within
    while True:
        value = condition()
        if found := await value if inspect.isawaitable(value) else value:
            return found
        assert time.monotonic() < deadline, f"not so within {within:g} s: {inspect.getsource(condition).strip()}"
        await asyncio.sleep(_LOOK_EACH_S)  # between two looks


def until_now(condition: Callable[[], T], within: float = 10.0) -> T:
    """``until`` for tests without an event loop."""
    deadline = time.monotonic() + within
    while True:
        if found := condition():
            return found
        assert time.monotonic() < deadline, f"not so within {within:g} s: {inspect.getsource(condition).strip()}"
        time.sleep(_LOOK_EACH_S)  # between two looks
