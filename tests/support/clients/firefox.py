"""A person at Firefox, with or without script."""

from __future__ import annotations

import time
from collections.abc import Callable

from tests.support.clients import elements
from tests.support.clients.client import Client
from tests.support.clients.marionette import Firefox, Refused

_MOVED = {
    "no such element",
    "stale element reference",
    "element not interactable",
    "element click intercepted",
    "javascript error",  # the page that was asked went away
}
_PATIENCE_S = 10.0


class FirefoxClient(Client):
    """A tab of a running Firefox."""

    live = True
    streams = True

    def __init__(self, base: str, firefox: Firefox) -> None:
        super().__init__(base)
        self._firefox = firefox
        self._before: str = firefox.call("WebDriver:GetWindowHandle")
        tab = firefox.call("WebDriver:NewWindow", type="tab")
        firefox.call("WebDriver:SwitchToWindow", handle=tab["handle"], focus=True)

    @property
    def address(self) -> str:
        address: str = self._firefox.call("WebDriver:GetCurrentURL")
        return address

    def open(self, path: str) -> None:
        self._firefox.call("WebDriver:Navigate", url=self.base + path)

    def open_stream(self, path: str) -> None:
        self._firefox.run(f"window.location = '{self.base}{path}'")

    def text(self) -> str:
        return str(self._patiently(lambda: self._firefox.run(elements.TEXT)))

    def press(self, button: str) -> None:
        self._click(elements.button(button))

    def choose(self, field: str, option: str) -> None:
        self._click(elements.option(field, option))

    def type(self, field: str, text: str) -> None:
        element = self._firefox.find(elements.field(field))
        self._firefox.call("WebDriver:ElementClear", id=element)
        self._firefox.call("WebDriver:ElementSendKeys", id=element, text=text)

    def typed(self, field: str) -> str:
        element = self._firefox.find(elements.field(field))
        return str(self._firefox.call("WebDriver:GetElementProperty", id=element, name="value"))

    def follow_link(self, text: str) -> None:
        self._click(elements.link(text))

    def refresh(self) -> None:
        self._firefox.call("WebDriver:Refresh")

    def marked(self) -> list[str]:
        return [line for text in self._firefox.run(elements.MARKED) for line in text.splitlines()]

    def close(self) -> None:
        self._firefox.call("WebDriver:DeleteAllCookies")
        self._firefox.call("WebDriver:CloseWindow")
        self._firefox.call("WebDriver:SwitchToWindow", handle=self._before)

    def _click(self, xpath: str) -> None:
        self._patiently(lambda: self._firefox.call("WebDriver:ElementClick", id=self._firefox.find(xpath)))

    def _patiently(self, act: Callable[[], object]) -> object:
        """Try again while the page changes under the hand."""
        deadline = time.monotonic() + _PATIENCE_S
        while True:
            try:
                return act()
            except Refused as refused:
                if refused.kind not in _MOVED or time.monotonic() > deadline:
                    raise
