"""The dashboard's list of jobs."""

from __future__ import annotations

from tests.support.api import Api
from tests.support.clients.client import Client


def test_dashboard(client: Client, api: Api) -> None:
    api.ended(api.start("fail"))
    api.ended(api.start("both"))
    job = api.start("nap")
    client.open("/")
    client.wait_for("Running")
    assert "Failed" in client.text()
    assert "Succeeded" in client.text()
    api.stop(job)
    client.wait_for("Stopped")
    client.follow_link("Nap")
    client.wait_for("sleep 600")
