"""A person at w3m."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

from tests.support.clients.client import Client
from tests.support.clients.missing import found
from tests.support.clients.terminal import Terminal
from tests.support.waiting import until_now

_OPTIONS = {"accept_cookie": 1, "confirm_qq": 0, "use_mouse": 0, "wrap_search": 0, "ignorecase_search": 0}
_END_OF_LINE, _ERASE_TO_START = "\x05", "\x15"


class W3mClient(Client):
    """A w3m at a terminal. It is told by its ``COMMAND`` prompt, which takes the names of its functions."""

    def __init__(self, base: str, folder: Path) -> None:
        super().__init__(base)
        self._folder = folder
        self._count = itertools.count()
        keymap = folder / ".w3m" / "keymap"
        keymap.parent.mkdir(parents=True)
        keymap.write_text("keymap : COMMAND\n")
        options = [word for name, value in _OPTIONS.items() for word in ("-o", f"{name}={value}")]
        argv = [found("w3m"), "-cookie", "-I", "UTF-8", "-O", "UTF-8", *options, f"{base}/healthz"]
        self._terminal = Terminal(argv, folder)

    @property
    def address(self) -> str:
        self._tell("INFO")
        shown = re.search(r"Current URL\s+(\S+)", self.text())
        self._tell("BACK")
        assert shown, "w3m does not say where it is"
        return shown[1]

    def open(self, path: str) -> None:
        self._tell(f"GOTO {self.base}{path}")

    def text(self) -> str:
        file = self._folder / f"page-{next(self._count)}"
        done = self._folder / f"{file.name}.done"
        self._tell(f"PRINT {file}")
        self._tell(f"PRINT {done}")  # begun when the one before is complete
        until_now(done.exists)
        return file.read_text(errors="replace")

    def press(self, button: str) -> None:
        self._go_to(button)
        self._tell("GOTO_LINK")

    def choose(self, field: str, option: str) -> None:
        self._go_to_field(field)
        self._tell("GOTO_LINK")
        self._terminal.write(f"/{option}\r\r")  # search in the menu, then take what was found

    def type(self, field: str, text: str) -> None:
        self._go_to_field(field)
        self._tell("GOTO_LINK")
        self._terminal.write(f"{_END_OF_LINE}{_ERASE_TO_START}{text}\r")

    def typed(self, field: str) -> str:
        shown = re.search(rf"{re.escape(field)}\s*\[(.*?)\s*\]", self.text())
        assert shown, f"there is no field {field!r}"
        return shown[1]

    def follow_link(self, text: str) -> None:
        self._go_to(text)
        self._tell("GOTO_LINK")

    def refresh(self) -> None:
        self._tell("RELOAD")

    def marked(self) -> list[str]:
        return [line for line in self.text().splitlines() if line.startswith("→")]

    def close(self) -> None:
        self._terminal.close()

    def _go_to(self, words: str) -> None:
        """Go to where these words stand.

        Best by themselves: not within a word, chosen in a drop-down, or between empty lines, which is the heading.
        """
        alone = rf"(?<![\w\[]){re.escape(words)}(?![\w…])"
        text = self.text()
        found = (
            re.search(rf"(?<!\n\n){alone}|{alone}(?!\n\n)", text)
            or re.search(alone, text)
            or re.search(re.escape(words), text)
        )
        assert found, f"{words!r} is not on the page:\n{text}"
        self._tell("GOTO_LINE 1")
        self._tell(f'SEARCH "{words}"')  # unquoted it would be for the first word
        for _ in range(text.count(words, 0, found.start())):
            self._tell("SEARCH_NEXT")

    def _go_to_field(self, label: str) -> None:
        self._go_to(label)
        self._tell("NEXT_LINK")

    def _tell(self, function: str) -> None:
        self._terminal.write(f":{function}\r")
