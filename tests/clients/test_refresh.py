"""The refresh of a page whose browser runs no script."""

from __future__ import annotations

import re
import time

import pytest

from tests.support.api import Spoken
from tests.support.clients.chromium import ChromiumClient
from tests.support.clients.firefox import FirefoxClient
from tests.support.waiting import until_now

SILENCE_S = 10.0
WATCHED_S = 5.0  # more than two refreshes

without_script = pytest.mark.parametrize("client", ["chromium-no-script", "firefox-no-script"], indirect=True)
with_script = pytest.mark.parametrize("client", ["chromium", "firefox"], indirect=True)

Browser = ChromiumClient | FirefoxClient


def refreshed(client: Browser) -> int:
    """How often the page was refreshed."""
    counter = re.search(r"[?&]r=(\d+)", client.address)
    return int(counter[1]) if counter else 0


def seen_for(client: Browser, seconds: float) -> set[str]:
    """The addresses that the page has in so many seconds."""
    deadline = time.monotonic() + seconds
    seen = {client.address}

    def look() -> bool:
        seen.add(client.address)
        return time.monotonic() > deadline

    until_now(look, seconds + 5)
    return seen


@without_script
def test_a_line_after_a_silence_comes_with_the_next_refresh(client: Browser, voice: Spoken) -> None:
    client.open(f"/jobs/{voice.id}")
    seen_for(client, SILENCE_S)
    before = refreshed(client)
    assert before >= 2
    voice.say("at last")
    client.wait_for("at last", within=6)
    assert refreshed(client) <= before + 2


@without_script
def test_nothing_is_refreshed_after_the_end(client: Browser, voice: Spoken) -> None:
    client.open(f"/jobs/{voice.id}?q=word")
    voice.say("a word")
    client.wait_for("a word")
    until_now(lambda: refreshed(client) > 0)
    voice.end()
    client.wait_for("Succeeded")
    assert len(seen_for(client, WATCHED_S)) == 1
    assert "q=word" in client.address


@with_script
def test_a_page_with_script_is_never_reloaded(client: Browser, voice: Spoken) -> None:
    client.open(f"/jobs/{voice.id}")
    before = client.address
    voice.say("one")
    client.wait_for("one")
    assert seen_for(client, WATCHED_S) == {before}
