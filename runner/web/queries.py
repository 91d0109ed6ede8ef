"""Query parameters: from text that anybody may have written to typed values, or a BadRequest that names the key."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TypeVar

from quart import request

from runner.lines import SLICE_LINES, Stream
from runner.web.chunks import Gutter
from runner.web.errors import BadRequest
from runner.web.matching import Filter

LONGEST_WAIT = 30.0
TEXT_LENGTH = 1_000
"""The longest text that can be looked for, in characters."""

STATES = ("queued", "running", "stopping", "finished")

_WHOLE = re.compile(r"[0-9]{1,18}")
_DECIMAL = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9})?")

T = TypeVar("T")


def text(key: str) -> str | None:
    """The value of ``key``, or None if it was not sent. Raises BadRequest if it was sent twice."""
    sent = request.args.getlist(key)
    if len(sent) > 1:
        raise _bad(key, "was sent more than once")
    return sent[0] if sent else None


def each(key: str, most: int) -> list[str]:
    """Every value of ``key``. Raises BadRequest if there are more than ``most``."""
    sent = request.args.getlist(key)
    if len(sent) > most:
        raise _bad(key, f"was sent more than {most} times")
    return sent


def whole(key: str) -> int | None:
    """A whole number of at most 18 ASCII digits, or None."""
    sent = text(key)
    if sent is None:
        return None
    if not _WHOLE.fullmatch(sent):
        raise _bad(key, "must be a whole number, 0 or more, of at most 18 digits")
    return int(sent)


def after() -> int:
    """The cursor; 0 if none was sent."""
    return whole("after") or 0


def limit(default: int, most: int = SLICE_LINES) -> int:
    """How many to answer with: 1 to ``most``."""
    number = whole_between("limit", 1, most)
    return default if number is None else number


def wait() -> float:
    """How long to wait for lines, in seconds: 0 to ``LONGEST_WAIT``; 0 if it was not sent."""
    sent = text("wait")
    if sent is None:
        return 0.0
    if not _DECIMAL.fullmatch(sent) or float(sent) > LONGEST_WAIT:
        raise _bad("wait", f"must be a number of seconds, 0 to {LONGEST_WAIT:g}")
    return float(sent)


def seen() -> int | None:
    """The revision that the reader has, or None."""
    return whole("seen")


def state() -> str | None:
    """One of the four states, or None."""
    return one_of("state", {word: word for word in STATES})


def stream() -> Stream | None:
    """One stream, or None for both."""
    return one_of("stream", {stream.label: stream for stream in Stream})


def only() -> Filter:
    """Which lines are wanted: ``q`` and ``stream``. A form sends empty texts for "any"."""
    wanted = text("q") or ""
    if len(wanted) > TEXT_LENGTH:
        raise _bad("q", f"must be at most {TEXT_LENGTH} characters")
    return Filter(wanted, stream() if text("stream") else None)


def gutter() -> Gutter:
    """What is to stand beside each line."""
    return Gutter(switch("numbers", usual=True), switch("times"))


def refreshed() -> int:
    """How often this page was refreshed without script; whatever is no count starts anew."""
    sent = request.args.get("r", "")
    return int(sent) if sent.isascii() and sent.isdigit() and len(sent) < 10 else 0


def switch(key: str, *, usual: bool = False) -> bool:
    """Whether ``key`` is ``1``, or ``0``; ``usual`` if it was not sent."""
    sent = one_of(key, {"0": False, "1": True})
    return usual if sent is None else sent


def whole_between(key: str, least: int, most: int) -> int | None:
    """A whole number of this range, or None."""
    number = whole(key)
    if number is not None and not least <= number <= most:
        raise _bad(key, f"must be {least} to {most}")
    return number


def one_of(key: str, meanings: Mapping[str, T]) -> T | None:
    """What the word sent means, or None. Raises BadRequest for any other word."""
    sent = text(key)
    if sent is None:
        return None
    if sent not in meanings:
        raise _bad(key, f"must be one of {', '.join(meanings)}")
    return meanings[sent]


def _bad(key: str, reason: str) -> BadRequest:
    return BadRequest(f"The query is not right: {key} {reason}.", {key: reason})
