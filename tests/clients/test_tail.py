"""The page that is sent for as long as its job runs."""

from __future__ import annotations

import pytest

from tests.support.api import Api, Spoken
from tests.support.clients.client import Client
from tests.support.clients.curl import streamed

live = pytest.mark.parametrize("client", ["chromium-no-script", "firefox-no-script"], indirect=True)


@live
def test_tail_is_live_without_script(client: Client, voice: Spoken) -> None:
    voice.say("before")
    client.open_stream(f"/jobs/{voice.id}/tail")
    client.wait_for("before")
    for number in range(3):
        voice.say(f"line {number}")
        client.wait_for(f"line {number}", within=5)
    voice.end()
    client.wait_for("Succeeded")


def test_tail_comes_line_by_line(api: Api, voice: Spoken) -> None:
    with streamed(f"{api.url}/jobs/{voice.id}/tail") as read_until:
        for number in range(3):
            voice.say(f"line {number}")
            read_until(f"line {number}")


def test_tail_is_whole_at_the_end(client: Client, voice: Spoken) -> None:
    voice.say("first", "last")
    voice.end()
    client.open(f"/jobs/{voice.id}/tail")
    client.wait_for("last")
    assert "first" in client.text()
