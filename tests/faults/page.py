"""A job's page left open in Chromium while its server comes and goes."""

from __future__ import annotations

import asyncio
import re

from playwright.async_api import BrowserContext, Page

from benchmarks.table import Wrong

END_SECONDS = 20.0
TEXT = "document.querySelector('#log pre').textContent"


class OpenPage:
    """The page of one job. ``loads`` counts how often it was loaded, the first time included."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self.loads = 0
        page.on("load", self._count)

    @classmethod
    async def open(cls, context: BrowserContext, url: str) -> OpenPage:
        """Open it in a tab of its own."""
        opened = cls(await context.new_page())
        await opened._page.goto(url)
        return opened

    async def check_end(self, last: int) -> None:
        """Once the job has ended the page says so, with its last lines, and none missing among those it shows."""
        await self.seen("Succeeded", END_SECONDS)
        text = await self._page.evaluate(TEXT)
        for name in ("out", "err"):
            shown = [int(number) for number in re.findall(rf"\b{name} (\d+)\n", text)]
            if not shown or shown != list(range(shown[0], last + 1)):
                raise Wrong(f"the page does not show the last lines of {name} without a gap")

    async def seen(self, pattern: str, seconds: float = 10.0) -> str:
        """What the pattern finds in the page's status, waited for. Raises ``Wrong`` if it does not come."""
        end = asyncio.get_running_loop().time() + seconds
        while not (found := re.search(pattern, await self.status())):
            if asyncio.get_running_loop().time() > end:
                raise Wrong(f"the page never said {pattern!r}: {await self.status()!r}")
            await asyncio.sleep(0.05)  # between two looks
        return found[0]

    async def status(self) -> str:
        """The words of its status."""
        return await self._page.inner_text("#status")

    def _count(self, _page: Page) -> None:
        self.loads += 1
