"""Starting a job."""

from __future__ import annotations

from tests.support.api import Api
from tests.support.clients.client import Client


def test_start_from_the_drop_down(client: Client, api: Api) -> None:
    client.open("/")
    client.choose("Command", "Fail")
    client.press("Start")
    client.wait_for("Failed")
    assert api.jobs()[0]["command"] == "fail"


def test_start_with_parameters(client: Client, api: Api) -> None:
    before = len(api.jobs())
    client.open("/")
    client.press("Options…")  # of the command that stands first in the drop-down
    client.wait_for("What runs")
    assert len(api.jobs()) == before
    client.type("Up to", "12")
    client.choose("Kind", "bold")
    client.press("Start")
    client.wait_for("kind bold, word yes")
    assert "number 12" in client.text()


def test_start_with_a_bad_value(client: Client, api: Api) -> None:
    before = len(api.jobs())
    client.open("/commands/count")
    client.type("Up to", "12")
    client.choose("Kind", "bold")
    client.type("Word", "NO 1")
    client.press("Start")
    client.wait_for("Word must ")
    assert [client.typed(field) for field in ("Up to", "Kind", "Word")] == ["12", "bold", "NO 1"]
    assert len(api.jobs()) == before


def test_start_with_a_number_that_is_too_big(client: Client, api: Api) -> None:
    """The browsers say so themselves, the others show what the server says."""
    before = len(api.jobs())
    client.open("/commands/count")
    client.type("Up to", "5001")
    client.press("Start")
    assert client.typed("Up to") == "5001"
    assert "1 to 5,000" in client.text()
    assert len(api.jobs()) == before
