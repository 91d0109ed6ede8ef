"""What a person should know before the server starts, though it is no fault."""

from __future__ import annotations

from collections.abc import Iterator

from runner.settings.quantities import shown
from runner.settings.reach import address_of
from runner.settings.values import ALLOWED_HOSTS, AuthMode, Settings

ROOT = 0
PRIVATE = 0o700


def warnings_of(settings: Settings, euid: int, data_mode: int = PRIVATE) -> list[str]:
    """A sentence for each danger of these settings, for a server that runs as the user ``euid``. Pure.

    ``data_mode`` is the mode of the data folder.
    """
    of_data = _of_the_data(settings, data_mode & 0o777)
    return [*_of_identity(settings), *_of_the_network(settings), *of_data, *_of_the_user(euid)]


def _of_identity(settings: Settings) -> Iterator[str]:
    mode = settings.auth.mode
    if mode is AuthMode.NONE and settings.server.socket is None:
        yield "auth.mode is none: every local user, and every job of another user, can start commands."
    if mode in (AuthMode.USERS, AuthMode.PROXY) and not settings.auth.rules:
        yield "There is no [[rights]] entry: whoever signs in may do nothing."


def _of_the_network(settings: Settings) -> Iterator[str]:
    server = settings.server
    address = address_of(server)
    if address is None or address.is_loopback:
        return
    if server.certificate is None and not server.trusted_proxies:
        secrets = "Passwords" if settings.auth.mode is AuthMode.USERS else "Tokens"
        yield f"{secrets} cross the network in clear: set server.certificate and server.key, or server.trusted_proxies."
    every_address = ("0.0.0.0", "::")  # nosec B104 # to warn of it
    if server.host in every_address and set(server.allowed_hosts) <= {*ALLOWED_HOSTS, address.name}:
        yield "server.allowed_hosts has no name by which other machines could address the server: they are refused."


def _of_the_data(settings: Settings, mode: int) -> Iterator[str]:
    """A group that may look into the folder is somebody's choice."""
    place = f"The data folder {shown(str(settings.server.data))} has mode {mode:04o}:"
    if mode & 0o022:
        yield f"{place} other users can put files of theirs in the place of Linefeed's. 0700 is right."
    elif mode & 0o005:
        yield f"{place} other users can see which files are there, though not what is in them. 0700 is right."


def _of_the_user(euid: int) -> Iterator[str]:
    if euid == ROOT:
        yield "Linefeed runs as root, and so does every job: each can change the spool, the history and the audit."
