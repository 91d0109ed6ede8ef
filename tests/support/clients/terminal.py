"""A program at a terminal of its own."""

from __future__ import annotations

import fcntl
import os
import pty
import struct
import subprocess
import termios
import threading
from collections.abc import Sequence
from pathlib import Path

ROWS = 60
COLUMNS = 160


class Terminal:
    """A program with a terminal, and ``folder`` as its home. What it draws is thrown away."""

    def __init__(self, argv: Sequence[str], folder: Path) -> None:
        self._keys, screen = pty.openpty()
        fcntl.ioctl(screen, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        environment = {"TERM": "xterm", "LANG": "C.UTF-8", "HOME": str(folder), "PATH": os.environ["PATH"]}
        self._process = subprocess.Popen(
            argv, stdin=screen, stdout=screen, stderr=screen, cwd=folder, env=environment, start_new_session=True
        )
        os.close(screen)
        self._drain = threading.Thread(target=self._read_all, daemon=True)
        self._drain.start()

    def write(self, keys: str) -> None:
        """Press these keys."""
        os.write(self._keys, keys.encode())

    def close(self) -> None:
        """End the program."""
        self._process.kill()
        self._process.wait()
        self._drain.join()
        os.close(self._keys)

    def _read_all(self) -> None:
        """A program whose terminal is full would stop."""
        try:
            while os.read(self._keys, 65_536):
                pass
        except OSError:  # nobody has the other side open any more
            return
