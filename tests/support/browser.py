"""A real Chromium, and what it complained about."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from playwright.sync_api import Browser, BrowserType, ConsoleMessage, Error, Page, sync_playwright

_NAMES = ("chromium", "chromium-browser", "google-chrome")


@dataclass  # no slots: Playwright keeps an attribute on whoever listens
class Watched:
    """A page, and each console message and uncaught error of it (a broken security policy is one too)."""

    page: Page
    complaints: list[str] = field(default_factory=list)

    def hear(self, message: ConsoleMessage) -> None:
        """Note a console message."""
        self.complaints.append(f"{message.type}: {message.text}")

    def catch(self, error: Error) -> None:
        """Note an uncaught error."""
        self.complaints.append(f"error: {error}")


@contextmanager
def chromium() -> Iterator[Browser]:
    """Chromium from the PATH, or Playwright's own where there is none."""
    with sync_playwright() as playwright, launched(playwright.chromium) as browser:
        yield browser


@contextmanager
def launched(kind: BrowserType, *flags: str) -> Iterator[Browser]:
    """The same with these flags, beside another one (whose ``browser_type`` is its kind)."""
    path = next(filter(None, map(shutil.which, _NAMES)), None)
    # Without its sandbox, since the tests may run as root, for whom it does not start.
    browser = kind.launch(executable_path=path, args=["--no-sandbox", *flags])
    yield browser
    browser.close()


def visit(browser: Browser, url: str, script: bool = True) -> Watched:
    """A page at ``url`` in a browser profile of its own."""
    context = browser.new_context(java_script_enabled=script, viewport={"width": 1200, "height": 700})
    watched = Watched(context.new_page())
    watched.page.on("console", watched.hear)
    watched.page.on("pageerror", watched.catch)
    watched.page.goto(url)
    return watched
