"""A Quart app that has Linefeed under ``/tools/linefeed``, with its own look: ``python -m examples.embedding.mounted``.

Its pages and Linefeed's are of one origin, so frames and fragments need no settings and send the reader's sign-in.
Any ASGI server serves ``examples.embedding.mounted:app`` too.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from hypercorn.asyncio import serve
from hypercorn.config import Config
from quart import Quart, Response, send_file

from runner.settings import load_settings
from runner.web import create_app

FOLDER = Path(__file__).resolve().parent
PREFIX = "/tools/linefeed"

settings = load_settings(config=str(FOLDER / "linefeed.toml"), bind=None, data=None)
# Where somebody is asked, the intranet can say who it is: auth.mode = "proxy" in docs/proxy.md.
linefeed = create_app(
    replace(settings, server=replace(settings.server, base_path=PREFIX)),
    style=FOLDER / "look.css",
)
intranet = Quart("intranet", static_folder=None)


@intranet.while_serving
async def live() -> AsyncGenerator[None, None]:
    """Linefeed's jobs live as long as the app that has it."""
    await linefeed.startup()
    yield
    await linefeed.shutdown()


@intranet.get("/")
async def page() -> Response:
    """A page of the intranet with panels of Linefeed."""
    return await send_file(FOLDER / "mounted.html")


@intranet.get("/intranet.css")
async def look() -> Response:
    """The look of the page."""
    return await send_file(FOLDER / "intranet.css")


@intranet.get("/htmx.min.js")
async def htmx() -> Response:
    """The htmx of the page: the one that Linefeed has."""
    return await send_file(FOLDER.parent.parent / "static" / "htmx.min.js")


async def app(scope: Any, receive: Callable[[], Awaitable[Any]], send: Callable[[Any], Awaitable[None]]) -> None:
    """Both apps as one: what is below the prefix is Linefeed's; it takes the prefix off by itself."""
    is_linefeed = scope["type"] != "lifespan" and f"{scope['path']}/".startswith(f"{PREFIX}/")
    await (linefeed if is_linefeed else intranet)(scope, receive, send)


if __name__ == "__main__":
    config = Config()
    config.bind = [f"127.0.0.1:{sys.argv[1] if len(sys.argv) > 1 else 8001}"]
    config.graceful_timeout = 1.0  # a poll that is held is a request that goes on
    asyncio.run(serve(app, config))
