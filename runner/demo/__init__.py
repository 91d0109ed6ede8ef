"""The built-in demo catalogue: what Linefeed serves when no configuration file is named."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from runner.demo.log import log_text

FOLDER = Path(__file__).parent
LOG_FOLDER = Path("/var/log")
PREFERRED = ("syslog", "messages", "kern.log", "dpkg.log", "alternatives.log", "bootstrap.log")
PRIVATE = frozenset({"auth.log"})
"""Logs that a demo does not show by itself, even where it could read them."""


def demo_text() -> str:
    """The demo's configuration as TOML, with marks where this machine's places go."""
    return (FOLDER / "catalogue.toml").read_text(encoding="utf-8")


def fill_in(document: dict[str, Any], data: Path, logs: Path = LOG_FOLDER) -> dict[str, Any]:
    """The parsed ``demo_text`` with this machine's Python, scripts and log file put in.

    ``data`` is the data folder: where the demo's own log stands if ``logs`` has none that can be read.
    """
    places = {
        "@python@": sys.executable or "python3",
        "@scripts@": str(FOLDER / "scripts"),
        "@log@": str(readable_log(logs) or demo_log(data)),
    }
    commands = {name: _filled(command, places) for name, command in document["commands"].items()}
    return document | {"commands": commands}


def readable_log(logs: Path = LOG_FOLDER) -> Path | None:
    """The system log, or another log in the folder that can be read; None if there is none."""
    return next((path for path in _candidates(logs) if path.is_file() and os.access(path, os.R_OK)), None)


def demo_log(data: Path) -> Path:
    """Where the demo's own log stands."""
    return data / "demo.log"


def write_demo_log(data: Path, logs: Path = LOG_FOLDER) -> None:
    """Write the demo's own log if it is needed and not there yet; makes the data folder. Raises OSError."""
    path = demo_log(data)
    if readable_log(logs) or path.exists():
        return
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.touch(0o600)
    path.write_text(log_text(), encoding="utf-8")


def _candidates(logs: Path) -> Iterator[Path]:
    yield from (logs / name for name in PREFERRED)
    try:
        others = sorted(logs.glob("*.log"))
    except OSError:
        return
    yield from (path for path in others if path.name not in PRIVATE)


def _filled(command: Mapping[str, Any], places: Mapping[str, str]) -> dict[str, Any]:
    """The command with the places in the text that a person reads and, with braces doubled, in argv."""
    in_argv = {mark: place.replace("{", "{{").replace("}", "}}") for mark, place in places.items()}
    argv = [_replaced(word, in_argv) for word in command["argv"]]
    return {**command, "title": _replaced(command["title"], places), "argv": argv}


def _replaced(text: str, places: Mapping[str, str]) -> str:
    for mark, place in places.items():
        text = text.replace(mark, place)
    return text
