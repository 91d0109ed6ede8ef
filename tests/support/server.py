"""The real server, as a process of its own."""

from __future__ import annotations

import io
import json
import os
import selectors
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.leaks import leaks_in

PROJECT = Path(__file__).resolve().parents[2]
READY = "Linefeed is serving "
_START_S = 20.0
_LEAVE_S = 20.0


class Process(subprocess.Popen[str]):
    """``python app.py``, with its standard output and error captured.

    ``communicate`` raises AssertionError if what it wrote, whoever read it, has a secret in it. The line with the
    address that signs in is not counted. ``token`` is the start token, once it is known.
    """

    def __init__(self, *flags: str) -> None:
        super().__init__(
            [sys.executable, str(PROJECT / "app.py"), *flags],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=PROJECT,
        )
        self.token = ""
        self._pipes = (_Remembering(self.stdout), _Remembering(self.stderr))
        self.stdout, self.stderr = self._pipes

    def communicate(self, input: str | None = None, timeout: float | None = None) -> tuple[str, str]:
        """What it wrote until its end and was not read before."""
        out, err = super().communicate(input, timeout)
        leaks = leaks_in(self._without_address(self._pipes[0].read_before + out), self.token)
        leaks += leaks_in(self._pipes[1].read_before + err, self.token)
        assert not leaks, "\n".join(["what the server wrote has", *leaks])
        return out, err

    def _without_address(self, out: str) -> str:
        """``serve`` has read that line already, and knows the token."""
        return out if self.token or not out.startswith(READY) else out.partition("\n")[2]


class _Remembering(io.TextIOWrapper):
    """A pipe's end that keeps what is read from it."""

    def __init__(self, pipe: Any) -> None:
        super().__init__(pipe.detach(), encoding=pipe.encoding, errors=pipe.errors)
        self.read_before = ""

    def read(self, size: int | None = -1, /) -> str:
        text = super().read(size)
        self.read_before += text
        return text

    def readline(self, size: int = -1, /) -> str:  # type: ignore[override] # of no other type than the one above
        text = super().readline(size)
        self.read_before += text
        return text


@dataclass(frozen=True, slots=True)
class Server:
    """A server that is up. ``url`` has no slash at its end. ``token`` is its start token, if it has one."""

    url: str
    process: Process
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

    It asks nobody who they are, unless ``no_token`` is false: then ``[auth]`` says. Raises AssertionError at the end
    if it wrote a secret; a failure before the end goes on instead, with a note of that.
    """
    file = folder / "linefeed.toml"
    file.write_text(config)
    options = ("--config", str(file), "--bind", "127.0.0.1:0", "--data", str(folder / "data"), *flags)
    process = start_app(*options, no_token=no_token)
    try:
        url, _, process.token = _address_of(process).partition("?token=")
        yield Server(url.rstrip("/"), process, process.token)
    except BaseException as failure:  # whatever it is, it goes on
        try:
            _end(process)
        except AssertionError as leaked:
            failure.add_note(str(leaked))
        raise
    _end(process)


def start_app(*flags: str, no_token: bool = True) -> Process:
    """``python app.py`` with these flags, and ``--no-token``; its standard output and error captured."""
    return Process(*flags, *["--no-token"] * no_token)


def command_toml(name: str, *argv: str, **keys: Any) -> str:
    """One command as a section of the catalogue."""
    words: Mapping[str, Any] = {"title": name, "argv": list(argv), **keys}
    # A JSON string, number, boolean or list of them is the same in TOML.
    return "\n".join([f"[commands.{name}]", *(f"{key} = {json.dumps(value)}" for key, value in words.items()), ""])


def python_toml(name: str, code: str, **keys: Any) -> str:
    """A command that runs this Python code."""
    source = code.replace("{", "{{").replace("}", "}}")
    return command_toml(name, sys.executable, "-I", "-S", "-u", "-c", source, **keys)


def _address_of(process: Process) -> str:
    line = _first_line(process)
    if not line.startswith(READY):
        process.kill()
        raise AssertionError(f"the server did not start: {line!r} {subprocess.Popen.communicate(process)[1]}")
    return line.removeprefix(READY).strip()


def _first_line(process: Process) -> str:
    """Byte by byte: what comes after it stays in the pipe, for whoever reads there next."""
    assert process.stdout is not None
    pipe, line = process.stdout.fileno(), b""
    with selectors.DefaultSelector() as output:  # not select(2): this process may have more than 1,024 files open
        output.register(pipe, selectors.EVENT_READ)
        while not line.endswith(b"\n") and output.select(_START_S) and (byte := os.read(pipe, 1)):
            line += byte
    return line.decode()


def _end(process: Process) -> None:
    if process.poll() is None:
        process.terminate()
    try:
        process.communicate(timeout=_LEAVE_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
