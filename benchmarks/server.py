"""The server that is measured: a process of its own, with a catalogue and a data folder of its own."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.api import Api
from benchmarks.table import Wrong
from benchmarks.waiting import until

ROOT = Path(__file__).parent.parent
PROGRAMS = Path(__file__).parent / "programs"
READY = re.compile(r"is serving (http://\S+)\n")
START_SECONDS = 20.0
STOP_SECONDS = 15.0


@dataclass(frozen=True, slots=True)
class Command:
    """An entry of the catalogue; ``integers`` names its parameters."""

    argv: Sequence[str]
    stop_grace: str = "5s"
    integers: Sequence[str] = ()
    on_server_exit: str = "stop"


@dataclass(frozen=True, slots=True)
class Server:
    """A server that is ready; ``url`` ends in a slash. ``apis`` are the connections to it, closed when it is."""

    process: subprocess.Popen[bytes]
    url: str
    apis: list[Api] = field(default_factory=list)

    @property
    def pid(self) -> int:
        """Its process id."""
        return self.process.pid

    async def api(self) -> Api:
        """A fresh connection to its API."""
        self.apis.append(await Api.open(self.url))
        return self.apis[-1]


def program(name: str, *arguments: str) -> list[str]:
    """The argv that runs one of the benchmarks' own programs."""
    return [sys.executable, "-I", "-S", str(PROGRAMS / f"{name}.py"), *arguments]


def catalogue(commands: Mapping[str, Command], pool: str = "running = 16") -> str:
    """The catalogue in TOML, ``pool`` its section's lines. A JSON string or list of strings is one of TOML, too."""
    tables = [f"[pool]\n{pool}"]
    for name, command in commands.items():
        keys = {key: getattr(command, key) for key in ("argv", "stop_grace", "on_server_exit")}
        lines = (f"{key} = {json.dumps(value)}" for key, value in keys.items())
        tables.append("\n".join([f"[commands.{name}]", *lines]))
        tables += [f'[commands.{name}.parameters.{key}]\ntype = "integer"' for key in command.integers]
    return "\n\n".join(tables) + "\n"


@asynccontextmanager
async def serving(commands: Mapping[str, Command], sections: str = "") -> AsyncIterator[Server]:
    """Linefeed with this catalogue and ``sections``, more of its TOML. It is told to leave at the end of the block."""
    with tempfile.TemporaryDirectory(prefix="linefeed-bench-", ignore_cleanup_errors=True) as name:
        file, data = Path(name) / "catalogue.toml", Path(name) / "data"
        file.write_text(f"{catalogue(commands)}\n{sections}")
        options = ["--config", str(file), "--bind", "127.0.0.1:0", "--data", str(data), "--no-token"]
        async with started([sys.executable, str(ROOT / "app.py"), *options]) as server:
            yield server


@asynccontextmanager
async def started(argv: Sequence[str]) -> AsyncIterator[Server]:
    """A server process that prints its address when it is ready. Raises ``Wrong`` if it does not.

    Its output goes to a file: a pipe that nobody reads would stop it some day.
    """
    with tempfile.NamedTemporaryFile(prefix="linefeed-bench-", suffix=".log") as log:
        process, written = spawn(argv, log.fileno()), Path(log.name)
        try:
            await until(lambda: _address(written) or process.poll() is not None, START_SECONDS)
            if not (url := _address(written)):
                raise Wrong(f"the server did not start: {_tail(written)}")
            server = Server(process, url)
            try:
                yield server
            finally:
                for api in server.apis:
                    api.connection.close()
        finally:
            await asyncio.to_thread(_end, process)


def spawn(argv: Sequence[str], log: int) -> subprocess.Popen[bytes]:
    """Start a server and do not wait for it; what it writes goes to the descriptor ``log``."""
    return subprocess.Popen(argv, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=log, stderr=log)


def _address(log: Path) -> str:
    match = READY.search(log.read_text())
    return match[1] if match else ""


def _tail(log: Path) -> str:
    return log.read_text()[-1000:].strip()


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
