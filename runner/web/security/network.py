"""Network addresses: whose they are, and whom they count as. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

UNIX = "unix"
"""The address of everybody who comes through a unix socket."""

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_ONE_READER = 64
"""Whoever has one IPv6 address has so many bits of them: a network of this length is one reader."""


def parsed(text: str) -> Address | None:
    """The address, without its zone; one of IPv4 in the clothes of IPv6 is one of IPv4. None if it is none."""
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def is_among(address: Address | None, networks: Iterable[Network]) -> bool:
    """Whether the address is in one of the networks."""
    return address is not None and any(address in network for network in networks)


@lru_cache(maxsize=4_096)
def counted_as(address: str) -> str | None:
    """Under what name the requests from an address are counted: IPv6 by its network. None: they are not counted."""
    found = parsed(address)
    if address == UNIX or (found is not None and found.is_loopback):
        return None
    if isinstance(found, IPv6Address):
        return str(ip_network((found, _ONE_READER), strict=False).network_address)
    return address if found is None else str(found)
