"""API tokens: secrets for programs, each with what it may do and until when. Only their SHA-256 is kept."""

from __future__ import annotations

import hashlib
import logging
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec

from runner.errors import LinefeedError
from runner.settings import Right, Rule
from runner.web.auth.person import Person
from runner.web.auth.secrets_file import SecretsFile

log = logging.getLogger("linefeed")

MOST = 1_000
"""Tokens in one file."""

EVERY = "*"
"""Stands for every command."""

WAY = "API token"

_TOKEN = re.compile(r"lf_[A-Za-z0-9_-]{43}")


class TooManyTokens(LinefeedError):
    """The file has as many tokens as it may have."""

    def __init__(self) -> None:
        super().__init__(f"There are {MOST:,} tokens already. Revoke some first.")


class DamagedTokens(LinefeedError):
    """A file that is no list of tokens."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path} is damaged: {reason}")


@dataclass(frozen=True, slots=True)
class Grant:
    """What a new token is for: its name, the commands (``EVERY`` among them: all) and the end in seconds since 1970."""

    name: str
    may: frozenset[Right]
    commands: frozenset[str]
    expires: float


class Token(msgspec.Struct, frozen=True):
    """A token as it is kept. ``id`` is no secret; ``sha256`` is in hexadecimal; times are seconds since 1970."""

    id: str
    name: str
    sha256: str
    may: frozenset[Right]
    commands: frozenset[str]
    made: float
    expires: float

    def person(self) -> Person:
        """Who comes with this token; its rule is all that they may do."""
        rule = Rule(
            people=frozenset(),
            groups=frozenset(),
            everybody=False,
            commands=self.commands - {EVERY},
            every_command=EVERY in self.commands,
            may=self.may,
        )
        return Person(f"token:{self.name}", WAY, scope=rule)


class _Stored(msgspec.Struct):
    tokens: list[Token]


class Tokens:
    """The tokens of a file, looked at again whenever it has changed. A damaged file lets nobody in; the log says so."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = SecretsFile(path)
        self._by_digest: Mapping[str, Token] = {}

    def find(self, text: str, now: float) -> Person | None:
        """Who comes with this token; None if there is none, or no more. It is looked up by its hash."""
        if not _TOKEN.fullmatch(text):
            return None
        if self._file.changed():
            self._look_again()
        token = self._by_digest.get(_digest(text))
        return token.person() if token is not None and now < token.expires else None

    def all(self) -> list[Token]:
        """Every token, in the order they were made. Raises DamagedTokens, OSError."""
        try:
            content = self._file.read()
        except FileNotFoundError:
            return []
        try:
            return msgspec.json.decode(content, type=_Stored).tokens if content else []
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise DamagedTokens(self.path, str(error)) from None

    def add(self, grant: Grant, now: float) -> str:
        """Make a token: its text, which can never be had again. Those that are over go.

        Raises TooManyTokens, DamagedTokens, OSError.
        """
        text = f"lf_{secrets.token_urlsafe(32)}"
        token = Token(secrets.token_hex(6), grant.name, _digest(text), grant.may, grant.commands, now, grant.expires)
        with self._file.locked():
            kept = [each for each in self.all() if now < each.expires]
            if len(kept) >= MOST:
                raise TooManyTokens
            self._write([*kept, token])
        return text

    def revoke(self, token_id: str) -> bool:
        """Delete the token of this id; whether there was one. Raises DamagedTokens, OSError."""
        if not self.path.exists():
            return False
        with self._file.locked():
            before = self.all()
            after = [token for token in before if token.id != token_id]
            if len(after) < len(before):
                self._write(after)
        return len(after) < len(before)

    def _write(self, tokens: list[Token]) -> None:
        encoded = msgspec.json.encode(_Stored(tokens), order="sorted")
        self._file.replace(msgspec.json.format(encoded) + b"\n")

    def _look_again(self) -> None:
        self._by_digest = {}
        try:
            self._by_digest = {token.sha256: token for token in self.all()}
        except DamagedTokens as error:
            log.error("No API token is taken: %s", error)
        except OSError as error:
            log.error("No API token is taken: %s cannot be read: %s", self.path, error.strerror)
        if self._file.exposed():
            log.warning("%s can be read or changed by others; it should have mode 0600.", self.path)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
