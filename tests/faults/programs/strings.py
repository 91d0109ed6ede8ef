"""Byte strings that are hard to read, written in pieces cut anywhere. Arguments: SEED COUNT."""

import os
import random
import sys

FRAGMENTS = (
    b"\n",
    b"\n\n",
    b"\r",
    b"\r\n",
    b"\0",
    b"\0" * 9,
    b"\t",
    b"plain words ",
    b"<b>&amp;\"'</b>",
    "zwölf €uro 𝔉 ".encode(),
    "שלום \u202e\u2066 \u0085\u2028".encode(),
    b"\xff\xfe",
    b"\xe2\x82",
    b"\xf0\x9f",
    b"\xed\xa0\x80",
    b"\xc0\xaf",
    b"\x1b[31m",
    b"\x1b[1;38;5;200m",
    b"\x1b[0m",
    b"\x1b[2K\x1b[1G",
    b"\x1b]0;title\x07",
    b"\x1b]8;;http://example.org/\x1b\\",
    b"\x1bP+q\x1b\\",
    b"\x1b",
    b"\x1b[",
    b"\x9b31m",
    b"\x07\x08\x7f",
)
MOST = 40
"""The most fragments in one string."""


def string(dice: random.Random) -> bytes:
    """One string: fragments, and bytes of pure chance."""
    return b"".join(
        dice.choice(FRAGMENTS) if dice.random() < 0.8 else dice.randbytes(dice.randrange(1, 9))
        for _ in range(dice.randrange(1, MOST))
    )


def cut(data: bytes, dice: random.Random) -> list[bytes]:
    """The same bytes in pieces; characters and escape sequences are cut, too."""
    places = sorted(dice.randrange(len(data) + 1) for _ in range(dice.randrange(6)))
    return [data[begin:end] for begin, end in zip([0, *places], [*places, len(data)], strict=True) if begin < end]


def written(seed: int, count: int) -> dict[int, bytes]:
    """All that ``main`` writes to stdout (1) and stderr (2)."""
    dice = random.Random(seed)
    parts: dict[int, list[bytes]] = {1: [], 2: []}
    for _ in range(count):
        parts[dice.choice((1, 2))].append(string(dice))
    return {stream: b"".join(strings) for stream, strings in parts.items()}


def main(seed: int, count: int) -> None:
    """Write them; where they are cut is another matter of chance."""
    dice, knife = random.Random(seed), random.Random(seed + 1)
    for _ in range(count):
        stream = dice.choice((1, 2))
        for piece in cut(string(dice), knife):
            os.write(stream, piece)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
