"""The programs the tests drive, or a sentence about what to install."""

from __future__ import annotations

import shutil


def found(*names: str) -> str:
    """The path of the first of these programs that is here. Raises AssertionError that says what to install."""
    path = next(filter(None, map(shutil.which, names)), None)
    assert path, f"{names[0]} is not installed. On Debian and Ubuntu, as root: apt install {names[0]}"
    return path
