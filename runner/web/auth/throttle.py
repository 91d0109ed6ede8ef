"""Tries to sign in are slowed down, not refused, and never for everybody at once.

Failures are counted for each address, and apart from that for each browser that has signed in as this person
before (the device cookies of the OWASP page on slowing down guessed passwords). So nobody can lock a person out: not
from another address, and not from the same one either once their browser is known.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import ipaddress
import logging
import math
import re
import secrets
import time
from base64 import urlsafe_b64encode
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from runner.errors import LinefeedError
from runner.web.auth.secrets_file import SecretsFile

log = logging.getLogger("linefeed")

FREE = 5
"""So many failures cost no time."""

FIRST_DELAY = 0.25
LONGEST_DELAY = 4.0
HALF_LIFE = 30.0
"""Seconds in which half of the failures are forgotten."""

MOST_FAILURES = 16.0
"""More are not counted: after the longest attack a minute is enough to be as if there had been none."""

MOST_WAITING = 16
"""Tries of one place that may wait."""

MOST_CHECKED = 2
"""Tries of one place that are checked at once: so few hashes are in front of whoever comes from another one."""

MOST_BUCKETS = 10_000

KEY_BYTES = 32

_COOKIE = re.compile(r"([A-Za-z0-9_-]{22})\.([A-Za-z0-9_-]{43})")


class TooManyTries(LinefeedError):
    """As many tries from one place wait as may; ``retry_after`` is in seconds."""

    def __init__(self) -> None:
        super().__init__("Too many tries to sign in from where you are. Try again in a few seconds.")
        self.retry_after = math.ceil(LONGEST_DELAY)


class _Bucket:
    """Failures from one place, fading."""

    def __init__(self) -> None:
        self._failures = 0.0
        self._at = 0.0

    def failures(self, now: float) -> float:
        return self._failures * math.exp2(-max(0.0, now - self._at) / HALF_LIFE)

    def delay(self, now: float) -> float:
        over = round(self.failures(now)) - FREE
        return 0.0 if over < 0 else min(LONGEST_DELAY, FIRST_DELAY * math.exp2(over))

    def fail(self, now: float) -> None:
        self._failures = min(MOST_FAILURES, self.failures(now) + 1)
        self._at = now


class _Queue:
    """Tries of one place: ``here`` are all, ``waiting`` those that are slowed down or whose turn has not come."""

    def __init__(self) -> None:
        self.here = 0
        self.waiting = 0
        self.turns = asyncio.Semaphore(MOST_CHECKED)


class Trial:
    """One try to sign in. It failed, unless it is said to have ended otherwise."""

    def __init__(self) -> None:
        self.right = False

    def ended(self, right: bool) -> None:
        """Say whether the password was right."""
        self.right = right


class Throttle:
    """Slows tries down. ``clock`` and ``sleep`` are in seconds; at most ``MOST_BUCKETS`` places are remembered."""

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._clock = clock
        self._sleep = sleep
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()
        self._queues: dict[str, _Queue] = {}

    @asynccontextmanager
    async def trying(self, address: str, device: str | None = None) -> AsyncIterator[Trial]:
        """Wait for this try's turn; then check the password inside, and tell the trial.

        ``device`` is what ``DeviceCookies.valid`` said. A check that is called off counts as failed: else whoever hangs
        up early could try for nothing. One that another error ends does not count. Raises TooManyTries.
        """
        place = _place(address, device)
        async with self._turn(place):
            trial = Trial()
            try:
                yield trial
            except asyncio.CancelledError:
                self._fail(place)
                raise
            if not trial.right:
                self._fail(place)

    def delay(self, address: str, device: str | None = None) -> float:
        """Seconds that a try from there would wait now."""
        return self._delay(_place(address, device))

    def __len__(self) -> int:
        return len(self._buckets)

    @asynccontextmanager
    async def _turn(self, place: str) -> AsyncIterator[None]:
        queue = self._queues.setdefault(place, _Queue())
        queue.here += 1
        try:
            await self._wait(queue, self._delay(place))
            try:
                yield
            finally:
                queue.turns.release()
        finally:
            queue.here -= 1
            if not queue.here:
                del self._queues[place]

    async def _wait(self, queue: _Queue, delay: float) -> None:
        """Return when it is this try's turn, which is taken then."""
        if delay or queue.turns.locked():
            if queue.waiting >= MOST_WAITING:
                raise TooManyTries
            queue.waiting += 1
            try:
                if delay:
                    await self._sleep(delay)
                await queue.turns.acquire()
            finally:
                queue.waiting -= 1
        else:
            await queue.turns.acquire()

    def _delay(self, place: str) -> float:
        bucket = self._buckets.get(place)
        return 0.0 if bucket is None else bucket.delay(self._clock())

    def _fail(self, place: str) -> None:
        bucket = self._buckets.setdefault(place, _Bucket())
        bucket.fail(self._clock())
        self._buckets.move_to_end(place)
        if len(self._buckets) > MOST_BUCKETS:
            self._buckets.popitem(last=False)


def _place(address: str, device: str | None) -> str:
    return f"device {device}" if device else f"address {network_of(address)}"


def network_of(address: str) -> str:
    """What counts as one place: an IPv4 address, or the /64 of an IPv6 address, as one house has all of it."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address[:64]  # a unix socket has no address
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(ipaddress.IPv6Network((found, 64), strict=False))


class DeviceCookies:
    """Cookies by which a browser shows that it has signed in as a person before. They let nobody in.

    The key is made when it is first needed, and kept in a file. Methods raise OSError if that cannot be.
    """

    def __init__(self, path: Path) -> None:
        self._file = SecretsFile(path)
        self._kept: bytes | None = None

    def make(self, name: str) -> str:
        """A new cookie for this person: a random id and its HMAC-SHA256 together with the name."""
        device = secrets.token_urlsafe(16)
        return f"{device}.{self._signature(device, name)}"

    def valid(self, value: str, name: str) -> str | None:
        """The device, for ``Throttle.trying``, if the cookie is right and was made for this person."""
        match = _COOKIE.fullmatch(value)
        if match is None or not hmac.compare_digest(match[2], self._signature(match[1], name)):
            return None
        return match[1]

    def _signature(self, device: str, name: str) -> str:
        said = f"device\0{device}\0{name}".encode("utf-8", "surrogatepass")
        return urlsafe_b64encode(hmac.digest(self._key(), said, hashlib.sha256)).decode().rstrip("=")

    def _key(self) -> bytes:
        if self._kept is None:
            self._kept = self._read() or self._make()
        return self._kept

    def _read(self) -> bytes | None:
        try:
            key = self._file.read()
        except FileNotFoundError:
            return None
        if len(key) == KEY_BYTES:
            return key
        log.error("%s is damaged. It is made anew: no browser counts as known any more.", self._file.path)
        return None

    def _make(self) -> bytes:
        key = secrets.token_bytes(KEY_BYTES)
        self._file.replace(key)
        return key
