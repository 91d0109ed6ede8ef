"""Watching a job, and stopping it."""

from __future__ import annotations

from tests.support.api import Api, Spoken
from tests.support.clients.client import Client


def test_watch(client: Client, voice: Spoken) -> None:
    client.open(f"/jobs/{voice.id}")
    client.wait_for("Running")
    voice.say("first")
    client.wait_for("first")
    voice.say("second")
    client.wait_for("second")
    voice.end()
    client.wait_for("Succeeded")
    assert "first" in client.text()


def test_watch_tells_the_streams_apart_in_words(client: Client, api: Api) -> None:
    client.open(f"/jobs/{api.start('steps')}")
    client.wait_for("stderr: note 5\n")
    said = [line.strip() for line in client.text().splitlines()]
    assert "step 3" in said
    assert "note 3" not in said


def test_stop(client: Client, api: Api) -> None:
    job = api.start("steps")
    client.open(f"/jobs/{job}")
    client.wait_for("step 2")
    client.press("Stop")
    client.wait_for("Stopped")
    assert api.ended(job)["outcome"] == "stopped"
