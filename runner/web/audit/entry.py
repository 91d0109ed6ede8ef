"""One entry of the audit, and the line of JSON that it is in the file. Pure.

Who made an entry may have chosen every text in it. So each is cut to a bound, and whatever would begin a new
line, or do something to the terminal of who reads the file, stands in it as an escape of JSON.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from itertools import islice

import msgspec

from runner.web import wording

LINE_BYTES = 64 << 10
"""No line is longer, its ``\\n`` included."""

REASON_LENGTH = 500
"""The most characters of a reason."""

NAME_LENGTH = 200
"""The most characters of every other text that is no value of a parameter."""

VALUE_LENGTH = 2_000
"""The most characters of one value of a parameter."""

MOST_VALUES = 100
"""The most parameters, and the most values of one."""

LEFT_OUT = "(left out)"
"""Stands for what is not written. No parameter can have this name."""

_UNSEEN = re.compile("[\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]")
"""Control and format characters that JSON itself lets stand: some end lines, some turn the text around."""

_WHOLE_NUMBERS = range(-(1 << 63), 1 << 63)


class What(StrEnum):
    """What was done or asked for; a closed set."""

    START = "start"
    STOP = "stop"
    FORCE_STOP = "force-stop"
    KEEP = "keep"
    PIN = "pin"
    UNPIN = "unpin"
    SIGN_IN = "sign-in"
    SIGN_OUT = "sign-out"
    REVOKE_SESSION = "revoke-session"
    SHARE = "share"
    REVOKE_SHARE = "revoke-share"
    REFUSED = "refused"
    INPUT = "input"
    DOWNLOAD = "download"


class Result(StrEnum):
    """What came of it; ``asked`` is what will take its time."""

    OK = "ok"
    REFUSED = "refused"
    FAILED = "failed"
    ASKED = "asked"


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """Who did what. ``time`` is RFC 3339 in UTC with milliseconds (``stamp``); an empty text is "nobody" or "none".

    ``way`` is how they said who they are. ``parameters`` are masked, as those of a Job. ``reason`` is a sentence.
    """

    time: str
    who: str = ""
    way: str = ""
    address: str = ""
    what: What
    command: str = ""
    parameters: Mapping[str, object] = {}
    job: str = ""
    result: Result = Result.OK
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Damaged:
    """A line that is no entry; ``text`` is the first of it."""

    text: str


_decoder = msgspec.json.Decoder(Entry)


def stamp(seconds: float) -> str:
    """A wall clock time as an entry has it."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def clipped(entry: Entry) -> Entry:
    """The entry as it is written: each text within its bound, and without halves of surrogate pairs."""
    return Entry(
        time=_text(entry.time, NAME_LENGTH),
        who=_text(entry.who, NAME_LENGTH),
        way=_text(entry.way, NAME_LENGTH),
        address=_text(entry.address, NAME_LENGTH),
        what=entry.what,
        command=_text(entry.command, NAME_LENGTH),
        parameters=_parameters(entry.parameters),
        job=_text(entry.job, NAME_LENGTH),
        result=entry.result,
        reason=_text(entry.reason, REASON_LENGTH),
    )


def line_of(entry: Entry, most: int = LINE_BYTES) -> bytes:
    """The line of ``clipped(entry)`` with its ``\\n``; over ``most`` bytes with a note for its parameters.

    ``most`` is at least 16 KiB, which all the other texts together never reach.
    """
    written = clipped(entry)
    line = _encoded(written)
    if len(line) <= most:
        return line
    note = f"parameters of {len(msgspec.json.encode(written.parameters)):,} bytes"
    return _encoded(msgspec.structs.replace(written, parameters={LEFT_OUT: note}))


def entry_of(line: bytes) -> Entry | Damaged:
    """The entry of a line without its ``\\n``."""
    if len(line) < LINE_BYTES:
        try:
            return _decoder.decode(line)
        except (ValueError, RecursionError):  # no JSON, another kind of JSON, no UTF-8, a million brackets
            pass
    return Damaged(line[:NAME_LENGTH].decode(errors="replace"))


def _encoded(entry: Entry) -> bytes:
    line = msgspec.json.encode(entry) + b"\n"
    if line.isascii() and b"\x7f" not in line:
        return line
    return _UNSEEN.sub(lambda found: f"\\u{ord(found[0]):04x}", line.decode()).encode()


def _text(text: str, most: int) -> str:
    cut = wording.cut(text, most)
    try:
        cut.encode()
    except UnicodeEncodeError:  # half a surrogate pair: longer as an escape
        cut = wording.cut(cut.encode("utf-8", "backslashreplace").decode(), most)
    return cut


def _parameters(parameters: Mapping[str, object]) -> dict[str, object]:
    kept = {_text(name, NAME_LENGTH): _value(value) for name, value in islice(parameters.items(), MOST_VALUES)}
    if len(parameters) > MOST_VALUES:
        kept[LEFT_OUT] = f"{len(parameters) - MOST_VALUES:,} more"
    return kept


def _value(value: object) -> object:
    if isinstance(value, list | tuple):
        kept = [_single(item) for item in value[:MOST_VALUES]]
        return kept if len(value) <= MOST_VALUES else [*kept, f"{LEFT_OUT}: {len(value) - MOST_VALUES:,} more"]
    return _single(value)


def _single(value: object) -> object:
    """What can be written and read again; anything else only by its kind."""
    match value:
        case None | bool():
            return value
        case str():
            return _text(value, VALUE_LENGTH)
        case int() if value in _WHOLE_NUMBERS:
            return value
        case int():
            return _text(hex(value), VALUE_LENGTH)  # in base ten it would take a time that grows with its square
        case float():
            return value if math.isfinite(value) else repr(value)
        case _:
            return f"{LEFT_OUT}: a {type(value).__name__}"
