"""The Host allow-list: without it, a name that an attacker points at this machine is same-origin (DNS rebinding)."""

from __future__ import annotations

import re
from collections.abc import Collection

from runner.web.asgi import Headers, values
from runner.web.security.refusal import Refusal

_HOST = re.compile(rb"(?P<name>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::(?P<port>[0-9]{1,5}))?")

_BAD_HOST = Refusal(400, "The request must have exactly one well-formed Host header.")
_OTHER_HOST = Refusal(421, "This server does not answer to this host name. (See allowed_hosts in the configuration.)")


def check_host(headers: Headers, allowed: Collection[str]) -> Refusal | None:
    """Why the Host is refused, or None. ``allowed`` has names in lower case; any port passes."""
    hosts = values(headers, b"host")
    match = _HOST.fullmatch(hosts[0]) if len(hosts) == 1 else None
    if match is None:
        return _BAD_HOST
    return None if match["name"].decode().lower() in allowed else _OTHER_HOST
