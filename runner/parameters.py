"""Parameters: what a person may fill into a command, one type each for text, integers and choices. Pure values.

A value comes from JSON (typed) or from a form (always text); both give the same typed value.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

ARGUMENT_BYTES = 131_071
"""The longest single argument that Linux takes (MAX_ARG_STRLEN without the closing NUL)."""

INTEGER_LIMIT = 2**63
"""Integers are at least ``-INTEGER_LIMIT`` and below ``INTEGER_LIMIT``: what most programs can read."""

_INTEGER = re.compile(r"-?[0-9]{1,40}")


@dataclass(frozen=True, slots=True, kw_only=True)
class TextParameter:
    """Any text. Lengths count characters; ``pattern`` must match the whole value."""

    name: str
    label: str
    description: str = ""
    required: bool = True
    default: str | None = None
    min_length: int = 0
    max_length: int = 4096
    pattern: str | None = None
    allow_dash: bool = False
    type: str = field(default="text", init=False)

    def settle(self, value: object) -> str | None:
        """The value to use: ``value``, or the default if that is None; None if there is neither.

        Empty text is no text: right for an optional parameter, ``ValueError`` for a required one.
        Raises ValueError with the reason.
        """
        chosen = self.default if value is None else value
        if chosen is None or chosen == "":
            _refuse_missing(self.required)
            return None if chosen is None else ""
        return self.check(chosen)

    def check(self, value: object) -> str:
        """``value`` as text if it keeps every limit; raises ValueError with the reason."""
        if not isinstance(value, str):
            raise ValueError("must be text")
        _check_argument(value)
        if not self.allow_dash:
            _refuse_dash(value)
        self._check_length(len(value))
        if self.pattern is not None and re.fullmatch(self.pattern, value) is None:
            raise ValueError(f"must match the pattern {self.pattern}")
        return value

    def _check_length(self, length: int) -> None:
        if length < self.min_length:
            raise ValueError(f"must have at least {_characters(self.min_length)}, not {length}")
        if length > self.max_length:
            raise ValueError(f"must have at most {_characters(self.max_length)}, not {length}")


@dataclass(frozen=True, slots=True, kw_only=True)
class IntegerParameter:
    """A whole number; ``min`` and ``max`` are inclusive."""

    name: str
    label: str
    description: str = ""
    required: bool = True
    default: int | None = None
    min: int | None = None
    max: int | None = None
    type: str = field(default="integer", init=False)

    def settle(self, value: object) -> int | None:
        """The value to use: ``value``, or the default if that is None or empty; None if there is neither.

        Raises ValueError with the reason.
        """
        chosen = self.default if value is None or value == "" else value
        if chosen is None:
            _refuse_missing(self.required)
            return None
        return self.check(chosen)

    def check(self, value: object) -> int:
        """``value`` as an integer: 5 and "5" are one, ``true``, 5.0 and "5x" are none; raises ValueError."""
        if isinstance(value, str) and _INTEGER.fullmatch(value):
            value = int(value)
        if not isinstance(value, int) or isinstance(value, bool):
            raise ValueError("must be a whole number")
        self._check_range(value)
        return value

    def _check_range(self, number: int) -> None:
        least = -INTEGER_LIMIT if self.min is None else self.min
        most = INTEGER_LIMIT - 1 if self.max is None else self.max
        if number < least:
            raise ValueError(f"must be at least {least}")
        if number > most:
            raise ValueError(f"must be at most {most}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ChoiceParameter:
    """One of a closed list of texts, compared exactly."""

    name: str
    label: str
    choices: tuple[str, ...]
    description: str = ""
    required: bool = True
    default: str | None = None
    allow_dash: bool = False
    type: str = field(default="choice", init=False)

    def settle(self, value: object) -> str | None:
        """The value to use: ``value``, or the default if that is None or empty; None if there is neither.

        Raises ValueError with the reason.
        """
        chosen = self.default if value is None or value == "" else value
        if chosen is None:
            _refuse_missing(self.required)
            return None
        return self.check(chosen)

    def check(self, value: object) -> str:
        """``value`` if it is one of the choices; raises ValueError with the reason."""
        if not isinstance(value, str) or value not in self.choices:
            raise ValueError(f"must be one of {_some(self.choices)}")
        _check_argument(value)
        if not self.allow_dash:
            _refuse_dash(value)
        return value


Parameter = TextParameter | IntegerParameter | ChoiceParameter


def _refuse_missing(required: bool) -> None:
    if required:
        raise ValueError("is required")


def _refuse_dash(value: str) -> None:
    if value.startswith(("-", "@")):
        raise ValueError("must not begin with - or @, which a program could take for an option or a file of options")


def _check_argument(value: str) -> None:
    if "\0" in value:
        raise ValueError("must not contain a NUL character")
    try:
        size = len(value.encode())
    except UnicodeEncodeError:
        raise ValueError("must not contain half a surrogate pair, which is no character") from None
    if size > ARGUMENT_BYTES:
        raise ValueError(
            f"must be shorter than {ARGUMENT_BYTES + 1} bytes of UTF-8, the most that one argument may have"
        )


def _characters(number: int) -> str:
    return "1 character" if number == 1 else f"{number} characters"


def _some(choices: tuple[str, ...], shown: int = 10) -> str:
    """The first choices in words; a person sees the rest in the form."""
    rest = len(choices) - shown
    return ", ".join(choices[:shown]) + (f" and {rest} more" if rest > 0 else "")
