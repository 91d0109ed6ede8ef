"""How a panel is to look, as its address says."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from runner.web import queries
from runner.web.chunks import NUMBERS, Gutter
from runner.web.errors import BadRequest

LINES = 20
MOST_LINES = 200
TITLE_LENGTH = 80

_COLOUR = re.compile(r"[0-9a-fA-F]{6}")


class Size(StrEnum):
    """How much a panel shows."""

    BADGE = "badge"
    LINE = "line"
    TAIL = "tail"
    FULL = "full"


class Theme(StrEnum):
    """Light, dark, or as the reader's system is."""

    AUTO = "auto"
    LIGHT = "light"
    DARK = "dark"


@dataclass(frozen=True, slots=True)
class Colours:
    """Colours of the host page as ``rrggbb``; an empty one is our own."""

    ground: str = ""
    ink: str = ""
    accent: str = ""

    @property
    def query(self) -> dict[str, object]:
        """Those that are not our own."""
        return {"ground": self.ground or None, "ink": self.ink or None, "accent": self.accent or None}


OWN_COLOURS = Colours()


@dataclass(frozen=True, slots=True)
class PanelOptions:
    """``title`` is None for the job's own, and empty for none. ``share`` is a share link's token, empty without one."""

    size: Size = Size.FULL
    lines: int = LINES
    theme: Theme = Theme.AUTO
    title: str | None = None
    gutter: Gutter = NUMBERS
    buttons: bool = True
    colours: Colours = OWN_COLOURS
    share: str = ""

    @property
    def query(self) -> dict[str, object]:
        """The query that asks for the same again; None stands for what need not be said."""
        usual = PanelOptions()
        return {
            "size": None if self.size is usual.size else self.size.value,
            "lines": None if self.lines == usual.lines else self.lines,
            "theme": None if self.theme is usual.theme else self.theme.value,
            "title": self.title,
            **self.gutter.query,
            "buttons": None if self.buttons else 0,
            **self.colours.query,
            "share": self.share or None,
        }


def options_asked() -> PanelOptions:
    """What the request asks for. Raises BadRequest. A share link has no buttons."""
    share = queries.text("share") or ""
    return PanelOptions(
        size=queries.one_of("size", {size.value: size for size in Size}) or Size.FULL,
        lines=queries.whole_between("lines", 1, MOST_LINES) or LINES,
        theme=queries.one_of("theme", {theme.value: theme for theme in Theme}) or Theme.AUTO,
        title=_title(),
        gutter=queries.gutter(),
        buttons=queries.switch("buttons", usual=True) and not share,
        colours=colours_asked(),
        share=share,
    )


def colours_asked() -> Colours:
    """The colours that the request names. Raises BadRequest."""
    return Colours(_colour("ground"), _colour("ink"), _colour("accent"))


def _title() -> str | None:
    title = queries.text("title")
    if title is not None and len(title) > TITLE_LENGTH:
        raise BadRequest(f"The title must be at most {TITLE_LENGTH} characters.", {"title": "is too long"})
    return title


def _colour(key: str) -> str:
    sent = (queries.text(key) or "").removeprefix("#")
    if sent and not _COLOUR.fullmatch(sent):
        raise BadRequest(f"The colour {key} must be six hexadecimal digits.", {key: "must be six hexadecimal digits"})
    return sent.lower()
