"""How often somebody may ask, and how many requests of theirs may be answered at once. Pure."""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager

REQUESTS_A_SECOND = 200.0
BURST = 400
AT_ONCE = 2_000
KEYS = 10_000


class RateLimit:
    """A bucket of ``burst`` requests for each key, filled up by ``rate`` a second.

    It keeps ``keys`` of them; beyond that, who has not asked for longest begins with a full bucket again.
    """

    def __init__(self, rate: float = REQUESTS_A_SECOND, burst: int = BURST, keys: int = KEYS) -> None:
        self._each = 1 / rate
        self._whole = burst / rate
        self._keys = keys
        self._full_at: OrderedDict[str, float] = OrderedDict()

    def __len__(self) -> int:
        return len(self._full_at)

    def take(self, key: str, now: float) -> float:
        """Count a request: 0 if it may pass, else the seconds to wait (then it is not counted). ``now`` is in s."""
        # One number says how full a bucket is: when it will be full again if nothing more is taken.
        full_at = max(self._full_at.get(key, now), now) + self._each
        wait = full_at - now - self._whole
        if wait > self._each * 1e-3:  # less is no wait but the rounding of a long sum
            return wait
        self._full_at[key] = full_at
        self._full_at.move_to_end(key)
        if len(self._full_at) > self._keys:
            self._full_at.popitem(last=False)
        return 0.0


class Crowd:
    """Counts what is there at once of each key. Bounded: only keys that have something are in the table."""

    def __init__(self, most: int = AT_ONCE) -> None:
        self._most = most
        self._there: defaultdict[str, int] = defaultdict(int)

    @contextmanager
    def enter(self, key: str | None) -> Iterator[bool]:
        """Whether there is room for one more, which is there until the block is left. None is not counted."""
        if key is None:
            yield True
        elif self._there.get(key, 0) >= self._most:
            yield False
        else:
            self._there[key] += 1
            try:
                yield True
            finally:
                self._leave(key)

    def _leave(self, key: str) -> None:
        self._there[key] -= 1
        if not self._there[key]:
            del self._there[key]
