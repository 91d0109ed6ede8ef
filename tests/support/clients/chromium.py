"""A person at Chromium, with or without script."""

from __future__ import annotations

from playwright.sync_api import Browser, Error, Page

from tests.support.clients import elements
from tests.support.clients.client import Client


class ChromiumClient(Client):
    """A page in a Chromium profile of its own."""

    live = True
    streams = True

    def __init__(self, base: str, browser: Browser, script: bool) -> None:
        super().__init__(base)
        self._context = browser.new_context(java_script_enabled=script, viewport={"width": 1200, "height": 700})
        self._page: Page = self._context.new_page()
        self._page.set_default_timeout(10_000)

    @property
    def address(self) -> str:
        # Not `page.url`, which moves only when Playwright is asked for something else.
        return str(self._run("return location.href"))

    def open(self, path: str) -> None:
        self._page.goto(self.base + path, wait_until="domcontentloaded")

    def open_stream(self, path: str) -> None:
        self._page.goto(self.base + path, wait_until="commit")

    def text(self) -> str:
        return str(self._run(elements.TEXT))

    def press(self, button: str) -> None:
        self._page.locator(elements.button(button)).click()

    def choose(self, field: str, option: str) -> None:
        self._page.locator(elements.field(field)).first.select_option(label=option)

    def type(self, field: str, text: str) -> None:
        self._page.locator(elements.field(field)).first.fill(text)

    def typed(self, field: str) -> str:
        return self._page.locator(elements.field(field)).first.input_value()

    def follow_link(self, text: str) -> None:
        self._page.locator(elements.link(text)).click()

    def refresh(self) -> None:
        self._page.reload(wait_until="domcontentloaded")

    def marked(self) -> list[str]:
        found = self._run(elements.MARKED)
        assert isinstance(found, list)
        return [line for text in found for line in text.splitlines()]

    def close(self) -> None:
        self._context.close()

    def _run(self, body: str) -> object:
        while True:
            try:
                return self._page.evaluate(f"() => {{ {body} }}")
            except Error as error:
                # A page that refreshes itself went away while it was asked.
                if "context was destroyed" not in error.message:
                    raise
