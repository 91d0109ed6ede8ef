"""A person at lynx."""

from __future__ import annotations

import itertools
import os
import re
from pathlib import Path

from tests.support.clients.client import Client
from tests.support.clients.missing import found
from tests.support.clients.terminal import Terminal
from tests.support.waiting import until_now

_ERASE = "^U"
_ENTER = "^J"
_RELOAD = "^R"
_BY_NUMBER = "0"


class LynxClient(Client):
    """A lynx at a terminal, whose keys come from a script that is a FIFO; links and fields have numbers."""

    def __init__(self, base: str, folder: Path) -> None:
        super().__init__(base)
        self._folder = folder
        self._count = itertools.count()
        keys = folder / "keys"
        os.mkfifo(keys)
        options = ["-accept_all_cookies", "-nopause", "-number_fields", "-tna", "-display_charset=utf-8"]
        argv = [found("lynx"), *options, f"-cookie_file={folder / 'cookies'}", f"-cmd_script={keys}", f"{base}/healthz"]
        self._terminal = Terminal(argv, folder)
        self._keys = keys.open("w", buffering=1)

    @property
    def address(self) -> str:
        self._press("=")
        shown = re.search(r"URL:\s+(\S+)", self._printed())
        self._press("Left Arrow")
        assert shown, "lynx does not say where it is"
        return shown[1]

    def open(self, path: str) -> None:
        self._press("g", _ERASE)
        self._write(f"{self.base}{path}")
        self._press(_ENTER)

    def text(self) -> str:
        page, _, _ = self._printed().partition("\nReferences\n\n")
        return re.sub(r"\[\d+\]", "", page)

    def press(self, button: str) -> None:
        self._take(rf"\(\[(\d+)\]BUTTON\) {re.escape(button)}(?!\w)")
        self._press(_ENTER)

    def choose(self, field: str, option: str) -> None:
        self._take(rf"{re.escape(field)} \[(\d+)\]\[")
        self._press(_ENTER, "/")
        self._write(option)
        self._press(_ENTER, _ENTER)

    def type(self, field: str, text: str) -> None:
        self._take(rf"{re.escape(field)} \[(\d+)\]")
        self._press(_ENTER, _ERASE)  # -tna: a field takes text only after Enter, else the next one would take commands
        self._write(text)
        self._press("Down Arrow")

    def typed(self, field: str) -> str:
        shown = re.search(rf"{re.escape(field)} \[\d+\](?:\[\(\d+\)_*)?([^\]\n]*)", self._printed())
        assert shown, f"there is no field {field!r}"
        return shown[1].strip().rstrip("_")

    def follow_link(self, text: str) -> None:
        self._take(rf"\[(\d+)\]{re.escape(text)}(?!\w)")
        self._press(_ENTER)

    def refresh(self) -> None:
        self._press(_RELOAD)

    def marked(self) -> list[str]:
        return [line.strip() for line in self.text().splitlines() if line.strip().startswith("→")]

    def close(self) -> None:
        self._keys.close()
        self._terminal.close()

    def _take(self, pattern: str) -> None:
        """Go to the link or field whose number the pattern finds."""
        page = self._printed()
        number = re.search(pattern, page)
        assert number, f"{pattern} is not on the page:\n{page}"
        self._press(_BY_NUMBER)
        self._write(f"{number[1]}g")  # g: go there, but do not follow it yet
        self._press(_ENTER)

    def _printed(self) -> str:
        """The page, by the first way that lynx offers to print it: into a file."""
        file = self._folder / f"page-{next(self._count)}"
        done = self._folder / f"{file.name}.done"
        self._print(file)
        self._print(done)  # begun when the one before is complete
        until_now(done.exists)
        return file.read_text(errors="replace")

    def _print(self, file: Path) -> None:
        self._press("p", _ENTER, _ERASE)
        self._write(str(file))
        self._press(_ENTER)

    def _write(self, text: str) -> None:
        self._press(*("<space>" if character == " " else character for character in text))

    def _press(self, *keys: str) -> None:
        self._keys.write("".join(f"key {key}\n" for key in keys))
