"""What a child may know of the server's own environment."""

from __future__ import annotations

from collections.abc import Mapping

KEPT = frozenset({"PATH", "HOME", "USER", "LOGNAME", "LANG", "TZ", "TMPDIR", "SHELL"})
"""The variables that children get, beside those that begin with ``LC_``."""

DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def child_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """The allow-listed variables of ``environ``; PATH is always there. Values that are no text are left out."""
    kept = {name: value for name, value in environ.items() if _is_kept(name) and _is_text(value)}
    return {"PATH": DEFAULT_PATH} | {name: value for name, value in kept.items() if name != "PATH" or value}


def _is_kept(name: str) -> bool:
    return name in KEPT or name.startswith("LC_")


def _is_text(value: str) -> bool:
    """Bytes of the environment that are no UTF-8 arrive as lone surrogates, which no JSON can hold."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True
