"""Numbers and times as people read them. Pure."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from itertools import pairwise

_STEPS = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))


def count(number: int, one: str, many: str | None = None) -> str:
    """``1 line``, ``12,345 lines``."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def span(seconds: float) -> str:
    """How long something took, by its two largest units: ``0.3 s``, ``12 s``, ``3 min 5 s``, ``2 d 4 h``."""
    if seconds < 10:
        return f"{max(0.0, seconds):.1f} s"
    whole = int(seconds)
    for (unit, name), (smaller, smaller_name) in pairwise(_STEPS):
        if whole >= unit:
            rest = whole % unit // smaller
            return f"{whole // unit} {name} {rest} {smaller_name}" if rest else f"{whole // unit} {name}"
    return f"{whole} s"


def ago(seconds: float) -> str:
    """How long since something: ``just now`` in the first two seconds, then ``12 s ago``, ``3 min ago``."""
    if seconds < 2:
        return "just now"
    whole = int(seconds)
    unit, name = next((unit, name) for unit, name in _STEPS if whole >= unit)
    return f"{whole // unit} {name} ago"


def clock_time(time: float, now: float, zone: tzinfo | None = None) -> str:
    """``15:40 CET``, with the date if that is another day; in ``zone``, or the zone of the server."""
    at, today = datetime.fromtimestamp(time, UTC).astimezone(zone), datetime.fromtimestamp(now, UTC).astimezone(zone)
    return f"{at:%H:%M %Z}" if at.date() == today.date() else f"{at:%Y-%m-%d %H:%M %Z}"


def clock_seconds(time: float, zone: tzinfo | None = None) -> str:
    """``15:40:12 CET``."""
    return f"{datetime.fromtimestamp(time, UTC).astimezone(zone):%H:%M:%S %Z}"


def moment(time: float) -> str:
    """A time of day in UTC for people."""
    return f"{datetime.fromtimestamp(time, UTC):%Y-%m-%d %H:%M:%S} UTC"


def rfc3339(time: float) -> str:
    """The same for the ``datetime`` attribute."""
    return f"{datetime.fromtimestamp(time, UTC):%Y-%m-%dT%H:%M:%SZ}"


def cut(text: str, most: int) -> str:
    """The text, or so many characters of it, the last of which says that it goes on."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


def size(number: int) -> str:
    """Bytes: ``812 B``, ``1.5 KiB``, ``3.0 GiB``."""
    if number < 1024:
        return f"{number} B"
    value = float(number)
    for unit in ("KiB", "MiB", "GiB"):
        value /= 1024
        if value < 1024:
            return f"{value:.1f} {unit}"
    return f"{value / 1024:.1f} TiB"


def ordinal(number: int) -> str:
    """``1st``, ``2nd``, ``13th``."""
    ending = "th" if 10 < number % 100 < 14 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"
