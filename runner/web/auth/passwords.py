"""Passwords as argon2id, in threads of their own: few at a time, whoever asks for them."""

from __future__ import annotations

import asyncio
import base64
import os
import re
import secrets
import threading
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from argon2 import Parameters, PasswordHasher, extract_parameters
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.profiles import RFC_9106_LOW_MEMORY

from runner.errors import LinefeedError

T = TypeVar("T")

AT_ONCE = 2
"""Hashes at a time: each takes 64 MiB and a few tenths of a second of several cores."""

MOST_WAITING = 20
"""Hashes that may wait; as many again for those who have signed in before."""

MOST_BYTES = 1_024
"""The longest password."""

RETRY_AFTER = 3
"""Seconds in which all that waited have had their turn."""

_MOST_KIB = 1 << 20
_MOST_PASSES = 100
_MOST_LANES = 64
_MOST_CHARACTERS = 512
_BEHIND_OTHERS = 10

_HASH = re.compile(r"\$argon2id\$v=19\$m=\d+,t=\d+,p=\d+\$[A-Za-z0-9+/]+\$[A-Za-z0-9+/]+", re.ASCII)


class TooBusy(LinefeedError):
    """As many passwords wait to be checked as may; ``retry_after`` is in seconds."""

    def __init__(self) -> None:
        super().__init__("Too many people are signing in at this moment. Try again in a few seconds.")
        self.retry_after = RETRY_AFTER


class PasswordTooLong(LinefeedError):
    """A password of more than ``MOST_BYTES``."""

    def __init__(self) -> None:
        super().__init__(f"A password has at most {MOST_BYTES:,} bytes.")


class Passwords:
    """Makes and checks hashes, at most two at a time. One for the whole process.

    The parameters are the second recommended option of RFC 9106, section 4 (argon2id, 3 passes, 4 lanes, 64 MiB), and
    stand in each hash. ``hash`` and ``verify`` raise TooBusy.
    """

    def __init__(self, parameters: Parameters = RFC_9106_LOW_MEMORY) -> None:
        self._hasher = PasswordHasher.from_parameters(parameters)
        self._nobodys = _nobodys_hash(parameters)
        self._threads = ThreadPoolExecutor(AT_ONCE, "password", _step_back)
        self._room = {known: threading.BoundedSemaphore(AT_ONCE + MOST_WAITING) for known in (False, True)}

    async def hash(self, password: str) -> str:
        """The hash of a new password. Raises PasswordTooLong."""
        encoded = encode(password)
        return await self._turn(True, lambda: self._hasher.hash(encoded))

    async def verify(self, stored: str | None, password: str, *, known: bool = False) -> bool:
        """Whether ``password`` has this hash. Without one (nobody of that name) it takes as long, and is wrong.

        ``known`` is for browsers that have signed in as this person before: they have places of their own to wait in,
        which a crowd of strangers cannot fill.
        """
        try:
            encoded = encode(password)
        except PasswordTooLong:
            return False
        right = await self._turn(known, lambda: self._fits(stored or self._nobodys, encoded))
        return right and stored is not None

    def outdated(self, stored: str) -> bool:
        """Whether this hash has other parameters than a new one would."""
        return self._hasher.check_needs_rehash(stored)

    def close(self) -> None:
        """Give up what waits; what is being hashed ends by itself."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _fits(self, stored: str, encoded: bytes) -> bool:
        try:
            return self._hasher.verify(stored, encoded)
        except (VerificationError, InvalidHashError):
            return False

    async def _turn(self, known: bool, work: Callable[[], T]) -> T:
        """``work`` in one of the threads.

        The place is given back when the work ends or its turn is given up, not when its asker goes away: what a
        thread has begun cannot be called off, and must not make room for a third.
        """
        room = self._room[known]
        if not room.acquire(blocking=False):
            raise TooBusy
        future = self._threads.submit(work)
        future.add_done_callback(lambda _: room.release())
        return await asyncio.wrap_future(future)


def encode(password: str) -> bytes:
    """The bytes that are hashed: UTF-8 of its composed form, as keyboards differ. Raises PasswordTooLong."""
    if len(password) > MOST_BYTES:
        raise PasswordTooLong
    encoded = unicodedata.normalize("NFC", password).encode("utf-8", "surrogatepass")
    if len(encoded) > MOST_BYTES:
        raise PasswordTooLong
    return encoded


def is_hash(text: str) -> bool:
    """Whether ``text`` is an argon2id hash whose parameters a server can afford."""
    if len(text) > _MOST_CHARACTERS or not _HASH.fullmatch(text):
        return False
    found = extract_parameters(text)
    lanes = found.parallelism <= _MOST_LANES
    return found.memory_cost <= _MOST_KIB and found.time_cost <= _MOST_PASSES and lanes


def _nobodys_hash(parameters: Parameters) -> str:
    """A hash that no password is known for; checking against it takes as long as against any other."""
    salt, tag = (
        base64.b64encode(secrets.token_bytes(length)).decode().rstrip("=")
        for length in (parameters.salt_len, parameters.hash_len)
    )
    costs = f"m={parameters.memory_cost},t={parameters.time_cost},p={parameters.parallelism}"
    return f"$argon2id$v={parameters.version}${costs}${salt}${tag}"


def _step_back() -> None:
    """Let the event loop go first: a thread of this one, and those that it starts, take what it leaves."""
    thread = threading.get_native_id()
    os.setpriority(os.PRIO_PROCESS, thread, os.getpriority(os.PRIO_PROCESS, thread) + _BEHIND_OTHERS)
