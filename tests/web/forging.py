"""Share links that nobody made."""

from __future__ import annotations

import random
import string
from base64 import urlsafe_b64decode, urlsafe_b64encode

_LETTERS = string.ascii_letters + string.digits + "-_"
_BEHIND = ("=", "\n", " ", ".", "\0", "A", "%00", "ü")
_ODD = ("", ".", "...", "j...", " ", "ü" * 40, "\ud800", "٣" * 60, "x" * 20_000)


def forged(dice: random.Random, token: str, stranger: str) -> str:
    """A text that looks like the token, or like nothing; ``stranger`` is a token of another key."""
    kind, name, expires, signature = token.split(".")
    other_digits = "".join(chr(0x660 + int(digit)) for digit in expires)
    return dice.choice(
        [
            token[: dice.randrange(len(token))],
            f"{kind}.{name}.{expires}.{_with_a_bit_changed(dice, signature)}",
            _with_a_letter_changed(dice, token),
            f"{kind}.{name}.{int(expires) + dice.randrange(1, 10**9)}.{signature}",
            f"{'c' if kind == 'j' else 'j'}.{name}.{expires}.{signature}",
            f"{kind}.{dice.randbytes(8).hex()}.{expires}.{signature}",
            f"{kind}.{name}.{expires}.{''.join(dice.choices(_LETTERS, k=43))}",
            f"{kind}.{name}.{expires}.{stranger.rpartition('.')[2]}",
            token + dice.choice(_BEHIND) * dice.randrange(1, 3),
            token.replace(expires, other_digits),
            "".join(chr(dice.randrange(1, 0x2FFF)) for _ in range(dice.randrange(90))),
            dice.choice(_ODD),
        ]
    )


def _with_a_bit_changed(dice: random.Random, signature: str) -> str:
    data = bytearray(urlsafe_b64decode(signature + "="))
    data[dice.randrange(len(data))] ^= 1 << dice.randrange(8)
    return urlsafe_b64encode(data).decode().rstrip("=")


def _with_a_letter_changed(dice: random.Random, token: str) -> str:
    place = dice.randrange(len(token))
    letter = dice.choice([each for each in f"{_LETTERS}. \n" if each != token[place]])
    return token[:place] + letter + token[place + 1 :]
