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
import stat
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any, NoReturn

from hypercorn.config import Config
from quart import Quart

from runner.errors import BadConfiguration, DataInUse, Fault
from runner.process import become_subreaper
from runner.settings import ServerSettings, Settings, load_settings
from runner.settings.warnings import warnings_of
from runner.web import create_app
from runner.web.asgi import Receive, Scope, Send
from runner.web.context import context_of
from runner.web.serving import Limits, connections_for, serve

BACKLOG = 2_048
OPEN_FILES = 65_536
KEEP_ALIVE_SECONDS = 75  # longer than a poll is held, so that a reader keeps its connection
LEAVE_SECONDS = 1.5  # for answers still being sent when every job has ended
NOT_FOR_OTHERS = 0o177  # the bits that a unix socket's mode does not have
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
        settings = load_settings(config=flags.config, bind=flags.bind, data=flags.data, no_token=flags.no_token)
        with _listening(settings.server) as listener:
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
    flags.add_argument(
        "--bind", metavar="HOST:PORT", help="where to listen; port 0 is any free port, unix:/PATH a unix socket"
    )
    flags.add_argument("--data", metavar="DIR", help="the folder of jobs and history")
    flags.add_argument("--no-token", action="store_true", help="ask nobody who they are (auth.mode = none)")
    return flags


@contextmanager
def _listening(server: ServerSettings) -> Iterator[socket.socket]:
    """A socket that listens where the settings say. Raises BadConfiguration if that cannot be.

    A unix socket's file goes at the end, unless it is another's by then.
    """
    try:
        listener = _listen(server.host, server.port) if server.socket is None else _listen_at(server.socket)
    except OSError as error:
        fault = Fault("server", "bind", f"cannot listen on {_place(server, server.port)}: {error.strerror}")
        raise BadConfiguration([fault]) from error
    made = _identity(server.socket) if server.socket else None
    try:
        yield listener
    finally:
        if server.socket and _identity(server.socket) == made:
            server.socket.unlink(missing_ok=True)


def _listen(host: str, port: int) -> socket.socket:
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    listener = socket.socket(family, kind, protocol)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(address)
    listener.listen(BACKLOG)
    return listener


def _listen_at(path: Path) -> socket.socket:
    """A unix socket for this user alone, from its first moment. One that a dead server left behind is replaced."""
    listener = socket.socket(socket.AF_UNIX)
    if _is_left_behind(path):
        path.unlink(missing_ok=True)
    before = os.umask(NOT_FOR_OTHERS)
    try:
        listener.bind(os.fspath(path))
    finally:
        os.umask(before)
    listener.listen(BACKLOG)
    return listener


def _is_left_behind(path: Path) -> bool:
    """Whether there is a socket at which nobody listens. Any other file refuses connections, too, and is let be."""
    with suppress(FileNotFoundError), socket.socket(socket.AF_UNIX) as probe:
        if stat.S_ISSOCK(path.lstat().st_mode):
            probe.setblocking(False)  # a live server that is behind with its work is one as well
            return probe.connect_ex(os.fspath(path)) == errno.ECONNREFUSED
    return False


def _identity(path: Path) -> tuple[int, int] | None:
    """Which file is at the path; None if there is none."""
    with suppress(OSError):
        found = path.lstat()
        return found.st_dev, found.st_ino
    return None


def _authority(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _place(server: ServerSettings, port: int) -> str:
    return _authority(server.host, port) if server.socket is None else f"unix:{server.socket}"


def _url(server: ServerSettings, listener: socket.socket, token: str | None) -> str:
    """What a person opens. This is the only place in which the start token is written."""
    query = f"?token={token}" if token else ""
    if server.socket is not None:
        return f"{_place(server, 0)}{query}"
    scheme = "http" if server.certificate is None else "https"
    return f"{scheme}://{_place(server, listener.getsockname()[1])}/{query}"


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
    url = _url(settings.server, listener, context_of(web).start_token)
    for warning in warnings_of(settings, os.geteuid(), settings.server.data.stat().st_mode):
        print(f"warning: {warning}", file=sys.stderr)

    async def until_told() -> None:
        # Called when connections are taken. The jobs end while the server still answers, so that
        # every waiting reader gets its answer; only then are the connections closed.
        print(f"Linefeed is serving {url}", flush=True)
        await told.wait()
        await lifetime.leave()

    limits = Limits(
        connections=connections_for(resource.getrlimit(resource.RLIMIT_NOFILE)[0]),
        proxies=settings.server.trusted_proxies,
    )
    await serve(web, listener, _server_config(settings.server), until_told, limits)  # type: ignore[arg-type] # Quart's own names for ASGI's parts
    await lifetime.close()


def _report(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Log what nobody waits for; a connection that cannot be taken for want of open files is no more than a line."""
    error = context.get("exception")
    if isinstance(error, OSError) and error.errno in (errno.EMFILE, errno.ENFILE):
        logging.getLogger("linefeed").warning("%s: %s", context.get("message"), error.strerror)
    else:
        loop.default_exception_handler(context)


def _server_config(server: ServerSettings) -> Config:
    config = Config()
    if server.certificate is not None and server.key is not None:
        config.certfile, config.keyfile = str(server.certificate), str(server.key)
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
        token = context_of(web).start_token
        if scope["type"] == "lifespan" and token:
            # Where it is served only the other server knows.
            print(f"Linefeed's dashboard signs you in when its address ends in /?token={token}", flush=True)
        await web(scope, receive, send)  # type: ignore[arg-type] # Quart's own names for the same things


if __name__ == "__main__":
    sys.exit(main())
