"""A TOML table read key by key, so that one run finds every fault."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from difflib import get_close_matches
from typing import TypeVar

from runner.settings.quantities import kind, on_one_line

T = TypeVar("T")

_BARE = re.compile(r"[A-Za-z0-9_-]+")

Note = Callable[[str, str], None]
"""Takes the dotted key and the reason of one fault."""


class Table:
    """One table of the file. A wrong value is noted as a fault and a stand-in takes its place.

    Keys that nobody asked for are faults too: ``close`` notes them, and is called once at the end.
    """

    def __init__(self, value: object, path: str, note: Note) -> None:
        self._note = note
        self._asked: set[str] = set()
        self.path = path
        self._is_table = isinstance(value, dict)
        self.values: dict[str, object] = value if isinstance(value, dict) else {}
        if not self._is_table:
            note(path, f"must be a table, not {kind(value)}")

    def __contains__(self, key: str) -> bool:
        return key in self.values

    def fault(self, key: str, reason: str) -> None:
        """Note a fault of one of this table's keys."""
        self._note(self._dotted(key), reason)

    def take(self, key: str, default: T, convert: Callable[[object], T]) -> T:
        """The key's value as ``convert`` makes it (ValueError is a fault), or the default if it is not there."""
        self._asked.add(key)
        if key not in self.values:
            return default
        try:
            return convert(self.values[key])
        except ValueError as error:
            self.fault(key, str(error))
            return default

    def require(self, key: str, stand_in: T, convert: Callable[[object], T]) -> T:
        """As ``take``, but a fault if the key is not there."""
        if self._is_table and key not in self.values:
            self.fault(key, "is missing")
        return self.take(key, stand_in, convert)

    def each(self, key: str, default: tuple[T, ...], convert: Callable[[str], T]) -> tuple[T, ...]:
        """A list of texts, each converted; every wrong one is a fault of its own."""
        texts = self.take(key, None, words)
        if texts is None:
            return default
        converted = []
        for each in texts:
            try:
                converted.append(convert(each))
            except ValueError as error:
                self.fault(key, str(error))
        return tuple(converted)

    def table(self, key: str) -> Table:
        """The table under this key; an empty one if it is not there."""
        self._asked.add(key)
        return Table(self.values.get(key, {}), self._dotted(key), self._note)

    def tables(self) -> Iterator[tuple[str, Table]]:
        """Every key of this table with the table under it, in the file's order."""
        for key in self.values:
            yield key, self.table(key)

    def entries(self, key: str) -> Iterator[Table]:
        """Each table of the list ``[[key]]``, in the file's order; their paths count from 1."""
        self._asked.add(key)
        found = self.values.get(key, [])
        if not isinstance(found, list):
            self.fault(key, f"must be a list of tables, each begun with [[{key}]], not {kind(found)}")
            return
        for number, entry in enumerate(found, 1):
            table = Table(entry, f"{self._dotted(key)}.{number}", self._note)
            if table._is_table:
                yield table

    def close(self, later: frozenset[str] = frozenset()) -> None:
        """Note every key that was not asked for; those in ``later`` are known but not built yet."""
        for key in self.values:
            if key in later:
                self.fault(key, "is not built yet")
            elif key not in self._asked:
                self.fault(key, f"is not a known key{near(key, self._asked)}")

    def _dotted(self, key: str) -> str:
        bare = key if _BARE.fullmatch(key) else f'"{on_one_line(key)}"'
        return f"{self.path}.{bare}" if self.path else bare


def near(word: str, known: Iterable[str]) -> str:
    """What may have been meant, as the end of a sentence; empty if nothing is like it."""
    found = get_close_matches(word[:60], known, n=1)
    return f"; did you mean {found[0]}?" if found else ""


def text(value: object) -> str:
    """Text without a NUL."""
    if not isinstance(value, str):
        raise ValueError(f"must be text in quotes, not {kind(value)}")
    if "\0" in value:
        raise ValueError("must not contain a NUL character")
    return value


def filled(value: object) -> str:
    """Text that is not blank."""
    checked = text(value)
    if not checked.strip():
        raise ValueError("must not be empty")
    return checked


def place(value: object) -> str:
    """The path of a folder or file, as it was written."""
    path = filled(value)
    if path == "~" or path.startswith("~/"):
        raise ValueError("must be written out; ~ is not expanded here")
    return path


def flag(value: object) -> bool:
    """True or false."""
    if not isinstance(value, bool):
        raise ValueError(f"must be true or false, not {kind(value)}")
    return value


def words(value: object) -> tuple[str, ...]:
    """A list of texts."""
    if not isinstance(value, list):
        raise ValueError(f"must be a list of texts, not {kind(value)}")
    for index, each in enumerate(value):
        if not isinstance(each, str):
            raise ValueError(f"must be a list of texts; entry {index + 1} is {kind(each)}")
    return tuple(value)


def integer(least: int, most: int) -> Callable[[object], int]:
    """A converter to whole numbers from ``least`` to ``most``."""

    def convert(value: object) -> int:
        if not isinstance(value, int) or isinstance(value, bool):
            raise ValueError(f"must be a whole number, not {kind(value)}")
        if not least <= value <= most:
            raise ValueError(f"must be from {least} to {most}")
        return value

    return convert
