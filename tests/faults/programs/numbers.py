"""Writes numbered lines to both streams, cut anywhere, until a file appears. Arguments: SEED END TALLY.

When the file END is there it writes how many lines each stream has to the file TALLY, and ends.
"""

import os
import random
import sys
import time

PAUSE = 0.005
MOST = 4
"""The most lines that a stream gets between two pauses."""


def main(seed: int, end: str, tally: str) -> None:
    """Write, look for END, pause; over and over."""
    dice = random.Random(seed)
    last = 0
    while not os.path.exists(end):
        first, last = last + 1, last + dice.randint(1, MOST)
        for stream, name in ((1, "out"), (2, "err")):
            data = "".join(f"{name} {number}\n" for number in range(first, last + 1)).encode()
            cut = dice.randrange(len(data))
            write(stream, data[:cut])
            write(stream, data[cut:])
        time.sleep(PAUSE)  # the pace at which it writes
    with open(tally + ".half", "w") as file:
        file.write(str(last))
    os.rename(tally + ".half", tally)


def write(stream: int, data: bytes) -> None:
    """All of it, however little the pipe takes at once."""
    while data:
        data = data[os.write(stream, data) :]


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], sys.argv[3])
