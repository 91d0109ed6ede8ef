"""Writes lines to both streams in pieces cut anywhere; the same again for the same seed. Arguments: SEED LINES."""

import os
import random
import sys

FILLER = "The quick brown fox jumps over the lazy dog; zwölf Boxkämpfer jagen Viktor quer über den großen Deich. "
MOST = 8000
"""The most bytes in one write."""


def text(name: str, dice: random.Random, lines: int) -> bytes:
    """What one stream is to have: numbered lines of many lengths, some of them empty but for the number."""
    return "".join(f"{name} {number} {FILLER[: dice.randrange(len(FILLER))]}\n" for number in range(lines)).encode()


def texts(seed: int, lines: int) -> tuple[bytes, bytes]:
    """All that stdout and stderr are to have, ``lines`` lines each."""
    dice = random.Random(seed)
    return text("stdout", dice, lines), text("stderr", dice, lines)


def main(seed: int, lines: int) -> None:
    """Write pieces of both, in an order that the seed decides."""
    dice = random.Random(seed + 1)
    left = {1: memoryview(texts(seed, lines)[0]), 2: memoryview(texts(seed, lines)[1])}
    while left:
        stream = dice.choice(list(left))
        written = os.write(stream, left[stream][: dice.randrange(1, MOST)])
        left[stream] = left[stream][written:]
        if not left[stream]:
            del left[stream]


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
