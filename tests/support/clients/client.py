"""What a person does, whatever program they do it with."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod

_PATIENCE_S = 12.0
_LOOK_EACH_S = 0.05


class Client(ABC):
    """One person at one program, cookies and all. Fields, buttons and links go by the words a person reads."""

    live = False
    """Whether an open page shows what is written while it is open, without its reader doing anything."""

    streams = False
    """Whether a page that is still being sent is shown as far as it came."""

    def __init__(self, base: str) -> None:
        """``base`` is the server's address, without a slash at its end."""
        self.base = base

    @abstractmethod
    def open(self, path: str) -> None:
        """Go to a path of the server, as by typing it."""

    @property
    @abstractmethod
    def address(self) -> str:
        """The address of the page."""

    @abstractmethod
    def text(self) -> str:
        """What the page says, all of it, as this program shows it."""

    @abstractmethod
    def press(self, button: str) -> None:
        """Press the button with these words; the form's answer is the page then."""

    @abstractmethod
    def choose(self, field: str, option: str) -> None:
        """Choose the option with these words in the field with this label."""

    @abstractmethod
    def type(self, field: str, text: str) -> None:
        """Replace what stands in the field with this label."""

    @abstractmethod
    def typed(self, field: str) -> str:
        """What stands in the field with this label, or the words of what is chosen there."""

    @abstractmethod
    def follow_link(self, text: str) -> None:
        """Go where the link with these words leads."""

    @abstractmethod
    def refresh(self) -> None:
        """Ask for the page again."""

    @abstractmethod
    def marked(self) -> list[str]:
        """The lines that are told apart as those that were asked for."""

    def open_stream(self, path: str) -> None:
        """Go to a page that is sent for as long as its job runs."""
        self.open(path)

    @abstractmethod
    def close(self) -> None:
        """Leave."""

    def wait_for(self, words: str, within: float = _PATIENCE_S) -> None:
        """Look until the page says these words; a person whose page stands still asks for it again.

        Raises AssertionError, with the page, after ``within`` seconds.
        """
        deadline = time.monotonic() + within
        while words not in (text := self.text() + "\n"):
            assert time.monotonic() < deadline, f"{words!r} did not come within {within:g} s; the page says:\n{text}"
            time.sleep(_LOOK_EACH_S)  # between two looks
            if not self.live:
                self.refresh()
