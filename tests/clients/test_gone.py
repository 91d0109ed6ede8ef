"""Jobs that are not there, or not any more."""

from __future__ import annotations

from tests.support.api import Api
from tests.support.clients.client import Client
from tests.support.waiting import until_now

SETTINGS = '[output]\nidle_expiry = "1s"'


def test_expired(client: Client, api: Api) -> None:
    job = api.ended(api.start("fail"))["id"]
    until_now(lambda: api.job(job)["expired_at"])
    client.open(f"/jobs/{job}")
    client.wait_for("Fail")
    text = client.text()
    for words in ("The output of this job is gone", "exit 3", "1 line", "Failed"):
        assert words in text
    assert api.status(f"/jobs/{job}") == 410


def test_not_found(client: Client, api: Api) -> None:
    path = f"/jobs/{'a' * 26}"
    client.open(path)
    client.wait_for("no job with this id")
    client.follow_link("Dashboard")
    client.wait_for("Command")
    assert api.status(path) == 404
