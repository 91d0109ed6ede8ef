"""Writes numbers to stdout and stderr in turn, one write each. Argument: LINES, an even number."""

import os
import sys


def main(lines: int) -> None:
    """Even numbers from 0 go to stdout, odd ones to stderr."""
    write = os.write
    for number in range(0, lines, 2):
        write(1, b"%d\n" % number)
        write(2, b"%d\n" % (number + 1))


if __name__ == "__main__":
    main(int(sys.argv[1]))
