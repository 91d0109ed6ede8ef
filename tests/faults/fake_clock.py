"""A wall clock that can be set, for a server and for its shims. The monotonic clock goes on, as the kernel's does."""

from __future__ import annotations

import shlex
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.table import Wrong
from tests.faults.site import PROGRAMS

LIBRARIES = ("*/faketime/libfaketimeMT.so.1", "faketime/libfaketimeMT.so.1")
FOLDERS = ("/usr/lib", "/usr/lib64", "/usr/local/lib")


@dataclass(frozen=True, slots=True)
class FakeClock:
    """A clock in ``folder``, at first the true one."""

    folder: Path

    def set(self, seconds: int) -> None:
        """Let it be so many seconds before or after the true time, at once and for everybody."""
        half = self.folder / "clock.half"
        half.write_text(f"{seconds:+d}\n")
        half.rename(self.folder / "clock")

    def launcher(self, with_shims: bool) -> tuple[str, ...]:
        """The beginning of the command line of a server that lives by it; its shims only if asked."""
        words = ("env", *self._environment())
        if not with_shims:
            return words
        interpreter = self.folder / "python"
        command = shlex.join(["env", *self._environment(), sys.executable])
        interpreter.write_text(f'#!/bin/sh\nexec {command} "$@"\n')
        interpreter.chmod(0o700)
        return (*words, sys.executable, str(PROGRAMS / "launch_with.py"), str(interpreter))

    def _environment(self) -> list[str]:
        clock = str(self.folder / "clock")
        return [
            f"LD_PRELOAD={_library()}",
            f"FAKETIME_TIMESTAMP_FILE={clock}",
            "FAKETIME_NO_CACHE=1",
            "FAKETIME_DONT_FAKE_MONOTONIC=1",
        ]


@contextmanager
def fake_clock() -> Iterator[FakeClock]:
    """A clock that nobody has set yet. What killed processes left of libfaketime in shared memory is removed."""
    before = set(_shared())
    with tempfile.TemporaryDirectory(prefix="linefeed-clock-") as folder:
        clock = FakeClock(Path(folder))
        clock.set(0)
        yield clock
    for left in set(_shared()) - before:
        left.unlink(missing_ok=True)


def _shared() -> Iterator[Path]:
    return Path("/dev/shm").glob("*faketime_*")


def _library() -> str:
    """Where libfaketime is. Raises ``Wrong`` if it is not installed."""
    for folder in map(Path, FOLDERS):
        for pattern in LIBRARIES:
            for found in folder.glob(pattern):
                return str(found)
    raise Wrong("libfaketime is not here; on Debian: apt install libfaketime")
