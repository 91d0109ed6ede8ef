"""Writes numbered lines at an even rate, each with the wall clock in milliseconds. Arguments: COUNT SECONDS WAIT."""

import os
import sys
import time

STEP = 0.005
"""Seconds between two writes."""


def main(count: int, seconds: float, wait: float) -> None:
    """Write ``count`` lines in ``seconds``, after ``wait`` seconds of silence."""
    time.sleep(wait)
    begun, written = time.monotonic(), 0
    while written < count:
        time.sleep(STEP)
        due = min(count, int((time.monotonic() - begun) / seconds * count))
        now = time.time_ns() // 1_000_000
        text = b"".join(b"%d %d\n" % (number, now) for number in range(written + 1, due + 1))
        while text:
            text = text[os.write(1, text) :]
        written = due


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]), float(sys.argv[3]))
