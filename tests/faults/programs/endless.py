"""Writes bytes of every kind but a newline, and never one. Arguments: SEED MEGABYTES."""

import os
import random
import sys

BLOCK = 1_000_000


def block(seed: int) -> bytes:
    """What it is all made of: NULs, invalid UTF-8 and everything else, only no newline."""
    return random.Random(seed).randbytes(BLOCK).replace(b"\n", b"\0")


def turned(base: bytes, number: int) -> bytes:
    """The block of this number: the same bytes from another place on, so that no two are alike."""
    place = number * 7919 % BLOCK
    return base[place:] + base[:place]


def main(seed: int, megabytes: int) -> None:
    """Write one block after another."""
    base = block(seed)
    for number in range(megabytes):
        data = memoryview(turned(base, number))
        while data:
            data = data[os.write(1, data) :]


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
