"""Quantities as people write them: durations, sizes, addresses, host names, origins.

Each function takes what stood in the file or on the command line, and raises ValueError with the
reason, worded to follow the key it belongs to.
"""

from __future__ import annotations

import ipaddress
import re
from typing import NamedTuple

SECONDS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86_400}
BYTES = {
    "B": 1,
    "KB": 10**3,
    "MB": 10**6,
    "GB": 10**9,
    "TB": 10**12,
    "KiB": 1 << 10,
    "MiB": 1 << 20,
    "GiB": 1 << 30,
    "TiB": 1 << 40,
}
LONGEST = 3650 * 86_400
"""The longest duration, in seconds: ten years."""

LARGEST = 1 << 50
"""The largest size, in bytes: 1 PiB."""

MOST_PORT = 65_535
KINDS = {bool: "true or false", int: "a whole number", float: "a number", str: "text", list: "a list", dict: "a table"}

_DURATION = re.compile(r"([0-9]{1,12})(ms|s|m|h|d)")
_SIZE = re.compile(r"([0-9]{1,16})([KMGT]i?B|B)")
_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_NAME = re.compile(rf"(?=.{{1,253}}\Z){_LABEL}(?:\.{_LABEL})*")
_BIND = re.compile(r"(?:\[(?P<six>[^\[\]]*)\]|(?P<host>[^:\[\]]+)):(?P<port>[0-9]{1,5})")
_ORIGIN = re.compile(r"(?P<scheme>https?)://(?P<host>[^/:\[\]]+)(?::(?P<port>[0-9]{1,5}))?")


class Address(NamedTuple):
    """Where to listen; ``host`` has no brackets."""

    host: str
    port: int

    @property
    def name(self) -> str:
        """The host as it stands in a URL or a Host header, without the port."""
        return f"[{self.host}]" if ":" in self.host else self.host

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach it."""
        return self.host in ("localhost", "::1") or (_is_ipv4(self.host) and self.host.startswith("127."))


def shown(text: str, most: int = 60) -> str:
    """``text`` in quotes, on one line, cut after ``most`` characters; control characters are escaped."""
    return f"“{on_one_line(text if len(text) <= most else text[:most] + '…')}”"


def on_one_line(text: str) -> str:
    """``text`` with everything escaped that could break a line or steer a terminal."""
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in text)


def parse_duration(value: object) -> float:
    """Seconds; ``"250ms"``, ``"5s"``, ``"10m"``, ``"1h"``, ``"90d"``."""
    match = _DURATION.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError(f'must be a duration with its unit, such as "5s", {_units(SECONDS)}; {_not(value)}')
    seconds = int(match[1]) / 1000 if match[2] == "ms" else int(match[1]) * SECONDS[match[2]]
    if seconds > LONGEST:
        raise ValueError("must be at most 3650d")
    return float(seconds)


def parse_size(value: object) -> int:
    """Bytes; ``"64KiB"``, ``"1MB"``, ``"1GiB"``, or a plain integer."""
    if isinstance(value, int) and not isinstance(value, bool):
        size = value
    elif isinstance(value, str) and (match := _SIZE.fullmatch(value)):
        size = int(match[1]) * BYTES[match[2]]
    else:
        raise ValueError(f'must be a size such as "256MiB", {_units(BYTES)}, or a number of bytes; {_not(value)}')
    if not 0 <= size <= LARGEST:
        raise ValueError("must be from 0 to 1024TiB")
    return size


def parse_bind(text: str) -> Address:
    """``HOST:PORT`` with an IPv6 address in brackets; port 0 is any free port."""
    match = _BIND.fullmatch(text)
    if match is None:
        raise ValueError(f"must be HOST:PORT, such as 127.0.0.1:8000 or [::1]:8000, or unix:/PATH; {_not(text)}")
    port = _parse_port(match["port"])
    if match["six"] is not None:
        return Address(_parse_ipv6(match["six"]), port)
    host = match["host"].lower()
    if not _is_ipv4(host) and (_looks_numeric(host) or not _NAME.fullmatch(host)):
        raise ValueError(f"has no host that can be listened on: {shown(host)}")
    return Address(host, port)


def parse_host(text: str) -> str:
    """A name for ``allowed_hosts``, in lower case, without a port, an IPv6 address in brackets."""
    host = text.lower()
    if host.startswith("[") and host.endswith("]"):
        return f"[{_parse_ipv6(host[1:-1])}]"
    if "*" in host:
        raise ValueError(f"{shown(text)} would let any site in; list each name")
    if host.count(":") > 1:
        raise ValueError(f"{shown(text)} is no host name; an IPv6 address stands in brackets")
    if ":" in host:
        raise ValueError(f"{shown(text)} has a port or a scheme; write the name alone")
    if not _NAME.fullmatch(host):
        raise ValueError(f"{shown(text)} is no host name")
    return host


def parse_origin(text: str) -> str:
    """An origin for ``frame_ancestors``, ``https://host`` or ``https://host:port``, in lower case."""
    origin = text.lower()
    match = _ORIGIN.fullmatch(origin)
    if match is None or not _NAME.fullmatch(match["host"]):
        raise ValueError(
            f"{shown(text)} is no origin; write scheme://host or scheme://host:port, with http or https and no path"
        )
    if match["port"] is not None and int(match["port"]) > MOST_PORT:
        raise ValueError(f"{shown(text)} has no such port; a port is at most {MOST_PORT}")
    return origin


def _parse_port(digits: str) -> int:
    port = int(digits)
    if port > MOST_PORT:
        raise ValueError(f"has port {port}; a port is at most {MOST_PORT}")
    return port


def _parse_ipv6(text: str) -> str:
    try:
        if "%" not in text:
            return str(ipaddress.IPv6Address(text))
    except ValueError:
        pass
    raise ValueError(f"{shown(text)} is no IPv6 address")


def _is_ipv4(host: str) -> bool:
    try:
        ipaddress.IPv4Address(host)
    except ValueError:
        return False
    return True


def _looks_numeric(host: str) -> bool:
    """Old tools read ``127.1`` or ``0x7f.1`` as an address; here only four decimal numbers are one."""
    return host.rsplit(".", 1)[-1][:1].isdigit()


def _units(units: dict[str, int] | dict[str, float]) -> str:
    *most, last = units
    return f"in {', '.join(most)} or {last}"


def _not(value: object) -> str:
    if isinstance(value, str):
        return f"not {shown(value)}"
    return f"not {value}" if type(value) in (int, float) and len(str(value)) < 30 else f"not {kind(value)}"


def kind(value: object) -> str:
    """What a value is, in a person's words."""
    return KINDS.get(type(value), "a date or time")
