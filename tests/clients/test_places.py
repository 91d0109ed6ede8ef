"""Reading another part of the output than its end."""

from __future__ import annotations

import pytest

from tests.support.api import Api, Spoken
from tests.support.clients.client import Client


@pytest.fixture
def many(api: Api) -> str:
    """A job that is over and has 2,500 lines."""
    return str(api.ended(api.start("many"))["id"])


def lines(client: Client) -> list[int]:
    """The numbers of the lines that are shown."""
    said = [line.strip() for line in client.text().splitlines()]
    return [int(line.removeprefix("line ")) for line in said if line.startswith("line ")]


def test_page_back_and_forth(client: Client, many: str) -> None:
    client.open(f"/jobs/{many}")
    client.wait_for("line 2500")
    newest = lines(client)
    client.follow_link("Older lines")
    client.wait_for(f"line {newest[0] - 1}\n")
    earlier = lines(client)
    assert [*earlier, *newest] == list(range(earlier[0], 2501))
    client.follow_link("Newer lines")
    client.wait_for(f"line {newest[0]}\n")
    assert lines(client)[0] == newest[0]


def test_a_window_stands_still(client: Client, api: Api, voice: Spoken) -> None:
    voice.say(*(f"line {number}" for number in range(1, 6)))
    api.written(voice.id, 5)
    client.open(f"/jobs/{voice.id}?before=4")
    client.wait_for("line 3")
    voice.say("line 6")
    api.written(voice.id, 6)
    client.refresh()
    client.wait_for("line 3")
    assert lines(client) == [1, 2, 3]


def test_go_to_a_line(client: Client, many: str) -> None:
    client.open(f"/jobs/{many}?line=1200")
    client.wait_for("line 1200\n")
    assert [line.split()[-1] for line in client.marked()] == ["1200"]


def test_go_to_a_line_that_is_not_there(client: Client, many: str) -> None:
    client.open(f"/jobs/{many}?line=2501")
    client.wait_for("2,501")
    assert "2,500" in client.text()
