"""Settings as frozen values; ``runner.settings.load`` makes them. Nothing here does I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from runner.catalogue import Command

ALLOWED_HOSTS = ("localhost", "127.0.0.1", "[::1]")
"""The Host names that are answered if the file names none; always what a loopback address is called."""


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """Where the server listens and who may ask.

    ``host`` has no brackets (``::1``); port 0 is any free port. ``data`` is absolute and may not exist
    yet. ``allowed_hosts`` are in lower case, without a port, an IPv6 address in brackets.
    """

    host: str = "127.0.0.1"
    port: int = 8000
    data: Path = Path("var")
    allowed_hosts: tuple[str, ...] = ALLOWED_HOSTS
    frame_ancestors: tuple[str, ...] = ()


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


@dataclass(frozen=True, slots=True)
class Settings:
    """All that is configured. ``environment`` is what every child gets before its command's ``env``."""

    server: ServerSettings
    pool: PoolSettings
    output: OutputSettings
    commands: Mapping[str, Command]
    environment: Mapping[str, str]
    history: HistorySettings = HistorySettings()
