"""Prints a line each interval: the wall clock and the monotonic clock in nanoseconds. Arguments: COUNT SECONDS."""

import os
import sys
import time


def main(count: int, interval: float) -> None:
    """Print ``count`` lines, the first after one interval, each at its own moment whatever the last one took."""
    begun = time.monotonic()
    for number in range(1, count + 1):
        time.sleep(max(0.0, begun + number * interval - time.monotonic()))
        os.write(1, b"%d %d\n" % (time.time_ns(), time.monotonic_ns()))


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]))
