"""How many connections are taken, and how long they may take. Pure."""

from __future__ import annotations

import resource
from dataclasses import dataclass

from runner.web.security.network import Network
from runner.web.security.rates import AT_ONCE

MOST_CONNECTIONS = 10_000


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds and numbers.

    ``handshake``: of TLS, from the connection on. ``head``: from a request's first byte to the end of its head.
    ``body``: from then on to its end. ``send``: for what was written until it has gone out but for a little.
    ``linger``: for the rest of it when a connection is closed. ``connections`` are all there may be,
    ``per_address`` those of one address, unless it is loopback, a unix socket or among ``proxies``.
    """

    handshake: float = 10.0
    head: float = 20.0
    body: float = 75.0  # longer than the 60 s after which the app itself answers that it took too long
    send: float = 300.0
    linger: float = 10.0
    connections: int = MOST_CONNECTIONS
    per_address: int = AT_ONCE
    proxies: tuple[Network, ...] = ()


def connections_for(open_files: int) -> int:
    """How many connections a process takes that may have so many files open: jobs need files as well."""
    return MOST_CONNECTIONS if open_files == resource.RLIM_INFINITY else min(MOST_CONNECTIONS, open_files // 2)
