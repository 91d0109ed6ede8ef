"""Whether the server may listen where it is told to: beyond this machine only if it asks who somebody is."""

from __future__ import annotations

from pathlib import Path

import msgspec

from runner.settings.quantities import Address
from runner.settings.values import AuthMode, ServerSettings

TOKENS = "tokens.json"
"""The file of API tokens in the data folder; ``{"tokens": [...]}``."""

WAYS_OUT = "set auth.mode to users or proxy, or listen on 127.0.0.1, localhost, [::1] or unix:/PATH"


class _Tokens(msgspec.Struct):
    tokens: list[object]


def refusal(server: ServerSettings, mode: AuthMode) -> str | None:
    """Why the server must not listen where it is told to; None if it may. Looks for API tokens in its data folder."""
    address = address_of(server)
    if address is None or address.is_loopback or mode in (AuthMode.USERS, AuthMode.PROXY):
        return None
    reached = f"{address.name} can be reached from other machines"
    if mode is AuthMode.NONE:
        return f"{reached}, and nobody is asked who they are; {WAYS_OUT}"
    if has_api_token(server.data):
        return None
    return f"{reached}, and nobody could say there who they are; {WAYS_OUT}, or make an API token first"


def address_of(server: ServerSettings) -> Address | None:
    """The address in the network; None for a unix socket."""
    return None if server.socket is not None else Address(server.host, server.port)


def has_api_token(data: Path) -> bool:
    """Whether the data folder holds an API token. A file that cannot be read holds none."""
    try:
        return bool(msgspec.json.decode((data / TOKENS).read_bytes(), type=_Tokens).tokens)
    except (OSError, msgspec.MsgspecError):
        return False
