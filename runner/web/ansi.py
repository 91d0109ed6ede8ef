"""The hot line renderer: bytes that a command wrote become HTML text. Pure.

Plain text is escaped block by block. Only a line that has an escape sequence, a control character
or a character that turns the direction of text is looked at on its own. Each line starts without
colour, so that what a line looks like never depends on where the output was cut. (Sequences:
ECMA-48, and the colours of xterm's ``ctlseqs``.)
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

STYLED_ESCAPES = 500
"""A line with more escape sequences than this is shown without colours, so that work stays bounded."""

_CONTROLS = bytes(code for code in (*range(0x20), 0x7F) if code not in b"\t\n")
_UNSEEN_PREFIXES = (b"\xc2", b"\xd8\x9c", b"\xe2\x80", b"\xe2\x81")
_UNSEEN = re.compile("[\x80-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
_PICTURES = {code: chr(0x2400 + code) for code in range(0x20) if code not in b"\t\n"} | {0x7F: "\u2421"}
_TOKEN = re.compile(
    r"\x1b\[(?P<sgr>[0-9;:]*+)m"
    r"|(?P<other>\x1b(?:\[[0-?]*+[ -/]*+[@-~]|[\]PX^_][^\x07\x1b]*+(?:\x07|\x1b\\)|[ -/]*+[0-~]))"
    r"|(?P<back>\r)"
    r"|(?P<text>[^\x1b\r]++|\x1b)"
)
_LEVELS = (0, 95, 135, 175, 215, 255)
_SGR_LENGTH = 256

_FLAGS = {1: "sb", 2: "sd", 3: "si", 4: "su", 7: "inverse", 9: "ss"}
_FLAGS_OFF = {22: ("sb", "sd"), 23: ("si",), 24: ("su",), 27: ("inverse",), 29: ("ss",)}


class Style(NamedTuple):
    """How text looks: a colour name (or empty) for the text and its background, and flags."""

    text: str = ""
    ground: str = ""
    flags: frozenset[str] = frozenset()


PLAIN = Style()


def render(data: bytes) -> str:
    """``data``, whole lines or the last bytes of one, as HTML text with the same ``\\n``; invalid UTF-8 is replaced."""
    if _is_plain(data):
        return _escape(data)
    return "\n".join(_escape(line) if _is_plain(line) else _render_line(line) for line in data.split(b"\n"))


def _is_plain(data: bytes) -> bool:
    if len(data.translate(None, _CONTROLS)) != len(data):
        return False
    if data.isascii() or not any(prefix in data for prefix in _UNSEEN_PREFIXES):
        return True
    return _UNSEEN.search(data.decode("utf-8", "replace")) is None


def _escape(data: bytes) -> str:
    escaped = data.replace(b"&", b"&amp;").replace(b"<", b"&lt;").replace(b">", b"&gt;")
    return escaped.replace(b'"', b"&#34;").replace(b"'", b"&#39;").decode("utf-8", "replace")


def _render_line(line: bytes) -> str:
    """One line as a terminal would leave it: what follows the last carriage return stands, unless nothing does."""
    text = line.decode("utf-8", "replace")
    styled = text.count("\x1b") <= STYLED_ESCAPES
    pieces: list[str] = []
    style, went_back = PLAIN, False
    for token in _TOKEN.finditer(text):
        kind = token.lastgroup
        if kind == "text":
            if went_back:
                pieces.clear()
                went_back = False
            pieces.append(_span(style, _show(token.group())))
        elif kind == "back":
            went_back = True
        elif kind == "sgr" and styled:
            style = _styled(style, token["sgr"])
    return "".join(pieces)


def _show(text: str) -> str:
    visible = text.translate(_PICTURES)
    return _escape(_UNSEEN.sub(_name, visible).encode())


def _name(match: re.Match[str]) -> str:
    return f"⟨U+{ord(match.group()):04X}⟩"


def _span(style: Style, html: str) -> str:
    return html if style is PLAIN or style == PLAIN else f'<span class="{_classes(style)}">{html}</span>'


@lru_cache(maxsize=4096)
def _classes(style: Style) -> str:
    text, ground = style.text, style.ground
    if "inverse" in style.flags:
        text, ground = ground or "i", text or "i"
    names = [f"f{text}"] if text else []
    names += [f"k{ground}"] if ground else []
    return " ".join(names + sorted(style.flags - {"inverse"})) or "s0"


@lru_cache(maxsize=4096)
def _styled(style: Style, parameters: str) -> Style:
    """``style`` after the SGR sequence with these parameters; unknown ones change nothing."""
    if len(parameters) > _SGR_LENGTH:
        return style
    codes = [int(code or 0) for code in parameters.replace(":", ";").split(";")]
    while codes:
        code = codes.pop(0)
        extended = code in (38, 48)
        style = _with_colour(style, code, _extended(codes)) if extended else _with_code(style, code)
    return style


def _with_code(style: Style, code: int) -> Style:
    if code == 0:
        return PLAIN
    if code in _FLAGS:
        return style._replace(flags=style.flags | {_FLAGS[code]})
    if code in _FLAGS_OFF:
        return style._replace(flags=style.flags.difference(_FLAGS_OFF[code]))
    if 30 <= code <= 37 or 40 <= code <= 47:
        return _with_colour(style, code // 10 * 10 + 8, str(code % 10))
    if 90 <= code <= 97 or 100 <= code <= 107:
        return _with_colour(style, 38 if code < 100 else 48, str(code % 10 + 8))
    return _with_colour(style, code - 1, "") if code in (39, 49) else style


def _with_colour(style: Style, code: int, name: str | None) -> Style:
    if name is None:
        return style
    return style._replace(text=name) if code == 38 else style._replace(ground=name)


def _extended(codes: list[int]) -> str | None:
    """The colour after a 38 or 48, taken off ``codes``; None if it is none."""
    kind = codes.pop(0) if codes else None
    if kind == 5 and codes:
        return _indexed(codes.pop(0))
    if kind == 2 and len(codes) >= 3:
        red, green, blue, codes[:] = codes[0], codes[1], codes[2], codes[3:]
        return _reduced(red, green, blue)
    return None


def _indexed(number: int) -> str | None:
    if number < 16:
        return str(number)
    if number < 232:
        cube = number - 16
        return _reduced(_LEVELS[cube // 36], _LEVELS[cube // 6 % 6], _LEVELS[cube % 6])
    grey = 8 + 10 * (number - 232)
    return _reduced(grey, grey, grey) if number < 256 else None


def _reduced(red: int, green: int, blue: int) -> str | None:
    """The name of the nearest of the 64 colours that the style sheet has."""
    if max(red, green, blue) > 255:
        return None
    return "x" + "".join(str((value + 42) // 85) for value in (red, green, blue))
