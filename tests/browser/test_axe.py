"""axe-core on every page, in both colour schemes: nothing that shuts people out."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files
from typing import Literal

import httpx
import pytest
from playwright.sync_api import Browser, Page

from tests.support.server import command_toml, python_toml, serve
from tests.support.waiting import until_now

AXE = (files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")
RUN = "axe.run({resultTypes: ['violations']}).then(found => found.violations)"

Scheme = Literal["light", "dark"]

PAGES = {
    "dashboard": "/",
    "running job": "/jobs/{running}",
    "finished job": "/jobs/{finished}",
    "failed job": "/jobs/{failed}",
    "still window": "/jobs/{finished}?after=100&follow=0",
    "marked line": "/jobs/{finished}?line=100",
    "lines with a text": "/jobs/{finished}?q=10",
    "held still": "/jobs/{running}?follow=0",
    "no such line": "/jobs/{finished}?line=9999",
    "running panel": "/jobs/{running}/panel",
    "finished panel": "/jobs/{finished}/panel",
    "tail": "/jobs/{finished}/tail",
    "jobs": "/jobs",
    "waiting jobs": "/jobs?state=queued",
    "not this way": "/jobs/{finished}/stop",
    "not right": "/jobs?state=zap",
    "no jobs": "/jobs?command=pick",
    "command": "/commands/pick",
    "not found": "/none",
    "job not found": "/jobs/none",
}
"""Each page by its name; a job stands in braces by its state."""


PICK = """
[commands.pick]
title = "Pick"
description = "One of each kind of field"
argv = ["echo", "{name}", "{depth}", "{order}"]
parameters.name = { type = "text", label = "Name", description = "Letters" }
parameters.depth = { type = "integer", default = 3, min = 1, max = 8 }
parameters.order = { type = "choice", choices = ["up", "down"] }
"""
WORDY = command_toml("wordy", "echo", *[f"--option-{number}=a-long-value" for number in range(200)], "x" * 2_000)
"""What it runs does not fit into the few lines that a job page has for it."""

LONG = r"""
import os, time
for colour in (*range(30, 38), *range(90, 98)):
    os.write(1, b"\x1b[%dmcolour\x1b[0m, \x1b[1;%dmbold\x1b[0m, \x1b[7mreversed\x1b[0m\n" % (colour, colour))
os.write(2, b"an error\n")
os.write(1, b"half")
time.sleep(600)  # runs until the server ends it
"""
"""All sixteen colours, each on the page's own ground: what a program puts on a ground of its own is its choice."""


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where a server with the commands of these tests is."""
    commands = [
        python_toml("long", LONG, title="Long", group="Slow"),
        command_toml("count", "seq", "1", "5000", description="Counts"),
        command_toml("fail", "sh", "-c", "echo no >&2; exit 3"),
        WORDY,
        PICK,
    ]
    with serve("\n".join(commands), tmp_path_factory.mktemp("axe")) as server:
        yield server.url


@pytest.fixture(scope="module")
def jobs(address: str) -> dict[str, str]:
    """A job of each kind: running, finished, failed."""
    kinds = {"running": "long", "finished": "count", "failed": "fail"}
    started = {kind: start(address, command) for kind, command in kinds.items()}
    until_now(lambda: {state(address, started[kind]) for kind in ("finished", "failed")} == {"finished"}, 30)
    return started


@pytest.fixture(scope="module")
def short_lived(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a job whose output has expired."""
    settings = '[output]\nidle_expiry = "1s"\n'
    with serve(settings + command_toml("speak", "echo", "hello"), tmp_path_factory.mktemp("expired")) as server:
        job = start(server.url, "speak")
        until_now(lambda: httpx.get(f"{server.url}/api/v1/jobs/{job}").json()["expired_at"], 20)
        yield f"{server.url}/jobs/{job}"


def start(address: str, command: str) -> str:
    """The id of a fresh job."""
    return str(httpx.post(f"{address}/api/v1/jobs", json={"command": command}).json()["id"])


def state(address: str, job: str) -> str:
    """The job's state."""
    return str(httpx.get(f"{address}/api/v1/jobs/{job}").json()["state"])


def violations(page: Page) -> list[str]:
    """What axe-core found: the rule, and the elements that break it."""
    page.evaluate(AXE)
    found = page.evaluate(RUN)
    return [f"{each['id']}: {node['html']} {node['failureSummary']}" for each in found for node in each["nodes"]]


def opened(browser: Browser, scheme: Scheme) -> Page:
    """A page in this colour scheme."""
    return browser.new_context(color_scheme=scheme, viewport={"width": 1200, "height": 700}).new_page()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_a_page_shuts_nobody_out(
    browser: Browser, address: str, jobs: dict[str, str], name: str, scheme: Scheme
) -> None:
    page = opened(browser, scheme)
    page.goto(address + PAGES[name].format(**jobs))
    assert violations(page) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_form_with_errors_shuts_nobody_out(browser: Browser, address: str, scheme: Scheme) -> None:
    page = opened(browser, scheme)
    page.goto(address + "/commands/pick")
    page.fill("[name=depth]", "99")
    page.evaluate("document.querySelectorAll('form').forEach(form => form.noValidate = true)")
    with page.expect_navigation() as leaving:
        page.click("main form button.primary")
    assert leaving.value.status == 422
    assert violations(page) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_tombstone_shuts_nobody_out(browser: Browser, short_lived: str, scheme: Scheme) -> None:
    page = opened(browser, scheme)
    for path in ("", "/panel"):
        answer = page.goto(short_lived + path)
        assert answer
        assert answer.status == 410
        assert violations(page) == []


@pytest.mark.parametrize("width", [360, 1200])
@pytest.mark.parametrize("place", ["/jobs/{job}", "/jobs/{job}/tail", "/commands/wordy"])
def test_a_long_argv_is_read_with_the_keyboard_too(browser: Browser, address: str, place: str, width: int) -> None:
    job = start(address, "wordy")
    until_now(lambda: state(address, job) == "finished")
    page = opened(browser, "light")
    page.set_viewport_size({"width": width, "height": 700})
    page.goto(address + place.format(job=job))
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    what = page.locator(".receipt code")
    assert what.evaluate("element => element.scrollWidth <= element.clientWidth")
    if "{job}" in place:
        assert what.evaluate("element => element.scrollHeight > element.clientHeight")
        what.focus()
        page.keyboard.press("End")
        page.wait_for_function("() => document.querySelector('.receipt code').scrollTop > 0")
