"""A process tree that is hard to end: it forks, calls setsid, ignores SIGTERM and clears its environment.

Argument: MARKER, which each of its processes keeps among its arguments. Each leaf prints one line when it is up.
"""

import os
import signal
import sys

LEAVES = 6
"""How many processes there are below the first one."""


def main(marker: str) -> None:
    """Start the leaves: children, children in a session of their own, and grandchildren whose parent has gone."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    for number in range(LEAVES):
        if os.fork() == 0:
            branch(number % 3, marker)
    while True:
        signal.pause()


def branch(kind: int, marker: str) -> None:
    """Become a leaf, after ``setsid`` and a second fork if the kind says so. Never returns."""
    if kind > 0:
        os.setsid()
    if kind > 1 and os.fork() > 0:
        os._exit(0)
    os.execve(sys.executable, [sys.executable, "-I", "-S", __file__, marker, "leaf"], {})


def leaf() -> None:
    """Say so and stay."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    os.write(1, b"leaf\n")
    while True:
        signal.pause()


if __name__ == "__main__":
    leaf() if len(sys.argv) > 2 else main(sys.argv[1])
