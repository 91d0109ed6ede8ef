"""Settings as frozen values; ``runner.settings.load`` makes them. Nothing here does I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path

from runner.catalogue import Command

ALLOWED_HOSTS = ("localhost", "127.0.0.1", "[::1]")
"""The Host names that are answered if the file names none; always what a loopback address is called."""


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """Where the server listens and who may ask.

    ``host`` has no brackets (``::1``); port 0 is any free port. ``data`` is absolute and may not exist
    yet. ``allowed_hosts`` are in lower case, without a port, an IPv6 address in brackets. ``socket`` is the path of a
    unix socket to listen on instead of ``host`` and ``port``. ``base_path`` is ``""`` or ``/some/prefix``, the prefix
    under which a proxy serves it. Requests from ``trusted_proxies`` (and from the unix socket, if it says ``unix``:
    ``proxy_on_socket``) may say whose they are. ``certificate`` and ``key`` are PEM files; with them it speaks TLS.
    """

    host: str = "127.0.0.1"
    port: int = 8000
    data: Path = Path("var")
    allowed_hosts: tuple[str, ...] = ALLOWED_HOSTS
    frame_ancestors: tuple[str, ...] = ()
    socket: Path | None = None
    base_path: str = ""
    trusted_proxies: tuple[IPv4Network | IPv6Network, ...] = ()
    proxy_on_socket: bool = False
    certificate: Path | None = None
    key: Path | None = None


@dataclass(frozen=True, slots=True)
class PoolSettings:
    """How many jobs run at once, and how many may wait."""

    running: int = 4
    queue: int = 100


@dataclass(frozen=True, slots=True)
class OutputSettings:
    """The most that is kept of one job's output, of all output together, and for how long.

    ``idle_expiry`` is seconds: output goes when its job is finished and nobody has read it for so long.
    ``total_bytes`` is at least ``max_bytes``.
    """

    max_bytes: int = 256 << 20
    max_lines: int = 10_000_000
    idle_expiry: float = 3_600.0
    total_bytes: int = 4 << 30


@dataclass(frozen=True, slots=True)
class HistorySettings:
    """How long the records of finished jobs are kept, in seconds."""

    keep: float = 90 * 86_400.0


class AuthMode(StrEnum):
    """How people say who they are."""

    TOKEN = "token"  # nosec B105 # noqa: S105 - the word in the file, no secret
    NONE = "none"
    USERS = "users"
    PROXY = "proxy"


class Right(StrEnum):
    """What somebody may do; all but ``audit`` are for certain commands."""

    SEE = "see"
    START = "start"
    STOP = "stop"
    INPUT = "input"
    DOWNLOAD = "download"
    SHARE = "share"
    AUDIT = "audit"


@dataclass(frozen=True, slots=True)
class Rule:
    """One ``[[rights]]`` entry: these people and members of these groups may do this with these commands.

    ``everybody`` is everybody who is signed in; ``every_command`` includes those that the catalogue has no more.
    """

    people: frozenset[str]
    groups: frozenset[str]
    everybody: bool
    commands: frozenset[str]
    every_command: bool
    may: frozenset[Right]


@dataclass(frozen=True, slots=True)
class AuthSettings:
    """Who may ask. ``users`` is the file of people and passwords; a session ends ``session`` seconds after signing in.

    ``groups`` are the members of each group; a proxy's ``groups_header`` adds to them.
    """

    mode: AuthMode = AuthMode.TOKEN
    users: Path | None = None
    session: float = 12 * 3_600.0
    user_header: str = "x-forwarded-user"
    groups_header: str = "x-forwarded-groups"
    groups: Mapping[str, frozenset[str]] = field(default_factory=dict)
    rules: tuple[Rule, ...] = ()


@dataclass(frozen=True, slots=True)
class Settings:
    """All that is configured. ``environment`` is what every child gets before its command's ``env``."""

    server: ServerSettings
    pool: PoolSettings
    output: OutputSettings
    commands: Mapping[str, Command]
    environment: Mapping[str, str]
    history: HistorySettings = HistorySettings()
    auth: AuthSettings = AuthSettings()
