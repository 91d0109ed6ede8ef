"""The raw log."""

from __future__ import annotations

import pytest

from tests.support.api import Api
from tests.support.clients.client import Client
from tests.support.clients.curl import CurlClient


@pytest.fixture
def both(api: Api) -> str:
    """The path of a job that is over and wrote to both streams."""
    return f"/jobs/{api.ended(api.start('both'))['id']}"


def test_log(client: Client, both: str) -> None:
    client.open(both)
    client.follow_link("Raw log")
    client.wait_for("out 1")
    assert "err 2" in client.text()
    assert "stderr: " not in client.text()
    if isinstance(client, CurlClient):
        assert b"out 1\nbytes \377\303\050\n" in client.body


def test_log_of_stderr_only(client: Client, both: str) -> None:
    client.open(f"{both}/log?stream=stderr")
    client.wait_for("err 2")
    assert [line.strip() for line in client.text().split("\n") if line.strip()] == ["err 1", "err 2"]
