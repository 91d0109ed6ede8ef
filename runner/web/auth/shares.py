"""Share links: signed leave to look at one job, or at one command's latest, without signing in.

A link's token is ``KIND.ID.EXPIRES.SIGNATURE``: ``j`` or ``c``, the link's id, seconds since 1970 in decimal, and
HMAC-SHA256 (RFC 2104) over these and the subject, base64url without padding. The subject, a job's id or a command's
name, is not in it but in the address that it comes with. Links that were not revoked stand in a file with the key.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import logging
import re
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Annotated, NamedTuple

import msgspec

from runner.errors import LinefeedError
from runner.web.auth.secrets_file import SecretsFile

log = logging.getLogger("linefeed")

MOST = 10_000
"""Links in all."""

MOST_OF_ONE = 50
"""Links of one job or command."""

KEY_BYTES = 32

_TOKEN = re.compile(r"([jc])\.([0-9a-f]{16})\.([0-9]{10,11})\.([A-Za-z0-9_-]{43})")


class Kind(StrEnum):
    """What a link is for."""

    JOB = "j"
    LATEST = "c"
    """Whatever job of a command is its newest."""


class Subject(NamedTuple):
    """``name`` is a job's id or a command's name."""

    kind: Kind
    name: str


class ShareRefused(LinefeedError):
    """No link that this server made, or one for something else."""

    def __init__(self) -> None:
        super().__init__("This share link is not right. It may have been cut short or changed; ask for a new one.")


class ShareOver(LinefeedError):
    """A link that counts no more."""

    def __init__(self, how: str) -> None:
        super().__init__(f"This share link {how}. Ask whoever gave it to you for a new one.")


class TooManyShares(LinefeedError):
    """There is no room for another link."""

    def __init__(self, most: int) -> None:
        super().__init__(f"There are {most:,} share links already. Revoke some, or wait until they end.")


class SharesUnwritten(LinefeedError):
    """The links could not be written down, so nothing was changed."""

    def __init__(self, error: OSError) -> None:
        super().__init__(f"The share links cannot be written ({error.strerror}): nothing was changed.")


class Share(msgspec.Struct, frozen=True):
    """One link that counts. ``maker`` is who made it; times are seconds since 1970."""

    id: str
    kind: Kind
    name: str
    maker: str
    made: float
    expires: int

    @property
    def subject(self) -> Subject:
        """What it is for."""
        return Subject(self.kind, self.name)


class _Stored(msgspec.Struct):
    key: Annotated[bytes, msgspec.Meta(min_length=KEY_BYTES, max_length=KEY_BYTES)]
    shares: list[Share]


class Shares:
    """All links of one data folder, kept in a file with the key that signs them. Only one server may have it."""

    def __init__(self, path: Path) -> None:
        self._file = SecretsFile(path)
        self._key = secrets.token_bytes(KEY_BYTES)
        self._shares: dict[str, Share] = {}
        self._writing = asyncio.Lock()

    async def open(self) -> None:
        """Read what an earlier server left; a damaged file is put aside, and its links end. Raises OSError."""
        stored = await asyncio.to_thread(self._read)
        if stored is not None:
            self._key = stored.key
            self._shares = {share.id: share for share in stored.shares[-MOST:]}

    async def make(self, subject: Subject, maker: str, now: float, lasts: float) -> Share:
        """A new link of so many seconds, on the disk when this returns. Raises TooManyShares, OSError."""
        self._shares = {share.id: share for share in self._shares.values() if share.expires > now}
        if len(self._shares) >= MOST:
            raise TooManyShares(MOST)
        if len(self.of(subject, now)) >= MOST_OF_ONE:
            raise TooManyShares(MOST_OF_ONE)
        share = Share(secrets.token_hex(8), subject.kind, subject.name, maker, now, int(now + lasts))
        await self._change(lambda: self._shares.update({share.id: share}), lambda: self._shares.pop(share.id, None))
        return share

    async def revoke(self, share: Share) -> None:
        """End a link. Raises OSError: then it goes on."""
        await self._change(lambda: self._shares.pop(share.id, None), lambda: self._shares.setdefault(share.id, share))

    def get(self, share_id: str) -> Share | None:
        """The link of this id, if it was not revoked."""
        return self._shares.get(share_id)

    def of(self, subject: Subject, now: float) -> list[Share]:
        """The links of a job or command that are not over, newest first."""
        found = [share for share in self._shares.values() if share.subject == subject and share.expires > now]
        return sorted(found, key=lambda share: share.made, reverse=True)

    def token_of(self, share: Share) -> str:
        """What stands in the link's address."""
        return f"{share.kind}.{share.id}.{share.expires}.{self._sign(share.subject, share.id, share.expires)}"

    def check(self, token: str, subject: Subject, now: float) -> None:
        """Raises ShareRefused unless this server made ``token`` for ``subject``, and ShareOver if it is over."""
        match = _TOKEN.fullmatch(token)
        if match is None or match[1] != subject.kind:
            raise ShareRefused
        signature = self._sign(subject, match[2], int(match[3]))
        if not hmac.compare_digest(signature, match[4]):
            raise ShareRefused
        if int(match[3]) <= now:
            raise ShareOver("has expired")
        if match[2] not in self._shares:
            raise ShareOver("was revoked")

    def _sign(self, subject: Subject, share_id: str, expires: int) -> str:
        text = f"{subject.kind}\n{subject.name}\n{share_id}\n{expires}"
        return urlsafe_b64encode(hmac.digest(self._key, text.encode(), hashlib.sha256)).decode().rstrip("=")

    async def _change(self, do: Callable[[], object], undo: Callable[[], object]) -> None:
        async with self._writing:
            do()
            content = msgspec.json.encode(_Stored(self._key, list(self._shares.values())))
            try:
                await asyncio.to_thread(self._file.replace, content)
            except OSError:
                undo()
                raise

    def _read(self) -> _Stored | None:
        try:
            return msgspec.json.decode(self._file.read(), type=_Stored)
        except FileNotFoundError:
            return None
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            aside = self._file.path.with_name(self._file.path.name + ".damaged")
            self._file.path.replace(aside)
            log.error("%s is damaged (%s): every share link has ended. It is now %s.", self._file.path, error, aside)
            return None


def kind_of(token: str) -> Kind | None:
    """What a token says that it is for, right or not; None if it is no token at all."""
    match = _TOKEN.fullmatch(token)
    return Kind(match[1]) if match else None
