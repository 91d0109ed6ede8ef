"""Does what it is told, order by order, and says when it is done. Arguments: two FIFOs, for orders and for answers.

``say COUNT`` writes so many numbered lines, alternately to both streams; ``exit CODE`` ends it.
"""

import os
import sys

STREAMS = ((2, "err"), (1, "out"))


def main(orders: str, answers: str) -> None:
    """Obey until told to exit."""
    said = 0
    with open(orders) as todo, open(answers, "w", buffering=1) as done:
        done.write("up\n")
        for order in todo:
            word, number = order.split()
            if word == "exit":
                sys.exit(int(number))
            for _ in range(int(number)):
                said += 1
                stream, name = STREAMS[said % 2]
                os.write(stream, f"{name} {said}\n".encode())
            done.write("said\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
