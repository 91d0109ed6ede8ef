"""Writes lines of 80 bytes in blocks of 64 KiB that end anywhere in a line. Argument: LINES, a multiple of 4,096."""

import os
import sys

LINES = 4096
BLOCK = 65536


def main(lines: int) -> None:
    """4,096 such lines are five blocks exactly; write them over and over."""
    text = memoryview((b"x" * 79 + b"\n") * LINES)
    blocks = [text[start : start + BLOCK] for start in range(0, len(text), BLOCK)]
    for _ in range(lines // LINES):
        for block in blocks:
            os.write(1, block)


if __name__ == "__main__":
    main(int(sys.argv[1]))
