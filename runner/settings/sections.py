"""The sections ``[server]``, ``[pool]`` and ``[output]``, read into their values."""

from __future__ import annotations

from dataclasses import dataclass

from runner.settings.quantities import Address, parse_bind, parse_host, parse_origin, parse_size
from runner.settings.table import Table, integer, place, text
from runner.settings.values import OutputSettings, PoolSettings

DEFAULT_BIND = Address("127.0.0.1", 8000)
DEFAULT_DATA = "var"

SERVER_LATER = frozenset({"base_path"})
OUTPUT_LATER = frozenset({"idle_expiry", "total_bytes"})

MOST_RUNNING = 10_000
MOST_QUEUED = 1_000_000
LEAST_BYTES = 4 << 10
LEAST_LINES = 100
MOST_LINES = 10**15


@dataclass(frozen=True, slots=True)
class ServerSection:
    """``[server]`` as the file has it, before flags and the environment have had their say."""

    bind: Address
    data: str
    allowed_hosts: tuple[str, ...] | None
    frame_ancestors: tuple[str, ...]


def read_server(table: Table) -> ServerSection:
    """``[server]``; ``allowed_hosts`` is None if the file has none."""
    hosts = table.each("allowed_hosts", (), parse_host)
    if "allowed_hosts" in table and table.values["allowed_hosts"] == []:
        table.fault("allowed_hosts", "must name at least one host, or nobody is answered")
    section = ServerSection(
        bind=table.take("bind", DEFAULT_BIND, lambda value: parse_bind(text(value))),
        data=table.take("data", DEFAULT_DATA, place),
        allowed_hosts=hosts if "allowed_hosts" in table else None,
        frame_ancestors=table.each("frame_ancestors", (), parse_origin),
    )
    table.close(SERVER_LATER)
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
    )
    table.close(OUTPUT_LATER)
    return output


def _parse_cap(value: object) -> int:
    size = parse_size(value)
    if size < LEAST_BYTES:
        raise ValueError("must be at least 4KiB")
    return size
