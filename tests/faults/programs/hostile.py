"""A process tree that does all it can to stay. Argument: MARK, digits, which each of its processes has among its own.

It ignores SIGTERM, clears its environment, leaves its session, loses its parents, forks all the time and
forks once more when the first of it dies. Each of its branches prints ``up`` when it is there.
"""

import os
import signal
import sys
import time

BRANCHES = 5
REST = 0.001
"""Seconds between two forks of the branch that never rests for longer."""


def main(mark: str) -> None:
    """Grow the branches and stay."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    alive = os.pipe()
    for branch in (plain, own_session, orphan, restless):
        if os.fork() == 0:
            os.close(alive[1])
            branch(mark)
    if os.fork() == 0:
        mourner(*alive)
    stay()


def plain(mark: str) -> None:
    """A child with nothing in its environment."""
    up()
    # As a number of seconds the mark is an argument that sleep takes.
    os.execvpe("sleep", ["sleep", mark], {})


def own_session(mark: str) -> None:
    """The same in a session of its own."""
    os.setsid()
    plain(mark)


def orphan(mark: str) -> None:
    """The same without its parent."""
    if os.fork():
        os._exit(0)
    own_session(mark)


def restless(_mark: str) -> None:
    """Forks and leaves, again and again: whoever looks for it finds another process."""
    up()
    while True:
        if os.fork():
            os._exit(0)
        os.setsid()
        time.sleep(REST)  # so that it is another process a thousand times a second


def mourner(alive: int, end: int) -> None:
    """Forks when the first process dies, which is when the pipe's last writer is gone."""
    os.close(end)
    up()
    os.read(alive, 1)
    for _ in range(3):
        if os.fork() == 0:
            os.setsid()
            stay()
    stay()


def up() -> None:
    """Say that this branch is there."""
    os.write(1, b"up\n")


def stay() -> None:
    """Until SIGKILL."""
    while True:
        signal.pause()


if __name__ == "__main__":
    main(sys.argv[1])
