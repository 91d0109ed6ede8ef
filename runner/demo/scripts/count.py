"""Counts up to a number, one line each, with a pause between them: count.py NUMBER MILLISECONDS."""

import sys
import time


def main(number: int, pause: float) -> None:
    for each in range(1, number + 1):
        if each > 1:
            time.sleep(pause)
        print(each)


main(int(sys.argv[1]), int(sys.argv[2]) / 1000)
