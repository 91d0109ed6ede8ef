"""Linefeed: ``python app.py`` serves it; ``app:app`` is for any other ASGI server."""

from __future__ import annotations

import argparse
import asyncio
import errno
import logging
import os
import resource
import signal
import socket
import sqlite3
import sys
from collections.abc import Sequence
from functools import cache
from typing import Any, NoReturn

from hypercorn.asyncio import serve
from hypercorn.config import Config
from quart import Quart

from runner.errors import BadConfiguration, DataInUse, Fault
from runner.process import become_subreaper
from runner.settings import Settings, load_settings
from runner.web import create_app
from runner.web.asgi import Receive, Scope, Send
from runner.web.context import context_of

BACKLOG = 2_048
ACCEPTED_AT_A_TIME = 1  # without open files asyncio starts as many retries as this, and each of them as many again
OPEN_FILES = 65_536
KEEP_ALIVE_SECONDS = 75  # longer than a poll is held, so that a reader keeps its connection
LEAVE_SECONDS = 1.5  # for answers still being sent when every job has ended
REQUEST_HEAD_BYTES = 48 << 10  # a little more than the app takes, so that the app says what is wrong


class _Flags(argparse.ArgumentParser):
    """Says what is wrong in one line, like every other fault of the configuration."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{Fault('command line', self.prog, message)}\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until told to stop. Answers the exit status: 2 if it could not start."""
    flags = _flags().parse_args(arguments)
    if sys.platform != "linux":
        print("Linefeed needs Linux: it relies on what only its kernel offers.", file=sys.stderr)
        return 2
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    try:
        settings = load_settings(config=flags.config, bind=flags.bind, data=flags.data)
        listener = _listen(settings)
        become_subreaper()
        _allow_many_connections()
        asyncio.run(_serve(settings, listener))
    except BadConfiguration as error:
        print(error, file=sys.stderr)
        return 2
    return 0


def _flags() -> argparse.ArgumentParser:
    flags = _Flags(
        prog="app.py", description="Buttons for commands, and a live view of their output.", allow_abbrev=False
    )
    flags.add_argument("--config", metavar="FILE", help="the catalogue and settings, a TOML file")
    flags.add_argument("--bind", metavar="HOST:PORT", help="where to listen; port 0 is any free port")
    flags.add_argument("--data", metavar="DIR", help="the folder of jobs and history")
    return flags


def _listen(settings: Settings) -> socket.socket:
    """A socket that listens where the settings say. Raises BadConfiguration if that cannot be."""
    host, port = settings.server.host, settings.server.port
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, kind, protocol)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(BACKLOG)
    except OSError as error:
        fault = Fault("server", "bind", f"cannot listen on {_authority(host, port)}: {error.strerror}")
        raise BadConfiguration([fault]) from error
    return listener


def _authority(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _allow_many_connections() -> None:
    """Each reader costs a descriptor, and the usual soft limit is 1,024."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPEN_FILES if hard == resource.RLIM_INFINITY else min(OPEN_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


async def _serve(settings: Settings, listener: socket.socket) -> None:
    web = create_app(settings)
    lifetime = context_of(web).lifetime
    try:
        await lifetime.open()
    except (DataInUse, OSError, sqlite3.Error) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise BadConfiguration([Fault("server", "data", f"{settings.server.data} cannot be used: {reason}")]) from error
    asyncio.get_running_loop().set_exception_handler(_report)
    told = _signals()
    url = f"http://{_authority(settings.server.host, listener.getsockname()[1])}/"

    async def until_told() -> None:
        # Called when connections are taken. The jobs end while the server still answers, so that
        # every waiting reader gets its answer; only then are the connections closed.
        with listener:
            listener.listen(BACKLOG)  # asyncio set it to what it accepts at a time
        print(f"Linefeed is serving {url}", flush=True)
        await told.wait()
        await lifetime.leave()

    await serve(web, _server_config(listener), shutdown_trigger=until_told)
    await lifetime.close()


def _report(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Log what nobody waits for; a connection that cannot be taken for want of open files is no more than a line."""
    error = context.get("exception")
    if isinstance(error, OSError) and error.errno in (errno.EMFILE, errno.ENFILE):
        logging.getLogger("linefeed").warning("%s: %s", context.get("message"), error.strerror)
    else:
        loop.default_exception_handler(context)


def _server_config(listener: socket.socket) -> Config:
    config = Config()
    config.bind = [f"fd://{os.dup(listener.fileno())}"]
    config.backlog = ACCEPTED_AT_A_TIME
    config.errorlog = logging.getLogger("hypercorn.error")
    config.graceful_timeout = LEAVE_SECONDS
    config.h11_max_incomplete_size = REQUEST_HEAD_BYTES
    config.include_server_header = False
    config.keep_alive_max_requests = sys.maxsize
    config.keep_alive_timeout = KEEP_ALIVE_SECONDS
    return config


def _signals() -> asyncio.Event:
    """Set by SIGTERM or SIGINT. The second one leaves at once: the shims see it and end what they run."""
    told = asyncio.Event()
    loop = asyncio.get_running_loop()

    def tell(number: signal.Signals) -> None:
        if told.is_set():
            os._exit(128 + number)
        told.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, tell, number)
    return told


@cache
def _configured() -> Quart:
    return create_app(load_settings(config=None, bind=None, data=None))


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """The ASGI app, configured by the environment when it is first called, not when it is imported."""
    try:
        web = _configured()
    except BadConfiguration as error:
        if scope["type"] != "lifespan":
            raise
        await receive()
        await send({"type": "lifespan.startup.failed", "message": str(error)})
    else:
        await web(scope, receive, send)  # type: ignore[arg-type] # Quart's own names for the same things


if __name__ == "__main__":
    sys.exit(main())
