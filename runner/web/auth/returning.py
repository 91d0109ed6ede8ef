"""Where somebody goes after signing in: an address of this site, and of no other. Pure."""

from __future__ import annotations

import re
from urllib.parse import unquote

HOME = "/"
LONGEST = 2_000

# Visible ASCII only: a browser drops tabs and newlines and takes a backslash for a slash.
_LOCAL = re.compile(r"/(?!/)[!-\[\]-~]*")
_AFTER_PATH = re.compile(r"[?#]")
_UNSAFE = re.compile(r"[\\\x00-\x1f\x7f]")


def safe_next(text: str | None) -> str:
    """``text`` if it is a path of this site (with its query), else the dashboard."""
    if not text or len(text) > LONGEST or not _LOCAL.fullmatch(text):
        return HOME
    path = unquote(_AFTER_PATH.split(text, maxsplit=1)[0])
    # What somebody on the way may decode must not turn into another site's address either.
    return HOME if path.startswith("//") or _UNSAFE.search(path) else text
