"""How many long polls are held at once: a few a browser, and a bound for all.

A browser opens six connections to a host over HTTP/1.1. With six polls held, a click on Stop would
wait for one of them, so a browser has at most ``PER_BROWSER`` held; its other polls are answered at
once and come again a few seconds later.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

PER_BROWSER = 3
IN_ALL = 5_000


class Holds:
    """Counts held polls. Bounded: only browsers that hold one now are in the table."""

    def __init__(self, per_browser: int = PER_BROWSER, in_all: int = IN_ALL) -> None:
        self._per_browser = per_browser
        self._in_all = in_all
        self._held = 0
        self._by_browser: dict[str, int] = {}

    @property
    def held(self) -> int:
        """How many polls are held now."""
        return self._held

    @contextmanager
    def hold(self, browser: str | None) -> Iterator[bool]:
        """Whether this poll may wait; it counts as held until the block is left.

        ``browser`` is what ``runner.web.browser.browser_of`` said; None is not counted as a browser.
        """
        if not self._may(browser):
            yield False
            return
        self._take(browser)
        try:
            yield True
        finally:
            self._give_back(browser)

    def _may(self, browser: str | None) -> bool:
        if self._held >= self._in_all:
            return False
        return browser is None or self._by_browser.get(browser, 0) < self._per_browser

    def _take(self, browser: str | None) -> None:
        self._held += 1
        if browser is not None:
            self._by_browser[browser] = self._by_browser.get(browser, 0) + 1

    def _give_back(self, browser: str | None) -> None:
        self._held -= 1
        if browser is None:
            return
        left = self._by_browser[browser] - 1
        if left:
            self._by_browser[browser] = left
        else:
            del self._by_browser[browser]
