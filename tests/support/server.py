"""The real server, as a process of its own."""

from __future__ import annotations

import json
import selectors
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parents[2]
READY = "Linefeed is serving "
_START_S = 20.0
_LEAVE_S = 20.0


@dataclass(frozen=True, slots=True)
class Server:
    """A server that is up. ``url`` has no slash at its end. ``token`` is its start token, if it has one."""

    url: str
    process: subprocess.Popen[str]
    token: str = ""

    def tell(self, number: signal.Signals) -> None:
        """Send the server a signal."""
        self.process.send_signal(number)

    def leave(self, within: float = _LEAVE_S) -> int:
        """Send SIGTERM and wait; the exit status."""
        self.tell(signal.SIGTERM)
        return self.process.wait(within)


@contextmanager
def serve(config: str, folder: Path, *flags: str, no_token: bool = True) -> Iterator[Server]:
    """A server of this configuration (TOML text) on a free port, with its files in ``folder``; gone afterwards.

    It asks nobody who they are, unless ``no_token`` is false: then ``[auth]`` says.
    """
    file = folder / "linefeed.toml"
    file.write_text(config)
    options = ("--config", str(file), "--bind", "127.0.0.1:0", "--data", str(folder / "data"), *flags)
    process = start_app(*options, no_token=no_token)
    try:
        url, _, token = _address_of(process).partition("?token=")
        yield Server(url.rstrip("/"), process, token)
    finally:
        _end(process)


def start_app(*flags: str, no_token: bool = True) -> subprocess.Popen[str]:
    """``python app.py`` with these flags, and ``--no-token``; its standard output and error captured."""
    return subprocess.Popen(
        [sys.executable, str(PROJECT / "app.py"), *flags, *["--no-token"] * no_token],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=PROJECT,
    )


def command_toml(name: str, *argv: str, **keys: Any) -> str:
    """One command as a section of the catalogue."""
    words: Mapping[str, Any] = {"title": name, "argv": list(argv), **keys}
    # A JSON string, number, boolean or list of them is the same in TOML.
    return "\n".join([f"[commands.{name}]", *(f"{key} = {json.dumps(value)}" for key, value in words.items()), ""])


def python_toml(name: str, code: str, **keys: Any) -> str:
    """A command that runs this Python code."""
    source = code.replace("{", "{{").replace("}", "}}")
    return command_toml(name, sys.executable, "-I", "-S", "-u", "-c", source, **keys)


def _address_of(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    with selectors.DefaultSelector() as output:  # not select(2): this process may have more than 1,024 files open
        output.register(process.stdout, selectors.EVENT_READ)
        line = process.stdout.readline() if output.select(_START_S) else ""
    if not line.startswith(READY):
        process.kill()
        raise AssertionError(f"the server did not start: {line!r} {process.communicate()[1]}")
    return line.removeprefix(READY).strip()


def _end(process: subprocess.Popen[str]) -> None:
    if process.poll() is None:
        process.terminate()
    try:
        process.communicate(timeout=_LEAVE_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
