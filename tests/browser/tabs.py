"""A tab that can really be hidden. The pages that Playwright opens are kept visible by it, whatever is before them."""

from __future__ import annotations

import json
from typing import Any

from playwright.sync_api import Browser

from tests.support.waiting import until_now


class Tab:
    """A tab beside Playwright's own, driven through the browser's own debugging session."""

    def __init__(self, browser: Browser, url: str) -> None:
        """Open ``url`` in front of every other tab."""
        self._session = browser.new_browser_cdp_session()
        self._answers: dict[int, Any] = {}
        self._session.on("Target.receivedMessageFromTarget", self._hear)
        self._tabs: list[str] = []
        self._id = self._open(url)
        self._messages = self._session.send("Target.attachToTarget", {"targetId": self._id})["sessionId"]

    def hide(self) -> None:
        """Put an empty tab before it."""
        self._open("about:blank")
        until_now(lambda: self.evaluate("document.hidden"))

    def show(self) -> None:
        """Bring it to the front."""
        self._session.send("Target.activateTarget", {"targetId": self._id})
        until_now(lambda: not self.evaluate("document.hidden"))

    def evaluate(self, expression: str) -> Any:
        """What a JavaScript expression is on the page."""
        number = len(self._answers) + 1
        parameters = {"expression": expression, "returnByValue": True}
        message = json.dumps({"id": number, "method": "Runtime.evaluate", "params": parameters})
        self._session.send("Target.sendMessageToTarget", {"sessionId": self._messages, "message": message})
        return until_now(lambda: self._answer(number))["result"].get("value")

    def close(self) -> None:
        """Close it, and what was put before it."""
        for tab in self._tabs:
            self._session.send("Target.closeTarget", {"targetId": tab})
        self._session.detach()

    def _open(self, url: str) -> str:
        self._tabs.append(self._session.send("Target.createTarget", {"url": url})["targetId"])
        return self._tabs[-1]

    def _hear(self, event: dict[str, Any]) -> None:
        answer = json.loads(event["message"])
        if "id" in answer:
            self._answers[answer["id"]] = answer["result"]

    def _answer(self, number: int) -> Any:
        self._session.send("Target.getTargets")  # Playwright hands out what it has heard while it waits for an answer
        return self._answers.get(number)
