"""What must stand in no log: every server of a test is looked through for it when it ends, every app while it runs."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager

from tests.web.people import PASSWORD

PIECE = 14
"""Characters of a start token by which it is found, at its beginning and at its end: it may have been cut."""

_LOOKS = {
    "an API token": r"\blf_[\w-]{20}",
    "a start token": r"[?&]token=[\w-]{8}",
    "a password": re.escape(PASSWORD),
    "a password's hash": r"\$argon2",
    "a cookie": r"linefeed_(?:session|browser|device)\w*=[\w.-]{8}",
    "a header": r"(?i:\bauthorization['\"]?\s*[:=,]|\bbearer\s+[\w.~+/-]{8})",
    "a form token": r"(?<!\w)_token['\"]?\s*[=:]\s*['\"]?[\w-]{20}",
    # Of 86 characters, as `sessions.mask` makes it: more than a rule of dashes or a name has both cases and a digit.
    "a form token without its name": r"(?<![\w-])(?=[\w-]*[a-z])(?=[\w-]*[A-Z])(?=[\w-]*\d)[\w-]{86}(?![\w-])",
}
_ANY = re.compile("|".join(_LOOKS.values()))
_EACH = {name: re.compile(pattern) for name, pattern in _LOOKS.items()}


def leaks_in(text: str, start_token: str = "") -> list[str]:
    """Each line of ``text`` that has a secret of ours, or ``start_token``, in it: what it is, then the line."""
    pieces = [start_token[:PIECE], start_token[-PIECE:]] if start_token else []
    if not _ANY.search(text) and not any(piece in text for piece in pieces):
        return []
    found = []
    for line in text.splitlines():
        names = [name for name, looks in _EACH.items() if looks.search(line)]
        names += ["the start token"] * any(piece in line for piece in pieces)
        found += [f"{', '.join(names)}: {line}"] if names else []
    return found


class Watch(logging.Handler):
    """Looks through every record that is logged in this process, tracebacks too."""

    def __init__(self) -> None:
        super().__init__()
        self._leaks: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep what of it has a secret."""
        self._leaks += [f"{record.pathname}:{record.lineno}: {leak}" for leak in leaks_in(self.format(record))]

    def check(self) -> None:
        """Raises AssertionError if a secret was logged since the last time."""
        leaks, self._leaks = self._leaks, []
        assert not leaks, "\n".join(["what was logged has", *leaks])


@contextmanager
def watched() -> Iterator[Watch]:
    """Whatever any logger lets through is looked at."""
    watch = Watch()
    logging.getLogger().addHandler(watch)
    try:
        yield watch
    finally:
        logging.getLogger().removeHandler(watch)
