"""``make demo``, for real: six panels of six kinds at once, and nothing left of it."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.support.browser import visit
from tests.support.processes import marked
from tests.support.server import PROJECT
from tests.support.waiting import until_now

pytestmark = pytest.mark.usefixtures("left_alone")

FRAMES = ["Nightly backup: last line", "Tests: newest lines", "Restart a service", "Deploy the shop"]
NEWS_MS = 12_000


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address that it prints. A Ctrl-C at the end, as a terminal sends it: to make, and to what make started."""
    folder = tmp_path_factory.mktemp("demo")
    ours = [f"python={sys.executable}", "ARGS=--linefeed 0 --intranet 0"]
    # The tests' own virtual environment is old enough, whatever its files' times say.
    process = subprocess.Popen(
        # Within ``make test`` it would say first which folder it enters.
        ["make", "--no-print-directory", "--assume-old=.venv/installed", "demo", *ours],
        cwd=PROJECT,
        env={**os.environ, "TMPDIR": str(folder)},
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        assert process.stdout
        (address,) = re.findall(r"^Open (http://\S+) ", process.stdout.readline())
        assert marked(str(folder))
        yield address
        os.killpg(process.pid, signal.SIGINT)
        process.wait(20)
        until_now(lambda: not marked(str(folder)) and not list(folder.iterdir()))
    finally:
        process.kill()
        process.communicate()


def panels(page: Page, script: bool) -> dict[str, Locator]:
    """What changes in each panel but the badge."""
    found = {title: page.frame_locator(f'iframe[title="{title}"]').locator("section").last for title in FRAMES}
    orders = page.locator(".linefeed-panel")
    if not script:
        orders = page.frame_locator('iframe[title="Import of orders"]').locator("section")
    return {**found, "orders": orders}


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
def test_six_panels_are_live(browser: Browser, demo: str, script: bool) -> None:
    watched = visit(browser, demo, script)
    page = watched.page
    wiki = page.frame_locator('iframe[title="A wiki page with a badge"]')
    assert wiki.get_by_role("img").evaluate("image => image.complete && image.naturalWidth") > 60
    first = {title: panel.text_content() or "" for title, panel in panels(page, script).items()}
    for title, panel in panels(page, script).items():
        expect(panel).to_contain_text("Running")
        expect(panel).not_to_have_text(first[title], timeout=NEWS_MS)
    with page.expect_response(lambda answer: "badge.svg" in answer.url and answer.ok, timeout=NEWS_MS):
        pass
    assert watched.complaints == []


def test_its_runbook_starts_a_job(browser: Browser, demo: str) -> None:
    page = visit(browser, demo).page
    runbook = page.frame_locator('iframe[title="Restart a service"]')
    runbook.get_by_role("link", name="Start").click()
    runbook.get_by_label("Service", exact=True).select_option("search")
    runbook.get_by_role("button", name="Start").click()
    expect(runbook.locator(".lines")).to_contain_text("search: worker 1", timeout=NEWS_MS)


@pytest.mark.parametrize("taken", ["--linefeed", "--intranet"])
def test_a_port_that_is_taken_is_named(tmp_path: Path, taken: str) -> None:
    other = {"--linefeed": "--intranet", "--intranet": "--linefeed"}[taken]
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        port = str(listener.getsockname()[1])
        told = subprocess.run(
            [sys.executable, "-m", "examples.embedding", taken, port, other, "0"],
            check=False,
            cwd=PROJECT,
            env={**os.environ, "TMPDIR": str(tmp_path)},
            capture_output=True,
            text=True,
            timeout=30,
        )
    assert told.returncode == 2
    assert f"cannot listen on 127.0.0.1:{port}: Address already in use" in told.stderr
    assert "Traceback" not in told.stderr
    assert not marked(str(tmp_path))
