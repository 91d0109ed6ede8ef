"""Who is at the other end, and what a proxy that is trusted says of whom it asks for.

Anybody can write the headers in which a proxy says so. They count from a trusted peer only, and no route
ever sees them: they are taken out of every request, and what they said is asked for here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from runner.settings import AuthMode, Settings
from runner.web.asgi import Headers, Scope, values
from runner.web.security.network import UNIX, Network, is_among, parsed
from runner.web.security.refusal import Refusal

MOST_PROXIES = 32
"""Entries of X-Forwarded-For that are looked at, from the last one back."""

NAME_CHARACTERS = 256

_KEY = "linefeed.peer"
_FORWARDED = frozenset({b"forwarded", b"x-forwarded-for", b"x-forwarded-proto"})
_SCHEMES = frozenset({"http", "https"})

_TWO_USERS = Refusal(400, "The proxy sent more than one header that says who the user is, or in which groups.")
_BAD_USER = Refusal(400, "The proxy sent a user or group name that is too long, or is no text.")


@dataclass(frozen=True, slots=True)
class Peer:
    """``address`` is the client's. ``scheme`` is what its browser speaks, None if that is not known.

    ``user`` is the name and the groups that a trusted proxy gave it.
    """

    address: str
    scheme: str | None = None
    user: tuple[str, frozenset[str]] | None = None


_NOBODY = Peer("unknown")


def client_of(scope: Mapping[str, object]) -> str:
    """The address of whoever asks, for limits and records; ``unix`` through a unix socket."""
    return peer_of(scope).address


def proxy_user(scope: Mapping[str, object]) -> tuple[str, frozenset[str]] | None:
    """The user and groups that a trusted proxy says the request is from; None unless ``auth.mode`` is ``proxy``."""
    return peer_of(scope).user


def peer_of(scope: Mapping[str, object]) -> Peer:
    """What is known of who asks, in a request that came through ``Peers``."""
    found = scope.get(_KEY)
    return found if isinstance(found, Peer) else _NOBODY


class Peers:
    """Whom these settings trust to speak for others."""

    def __init__(self, settings: Settings) -> None:
        self._proxies = settings.server.trusted_proxies
        self._on_socket = settings.server.proxy_on_socket
        self._names_users = settings.auth.mode is AuthMode.PROXY
        self._user, self._groups = (
            name.lower().encode() for name in (settings.auth.user_header, settings.auth.groups_header)
        )
        self._taken_out = _FORWARDED | {self._user, self._groups}

    def admit(self, scope: Scope) -> Scope | Refusal:
        """The request with its ``Peer``, scheme and client, and without what only a proxy may say."""
        own = _own_address(scope)
        trusted = self._on_socket if own == UNIX else is_among(parsed(own), self._proxies)
        peer = self._told(scope, own) if trusted else Peer(own, _own_scheme(scope))
        if isinstance(peer, Refusal):
            return peer
        headers = [(name, value) for name, value in scope["headers"] if not self._is_taken_out(name)]
        client = scope.get("client") if peer.address == own else (peer.address, 0)
        return {**scope, "headers": headers, "scheme": peer.scheme or scope["scheme"], "client": client, _KEY: peer}

    def _told(self, scope: Scope, own: str) -> Peer | Refusal:
        headers = list(scope["headers"])
        user = self._user_of(headers) if self._names_users else None
        if isinstance(user, Refusal):
            return user
        address = _forwarded_for(values(headers, b"x-forwarded-for"), self._proxies) or own
        return Peer(address, _own_scheme(scope) or _scheme_of(values(headers, b"x-forwarded-proto")), user)

    def _user_of(self, headers: Headers) -> tuple[str, frozenset[str]] | Refusal | None:
        users, groups = values(headers, self._user), values(headers, self._groups)
        if len(users) > 1 or len(groups) > 1:
            return _TWO_USERS
        names = [_name(text) for text in (*users, *(part for text in groups for part in text.split(b",")))]
        if None in names:
            return _BAD_USER
        user = names[0] if users else None
        return (user, frozenset(name for name in names[1:] if name)) if user else None

    def _is_taken_out(self, name: bytes) -> bool:
        """Also with underscores: behind some servers they cannot be told from dashes any more."""
        return name.lower() in self._taken_out or name.lower().replace(b"_", b"-") in self._taken_out


def _own_address(scope: Scope) -> str:
    client = scope.get("client")
    if not client or not client[0]:
        return UNIX
    host = str(client[0])
    address = parsed(host)
    return host if address is None else str(address)


def _own_scheme(scope: Scope) -> str | None:
    """Without TLS of our own it is not known: there may be a proxy that nobody told us of."""
    return "https" if scope["scheme"] == "https" else None


def _scheme_of(sent: Sequence[bytes]) -> str | None:
    scheme = sent[0].decode("latin1").strip().lower() if len(sent) == 1 else ""
    return scheme if scheme in _SCHEMES else None


def _forwarded_for(sent: Iterable[bytes], proxies: Iterable[Network]) -> str | None:
    """The last address before the trusted proxies; the first one looked at if all are theirs. None if it is no list.

    What stands before it was written by nobody who is trusted.
    """
    found = None
    for entry in reversed(b",".join(sent).rsplit(b",", MOST_PROXIES)[-MOST_PROXIES:]):
        found = parsed(entry.decode("latin1").strip())
        if found is None:
            return None
        if not is_among(found, proxies):
            break
    return None if found is None else str(found)


def _name(text: bytes) -> str | None:
    """The name, without space around it; None if it is none."""
    try:
        name = text.decode().strip()
    except UnicodeDecodeError:
        return None
    return name if len(name) <= NAME_CHARACTERS and name.isprintable() else None
