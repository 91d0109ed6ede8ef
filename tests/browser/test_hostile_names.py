"""A thousand hostile texts as titles, descriptions, groups, labels, choices and defaults of a catalogue."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.support.api import Api
from tests.support.hostile_text import batches, on_page
from tests.support.server import command_toml, serve
from tests.support.witness import Witness

IN_A_NAME = 40
NAMES = [[each.value for each in texts] for texts in batches(IN_A_NAME)]
"""The texts of each command: all of them together are its title, and each of them has a field of its own."""

TITLES = [" | ".join(texts) for texts in NAMES]
SHOWN = list(map(on_page, TITLES))


def command_of(number: int, texts: Sequence[str]) -> str:
    """A command that can be started as it is, and runs until somebody writes to its ``gate``."""
    title = TITLES[number]
    fields: dict[str, dict[str, object]] = {
        f"p{place}": {"type": "text", "label": text, "default": text, "description": text}
        for place, text in enumerate(texts)
    }
    fields["pick"] = {**fields["p0"], "type": "choice", "label": title, "choices": list(texts), "description": title}
    argv = ["sh", "-c", 'cat "$0"', "{gate}", *(f"{{{name}}}" for name in fields), braced(title)]
    fields["gate"] = {"type": "text", "label": "Gate", "default": "/dev/null"}
    lines = [
        f"parameters.{name} = {{ allow_dash = true, {', '.join(f'{key} = {json.dumps(keys[key])}' for key in keys)} }}"
        for name, keys in fields.items()
    ]
    return command_toml(f"c{number}", *argv, title=title, description=title, group=title) + "\n".join(lines)


def braced(text: str) -> str:
    """It as a word of an argv."""
    return text.replace("{", "{{").replace("}", "}}")


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """The API of a server with all these commands."""
    commands = "\n".join(command_of(number, texts) for number, texts in enumerate(NAMES))
    folder = tmp_path_factory.mktemp("names")
    with serve(f"[pool]\nrunning = 20\n{commands}", folder) as server, closing(Api(server.url)) as api:
        yield api


@pytest.fixture
def witness(browser: Browser, api: Api) -> Iterator[Witness]:
    """A page that notes what gets through."""
    with closing(Witness(browser, api.url)) as noting:
        yield noting


def test_names_on_the_dashboard(witness: Witness) -> None:
    witness.visit("/")
    assert witness.text("#command option") == SHOWN
    assert witness.attribute("#command optgroup", "label") == SHOWN
    assert witness.text(".commands h3") == SHOWN
    assert witness.text(".commands li a") == SHOWN
    assert witness.text(".commands li .hint") == SHOWN
    assert witness.found() == []


def test_names_on_a_form(witness: Witness) -> None:
    for number, texts in enumerate(NAMES):
        witness.visit(f"/commands/c{number}")
        values, shown = list(map(on_page, texts)), SHOWN[number]
        assert witness.text("head title") == [f"{shown} · Linefeed"]
        assert witness.text("h1") == witness.text(".lead") == [shown]
        assert witness.text(".field label") == [*values, shown, "Gate"]
        assert [hint.removesuffix(".") for hint in witness.text(".field .hint")] == [*values, shown]
        assert witness.attribute(".field input", "value") == [*values, "/dev/null"]
        assert witness.attribute("option", "value") == witness.text("option") == values
        assert witness.found() == []


def test_names_of_jobs(witness: Witness, api: Api) -> None:
    jobs = {api.start(f"c{number}"): SHOWN[number] for number in range(0, len(NAMES), 2)}
    for job, shown in jobs.items():
        api.ended(job)
        for place in ("", "/panel"):
            witness.visit(f"/jobs/{job}{place}")
            assert witness.text("head title") == [f"✓ {shown} · Linefeed"]
            assert witness.text("h1") == [shown]
            assert witness.found() == []
    for place in ("/", "/jobs"):
        witness.visit(place)
        assert set(jobs.values()) <= set(witness.text("#jobs .what a"))
        assert witness.text(".filter [name=command] option")[1:] == SHOWN
        assert witness.found() == []


def test_a_name_that_a_poll_brings(witness: Witness, api: Api, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    for number in range(0, len(NAMES), 4):
        job = api.start(f"c{number}", gate=str(gate))
        witness.visit(f"/jobs/{job}")
        gate.write_text(f"{SHOWN[number]}\n")
        witness.page.wait_for_function("() => document.title.startsWith('✓')")
        assert witness.text("head title") == [f"✓ {SHOWN[number]} · Linefeed"]
        assert witness.found() == []
