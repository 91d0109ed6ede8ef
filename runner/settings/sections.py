"""The sections ``[server]``, ``[pool]``, ``[output]`` and ``[history]``, read into their values."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path

from runner.settings.network import UnixAddress, parse_base_path, parse_listen, parse_proxy
from runner.settings.quantities import Address, parse_duration, parse_host, parse_origin, parse_size
from runner.settings.table import Table, integer, place, text
from runner.settings.tls import read_pair
from runner.settings.values import HistorySettings, OutputSettings, PoolSettings

DEFAULT_BIND: Address | UnixAddress = Address("127.0.0.1", 8000)
DEFAULT_DATA = "var"

MOST_RUNNING = 10_000
MOST_QUEUED = 1_000_000
LEAST_BYTES = 4 << 10
LEAST_LINES = 100
MOST_LINES = 10**15
LEAST_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class ServerSection:
    """``[server]`` as the file has it, before flags and the environment have had their say."""

    bind: Address | UnixAddress
    data: str
    allowed_hosts: tuple[str, ...] | None
    frame_ancestors: tuple[str, ...]
    base_path: str
    trusted_proxies: tuple[IPv4Network | IPv6Network | None, ...]
    pair: tuple[Path, Path] | None


def read_server(table: Table) -> ServerSection:
    """``[server]``; ``allowed_hosts`` is None if the file has none, a trusted proxy None if it is ``unix``."""
    hosts = table.each("allowed_hosts", (), parse_host)
    if "allowed_hosts" in table and table.values["allowed_hosts"] == []:
        table.fault("allowed_hosts", "must name at least one host, or nobody is answered")
    section = ServerSection(
        bind=table.take("bind", DEFAULT_BIND, lambda value: parse_listen(text(value))),
        data=table.take("data", DEFAULT_DATA, place),
        allowed_hosts=hosts if "allowed_hosts" in table else None,
        frame_ancestors=table.each("frame_ancestors", (), parse_origin),
        base_path=table.take("base_path", "", lambda value: parse_base_path(text(value))),
        trusted_proxies=table.each("trusted_proxies", (), parse_proxy),
        pair=read_pair(table),
    )
    table.close()
    return section


def read_pool(table: Table) -> PoolSettings:
    """``[pool]``."""
    pool = PoolSettings(
        running=table.take("running", PoolSettings().running, integer(1, MOST_RUNNING)),
        queue=table.take("queue", PoolSettings().queue, integer(0, MOST_QUEUED)),
    )
    table.close()
    return pool


def read_output(table: Table) -> OutputSettings:
    """``[output]``."""
    output = OutputSettings(
        max_bytes=table.take("max_bytes", OutputSettings().max_bytes, _parse_cap),
        max_lines=table.take("max_lines", OutputSettings().max_lines, integer(LEAST_LINES, MOST_LINES)),
        idle_expiry=table.take("idle_expiry", OutputSettings().idle_expiry, _parse_keep),
        total_bytes=table.take("total_bytes", OutputSettings().total_bytes, parse_size),
    )
    if output.total_bytes < output.max_bytes:
        _note_sizes(table, output)
    table.close()
    return output


def read_history(table: Table) -> HistorySettings:
    """``[history]``."""
    history = HistorySettings(keep=table.take("keep", HistorySettings().keep, _parse_keep))
    table.close()
    return history


def _note_sizes(table: Table, output: OutputSettings) -> None:
    """One job's cap is more than the room for all: the fault is of a key that the file has."""
    if "total_bytes" in table:
        table.fault("total_bytes", f"must not be less than max_bytes, which is {output.max_bytes} bytes")
    else:
        table.fault("max_bytes", f"must not be more than total_bytes, which is {output.total_bytes} bytes")


def _parse_keep(value: object) -> float:
    seconds = parse_duration(value)
    if seconds < LEAST_SECONDS:
        raise ValueError("must be at least 1s")
    return seconds


def _parse_cap(value: object) -> int:
    size = parse_size(value)
    if size < LEAST_BYTES:
        raise ValueError("must be at least 4KiB")
    return size
