"""Waiting for a slot."""

from __future__ import annotations

from tests.support.api import Api
from tests.support.clients.client import Client

SETTINGS = "[pool]\nrunning = 1"


def test_queue_position(client: Client, api: Api) -> None:
    first, second = api.start("nap"), api.start("nap")
    client.open("/")
    client.choose("Command", "Fail")
    client.press("Start")
    client.wait_for("2nd in the queue")
    api.stop(second)
    client.wait_for("1st in the queue")
    api.stop(first)
    client.wait_for("Failed")
