"""The users file: one line a person, ``NAME:HASH``. Empty lines and lines that begin with ``#`` say nothing."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

from runner.web.auth.passwords import Passwords, is_hash
from runner.web.auth.secrets_file import SecretsFile

log = logging.getLogger("linefeed")

_NAME = re.compile(r"[a-z0-9][a-z0-9._@-]{0,63}")


def canonical(name: str) -> str | None:
    """The name as it stands in the file, in lower case; None if nobody can have this name."""
    lower = name.lower() if name.isascii() else ""  # a few letters of other scripts have an ASCII one as lower case
    return lower if _NAME.fullmatch(lower) else None


class Users:
    """The people of a users file, looked at again whenever it has changed. A file that cannot be read has nobody.

    What is wrong with it stands in the log, once for each state of the file. Writing raises OSError.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = SecretsFile(path)
        self._hashes: Mapping[str, str] = MappingProxyType({})
        self._said: frozenset[str] = frozenset()

    def load(self) -> Mapping[str, str]:
        """The hash of each person, as the file says now."""
        if self._file.changed():
            self._hashes = MappingProxyType(self._read())
        return self._hashes

    def has(self, name: str) -> bool:
        """Whether the file has this person, so that a session of theirs still counts."""
        return name in self.load()

    def mark(self, name: str) -> str | None:
        """What a session keeps to be told by: another one after a new password, or for a new person of this name."""
        stored = self.load().get(name)
        return None if stored is None else hashlib.sha256(stored.encode()).hexdigest()[:32]

    async def check(self, name: str, password: str, passwords: Passwords, *, known: bool = False) -> str | None:
        """The person whose name (in any case) and password these are, or None. Raises TooBusy.

        A hash with older parameters is replaced if the file can be written.
        """
        person = canonical(name)
        stored = self.load().get(person) if person else None
        if not await passwords.verify(stored, password, known=known):
            return None
        if person and stored and passwords.outdated(stored):
            renewed = await passwords.hash(password)
            await asyncio.to_thread(self._renew, person, stored, renewed)
        return person

    def put(self, name: str, stored: str) -> bool:
        """Give the person of this canonical name this hash; whether they are new."""
        fresh = False

        def change(lines: list[str]) -> list[str]:
            nonlocal fresh
            kept = [line for line in lines if _name_of(line) != name]
            fresh = len(kept) == len(lines)
            at = next((at for at, line in enumerate(lines) if _name_of(line) == name), len(kept))
            return [*kept[:at], f"{name}:{stored}", *kept[at:]]

        self._rewrite(change)
        return fresh

    def remove(self, name: str) -> bool:
        """Take the person out; whether they were there."""
        if not self.path.exists():
            return False
        there = False

        def change(lines: list[str]) -> list[str]:
            nonlocal there
            kept = [line for line in lines if _name_of(line) != name]
            there = len(kept) < len(lines)
            return kept

        self._rewrite(change)
        return there

    def _renew(self, name: str, old: str, new: str) -> None:
        line, renewed = f"{name}:{old}", f"{name}:{new}"
        try:
            self._rewrite(lambda lines: [renewed if each.strip() == line else each for each in lines])
        except OSError as error:
            self._say(logging.WARNING, f"cannot be written, so an old hash stays in it: {error.strerror}")

    def _rewrite(self, change: Callable[[list[str]], list[str]]) -> None:
        with self._file.locked():
            before = self._file.read().decode("utf-8", "surrogateescape").removesuffix("\n").split("\n")
            after = change(before)
            if after != before:
                self._file.replace(
                    "".join(f"{line}\n" for line in after).lstrip("\n").encode("utf-8", "surrogateescape")
                )

    def _read(self) -> dict[str, str]:
        self._said = frozenset()
        try:
            text = self._file.read().decode("utf-8", "replace")
        except OSError as error:
            self._say(logging.ERROR, f"cannot be read, so nobody can sign in: {error.strerror}")
            return {}
        if self._file.exposed():
            self._say(logging.WARNING, "can be read or changed by others; it should have mode 0600")
        found = list(self._people(text))
        times = Counter(name for name, _ in found)
        for name in sorted(name for name in times if times[name] > 1):
            self._say(logging.ERROR, f"{name} stands in it twice, and cannot sign in")
        return {name: stored for name, stored in found if times[name] == 1}

    def _people(self, text: str) -> Iterator[tuple[str, str]]:
        for number, line in enumerate(text.split("\n"), 1):
            if not line.strip() or line.lstrip().startswith("#"):
                continue
            name, _, stored = line.strip().partition(":")
            if _NAME.fullmatch(name) and is_hash(stored):
                yield name, stored
            else:
                self._say(logging.ERROR, f"line {number} is no NAME:HASH with an argon2id hash, and is passed over")

    def _say(self, level: int, what: str) -> None:
        if what not in self._said:
            self._said |= {what}
            log.log(level, "The users file %s: %s.", self.path, what)


def _name_of(line: str) -> str:
    return line.strip().partition(":")[0]
