"""Which refusals are written: anybody can cause a thousand a second. Pure, the clock is an argument."""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import IPv6Address, ip_address

EACH_SECOND = 20
"""Refusals of one address that are written in a second."""

EACH_MINUTE = 200
"""Refusals of one address that are written in a minute."""

ALL_MINUTE = 2_000
"""Refusals that are written in a minute, and so the most addresses that are known at a time."""


@dataclass(slots=True)
class _Share:
    """What one address has had."""

    second: int = 0
    in_second: int = 0
    in_minute: int = 0


@dataclass(slots=True)
class Minute:
    """The refusals of one minute; ``missed`` of them were not written."""

    missed: int = 0
    _written: int = 0
    _shares: dict[str, _Share] = field(default_factory=dict)

    def takes(self, address: str, now: float) -> bool:
        """Whether one more refusal of ``address`` is written at ``now`` (monotonic clock, s)."""
        if self._written >= ALL_MINUTE:
            return False
        share = self._shares.setdefault(neighbourhood(address), _Share())
        if share.second != int(now):
            share.second, share.in_second = int(now), 0
        if share.in_second >= EACH_SECOND or share.in_minute >= EACH_MINUTE:
            return False
        share.in_second += 1
        share.in_minute += 1
        self._written += 1
        return True


def neighbourhood(address: str) -> str:
    """What counts as one address: an IPv4 address, the /64 of an IPv6 address, any other text as it is."""
    try:
        known = ip_address(address)
    except ValueError:
        return address
    if isinstance(known, IPv6Address):
        return str(known.ipv4_mapped or f"{int(known) >> 64:x}::/64")
    return str(known)
