"""Server-side sessions: what a browser's cookie stands for. The secret is in the cookie only, its SHA-256 here."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import logging
import re
import secrets
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import msgspec

from runner.web.auth.secrets_file import SecretsFile

log = logging.getLogger("linefeed")

MOST = 10_000
"""Sessions in all."""

MOST_OF_ONE = 50
"""Sessions of one person."""

MOST_AGENT = 200
"""Characters kept of what a browser calls itself."""

KEY_BYTES = 32

_COOKIE = re.compile(r"[A-Za-z0-9_-]{43}")
_MASKED = re.compile(r"[A-Za-z0-9_-]{86}")


@dataclass(frozen=True, slots=True)
class Maker:
    """Who begins a session, and how. ``mark`` is for the caller: what must still be so for the session to count."""

    name: str
    way: str
    owner: bool
    address: str
    agent: str
    mark: str = ""
    groups: frozenset[str] = frozenset()


class Session(msgspec.Struct):
    """Somebody signed in, in one browser. ``id`` is no secret. Times are seconds since 1970, ``used`` of the last use.

    ``form_key`` is the key of its form tokens.
    """

    digest: bytes
    id: str
    name: str
    way: str
    owner: bool
    groups: frozenset[str]
    mark: str
    address: str
    agent: str
    created: float
    expires: float
    form_key: Annotated[bytes, msgspec.Meta(min_length=KEY_BYTES, max_length=KEY_BYTES)]
    used: float = 0.0


class _Stored(msgspec.Struct):
    sessions: list[Session]


class Sessions:
    """All sessions, kept in a file so that they survive a restart.

    The file is written in a thread soon after a session was made or ended, never for a mere request. Only one
    server may have it. A full table drops the least recently used session of the person with most.
    """

    def __init__(self, path: Path) -> None:
        self._file = SecretsFile(path)
        self._by_digest: dict[bytes, Session] = {}
        self._of: dict[str, dict[str, Session]] = {}
        self._writing: asyncio.Task[None] | None = None
        self._unwritten = False

    async def open(self) -> None:
        """Read what an earlier server left. A damaged file is put aside; one that cannot be read raises OSError."""
        for session in await asyncio.to_thread(self._read):
            if session.id not in self._of.get(session.name, {}) and session.digest not in self._by_digest:
                self._add(session)

    async def close(self) -> None:
        """Return when everything is written, or has failed to be."""
        if self._writing is not None:
            await asyncio.shield(self._writing)

    def create(self, maker: Maker, now: float, lasts: float) -> str:
        """Begin a session of so many seconds: the value of its cookie, 32 random bytes as text."""
        self._drop_expired(now)
        self._make_room(maker.name)
        value = secrets.token_urlsafe(32)
        self._add(
            Session(
                digest=_digest(value),
                id=secrets.token_hex(8),
                name=maker.name,
                way=maker.way,
                owner=maker.owner,
                groups=maker.groups,
                mark=maker.mark,
                address=maker.address,
                agent=maker.agent[:MOST_AGENT].encode("utf-8", "replace").decode(),
                created=now,
                expires=now + lasts,
                form_key=secrets.token_bytes(KEY_BYTES),
                used=now,
            )
        )
        self._write_soon()
        return value

    def find(self, value: str, now: float) -> Session | None:
        """The session of a cookie, which is used now; None if there is none, or no more.

        It is looked up by its hash, so the time that takes tells nothing of the secret.
        """
        if not _COOKIE.fullmatch(value):
            return None
        session = self._by_digest.get(_digest(value))
        if session is None or session.expires <= now:
            return None
        session.used = now
        return session

    def of(self, name: str, now: float | None = None) -> list[Session]:
        """A person's sessions that are not over, the last used first. ``now`` is the time if it is None."""
        at = time.time() if now is None else now
        return [session for session in self._by_use(name) if at < session.expires]

    def revoke(self, session_id: str, name: str) -> bool:
        """End the session of this id, if it is this person's; whether it was."""
        session = self._of.get(name, {}).get(session_id)
        if session is None:
            return False
        self._remove(session)
        self._write_soon()
        return True

    def revoke_all(self, name: str, *, but: str | None = None) -> int:
        """End all sessions of a person, except the one with the id ``but``; how many that were."""
        ended = [session for session in self._by_use(name) if session.id != but]
        for session in ended:
            self._remove(session)
        if ended:
            self._write_soon()
        return len(ended)

    def __len__(self) -> int:
        return len(self._by_digest)

    def __iter__(self) -> Iterator[Session]:
        return iter(tuple(self._by_digest.values()))

    def _add(self, session: Session) -> None:
        self._by_digest[session.digest] = session
        self._of.setdefault(session.name, {})[session.id] = session

    def _remove(self, session: Session) -> None:
        self._by_digest.pop(session.digest, None)
        own = self._of.get(session.name, {})
        own.pop(session.id, None)
        if not own:
            self._of.pop(session.name, None)

    def _drop_expired(self, now: float) -> None:
        for session in self:
            if session.expires <= now:
                self._remove(session)

    def _make_room(self, name: str) -> None:
        while len(self._of.get(name, {})) >= MOST_OF_ONE:
            self._remove(self._by_use(name)[-1])
        while len(self) >= MOST:
            busiest = max(self._of, key=lambda each: len(self._of[each]))
            self._remove(self._by_use(busiest)[-1])

    def _by_use(self, name: str) -> list[Session]:
        return sorted(self._of.get(name, {}).values(), key=lambda session: session.used, reverse=True)

    def _read(self) -> list[Session]:
        try:
            found = msgspec.json.decode(self._file.read(), type=_Stored).sessions
        except FileNotFoundError:
            return []
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            aside = self._file.path.with_name(self._file.path.name + ".damaged")
            self._file.path.replace(aside)
            log.error(
                "%s is damaged (%s): everybody has to sign in again. It is now %s.", self._file.path, error, aside
            )
            return []
        return found[-MOST:]

    def _write_soon(self) -> None:
        self._unwritten = True
        if self._writing is None or self._writing.done():
            self._writing = asyncio.get_running_loop().create_task(self._write())

    async def _write(self) -> None:
        while self._unwritten:
            self._unwritten = False
            content = msgspec.json.encode(_Stored(list(self._by_digest.values())))
            try:
                await asyncio.to_thread(self._file.replace, content)
            except OSError as error:
                log.error(
                    "%s cannot be written (%s): sessions do not survive a restart.", self._file.path, error.strerror
                )


def mask(form_key: bytes) -> str:
    """A form token: another text each time, so that what compression tells of one answer is of no use for the next.

    The key is combined with as many random bytes, as the authors of the BREACH attack recommend ("masking secrets",
    breachattack.com): random bytes, then the exclusive or of both, base64url without padding.
    """
    pad = secrets.token_bytes(KEY_BYTES)
    return urlsafe_b64encode(pad + _combined(pad, form_key)).decode().rstrip("=")


def matches(text: str, form_key: bytes) -> bool:
    """Whether a form token is of this key; told in the same time for every well-formed one."""
    if not _MASKED.fullmatch(text):
        return False
    both = urlsafe_b64decode(text + "==")
    return hmac.compare_digest(_combined(both[:KEY_BYTES], both[KEY_BYTES:]), form_key)


def _combined(one: bytes, other: bytes) -> bytes:
    return bytes(left ^ right for left, right in zip(one, other, strict=True))


def _digest(value: str) -> bytes:
    return hashlib.sha256(value.encode()).digest()
