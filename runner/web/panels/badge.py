"""A job's state as a small image, of the shape that README badges have. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from runner.web import wording
from runner.web.views import JobView

LONGEST = 40
_CHARACTER = 6.6
"""About the width of a character of 11 px Verdana; the text is stretched to what it is given."""
_PADDING = 10.0
_CORNER = 3.0
_NO_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
"""Characters that XML cannot have, however they are written: the image would be broken."""


@dataclass(frozen=True, slots=True)
class BadgeView:
    """The two halves of a badge. Widths and places are in pixels; ``half`` is the right one up to its
    round corners, ``colour`` its ground."""

    name: str
    state: str
    colour: str
    width: float
    left: float
    half: float
    name_x: float
    state_x: float
    name_length: float
    state_length: float


_COLOURS = {
    "queued": "#4f5b62",
    "running": "#1d5aa8",
    "stopping": "#1d5aa8",
    "succeeded": "#1b6b34",
    "failed": "#a32424",
    "not-started": "#a32424",
    "lost": "#a32424",
    "none": "#4f5b62",
}
_OTHER = "#7a5200"


def badge_of(name: str, job: JobView | None) -> BadgeView:
    """The badge of a job, or of a command that has not run yet."""
    css = job.look.css if job else "none"
    state = f"{job.look.symbol} {job.look.label}" if job else "not run yet"
    name, state = wording.cut(_NO_XML.sub("\ufffd", name), LONGEST), wording.cut(state, LONGEST)
    name_length, state_length = _length(name), _length(state)
    left, right = name_length + _PADDING, state_length + _PADDING
    return BadgeView(
        name=name,
        state=state,
        colour=_COLOURS.get(css, _OTHER),
        width=round(left + right, 1),
        left=round(left, 1),
        half=round(right - _CORNER, 1),
        name_x=round(left / 2, 1),
        state_x=round(left + right / 2, 1),
        name_length=name_length,
        state_length=state_length,
    )


def _length(text: str) -> float:
    return round(len(text) * _CHARACTER, 1)
