"""Serving an app on a socket, from start to end."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from hypercorn.asyncio.lifespan import Lifespan
from hypercorn.asyncio.worker_context import WorkerContext
from hypercorn.config import Config
from hypercorn.typing import AppWrapper, LifespanState
from hypercorn.utils import wrap_app

from runner.web.asgi import App
from runner.web.serving.connection import Connection, Site
from runner.web.serving.entrance import Entrance
from runner.web.serving.limits import Limits


async def serve(
    app: App, listener: socket.socket, config: Config, until: Callable[[], Awaitable[None]], limits: Limits
) -> None:
    """Serve ``app`` on a socket that listens, until ``until`` returns; it is called once connections are taken.

    Speaks TLS if ``config`` names a certificate and a key. Open connections then have ``config.graceful_timeout``
    to end. Of the rest of ``config`` the protocols take theirs; its binds, workers and timeouts of reading mean
    nothing here. The socket is closed. Raises OSError if it breaks, and what ``until`` raises.
    """
    wrapped = wrap_app(app, config.wsgi_max_body_size, "asgi")  # type: ignore[arg-type] # Hypercorn's own names for ASGI's parts
    state: LifespanState = {}
    context = WorkerContext(None)
    site = Site(wrapped, config, context, state, limits)
    with listener:
        entrance = Entrance(
            listener, lambda *streams: Connection(site, *streams).run(), config.create_ssl_context(), limits
        )
        async with _lifespan(wrapped, config, state):
            try:
                await _first_of(until(), entrance.take_in())
            finally:
                listener.close()
                await context.terminated.set()
                await entrance.leave(config.graceful_timeout)


async def _first_of(*awaitables: Awaitable[None]) -> None:
    """Wait for one of them, cancel the others. Raises what it raises."""
    tasks = [asyncio.ensure_future(awaitable) for awaitable in awaitables]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    for task in done:
        task.result()


@asynccontextmanager
async def _lifespan(app: AppWrapper, config: Config, state: LifespanState) -> AsyncIterator[None]:
    """Tells the app when serving begins and when it is over. Raises what it says went wrong."""
    lifespan = Lifespan(app, config, asyncio.get_running_loop(), state)
    task = asyncio.ensure_future(lifespan.handle_lifespan())
    await lifespan.wait_for_startup()
    if task.done():
        task.result()
    try:
        yield
    finally:
        await lifespan.wait_for_shutdown()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
