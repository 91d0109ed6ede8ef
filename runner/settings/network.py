"""Where the server stands in the network, as people write it: sockets, prefixes, proxies, header names.

As in ``runner.settings.quantities``, each function raises ValueError with the reason.
"""

from __future__ import annotations

import os
import re
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import NamedTuple

from runner.settings.quantities import Address, parse_bind, shown

SOCKET_BYTES = 107
"""The longest path of a unix socket on Linux, without its NUL."""

_UNIX = "unix:"
_PREFIX = re.compile(r"(?:/[A-Za-z0-9._~-]+)+")
_HEADER = re.compile(r"[a-z0-9!#$%&'*+.^_`|~-]{1,100}")


class UnixAddress(NamedTuple):
    """Where to listen: a socket in the file system, by its absolute path."""

    path: Path


def parse_listen(text: str) -> Address | UnixAddress:
    """``HOST:PORT`` as in ``parse_bind``, or ``unix:`` and an absolute path."""
    if text.startswith(_UNIX):
        return UnixAddress(_parse_socket(text.removeprefix(_UNIX)))
    return parse_bind(text)


def parse_base_path(text: str) -> str:
    """The prefix under which a proxy serves the server: empty, or ``/a/b``."""
    if not text:
        return text
    if not _PREFIX.fullmatch(text) or {".", ".."} & set(text.split("/")):
        raise ValueError(
            f"{shown(text)} is no prefix; write /name or /name/name of letters, digits, -, ., _ and ~, "
            "without a slash at the end"
        )
    return text


def parse_proxy(text: str) -> IPv4Network | IPv6Network | None:
    """An address or a network in CIDR form; None for ``unix``, which is whoever comes through the unix socket."""
    if text == "unix":
        return None
    try:
        if "%" in text:
            raise ValueError(text)
        network = ip_network(text)
    except ValueError:
        raise ValueError(f"{shown(text)} is no address, no network such as 10.0.0.0/8, and not unix") from None
    if network.prefixlen == 0:
        raise ValueError(f"{shown(text)} would trust every address; list those of the proxies")
    return network


def parse_header(text: str) -> str:
    """The name of a header, in lower case."""
    name = text.lower()
    if not _HEADER.fullmatch(name):
        raise ValueError(f"{shown(text)} is no name of a header")
    return name


def _parse_socket(path: str) -> Path:
    if not path.startswith("/") or path.endswith("/"):
        raise ValueError(
            f"must be unix: and the absolute path of a socket, such as unix:/run/linefeed.sock; not {shown(path)}"
        )
    if not path.isprintable():
        raise ValueError("must not have control characters in the path of the socket")
    if len(os.fsencode(path)) > SOCKET_BYTES:
        raise ValueError(f"has a path that is too long for a socket; it may have {SOCKET_BYTES} bytes")
    return Path(path)
