"""The server's doorbell: a datagram socket on which shims say "job X has more"."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import Callable
from pathlib import Path

NAME = "doorbell"
_MOST_AT_ONCE = 64
_ID_BYTES = 26


class Doorbell:
    """Calls ``on_ring(job_id)`` on the event loop, once for each job that rang since the last look.

    What arrives is only a hint: it may name any job, and a ring may be missing.
    """

    def __init__(self, folder: Path, on_ring: Callable[[str], None]) -> None:
        self._path = folder / NAME
        self._on_ring = on_ring
        self._socket: socket.socket | None = None

    def open(self) -> None:
        """Bind it, in place of an earlier server's. Raises OSError."""
        self._path.unlink(missing_ok=True)
        bell = self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        # A socket's address holds 107 bytes only; by way of the folder's descriptor any folder fits.
        folder = os.open(self._path.parent, os.O_PATH | os.O_DIRECTORY)
        try:
            bell.bind(f"/proc/self/fd/{folder}/{NAME}")
        finally:
            os.close(folder)
        self._path.chmod(0o600)
        asyncio.get_running_loop().add_reader(bell, self._listen, bell)

    def close(self) -> None:
        """Stop listening."""
        if self._socket is None:
            return
        asyncio.get_running_loop().remove_reader(self._socket)
        self._socket.close()
        self._path.unlink(missing_ok=True)

    def _listen(self, bell: socket.socket) -> None:
        rang = set()
        with contextlib.suppress(BlockingIOError):
            for _ in range(_MOST_AT_ONCE):
                rang.add(bell.recv(_ID_BYTES))
        for name in rang:
            self._on_ring(name.decode("ascii", "replace"))
