"""One server and one browser for all these tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.support.browser import chromium
from tests.support.server import command_toml, python_toml, serve

STEPS = """
import os, time
for number in range(1, 1001):
    os.write(1, b"step %d\\n" % number)
    os.write(2, b"note %d\\n" % number)
    time.sleep(0.05)  # slowly enough to be stopped in time
"""
FLOOD = """
import os
for first in range(1, 60001, 100):
    os.write(1, b"".join(b"line %d\\n" % number for number in range(first, first + 100)))
"""
STEADY = """
import os, time
for number in range(1, 100001):
    os.write(1, b"%d\\n" % number)
    time.sleep(0.02)  # the pace that the page is to keep up with
"""
HALF = """
import os, time
os.write(1, b"half a li")
time.sleep(3)  # so long it has to be seen unfinished
os.write(1, b"ne\\n")
"""
HOSTILE = r"""
import os
os.write(1, b'<script>document.title = "taken"</script>\n<b id="taken" hx-get="/" hx-trigger="load">x</b>\n\n&amp;\n')
"""


@pytest.fixture(scope="package")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where a server with the commands of these tests is."""
    commands = [
        python_toml("steps", STEPS, title="Steps"),
        python_toml("flood", FLOOD, title="Flood"),
        python_toml("steady", STEADY, title="Steady"),
        python_toml("half", HALF, title="Half"),
        python_toml("hostile", HOSTILE, title="Hostile"),
        command_toml("fail", "sh", "-c", "echo no >&2; exit 3"),
    ]
    with serve("\n".join(commands), tmp_path_factory.mktemp("server")) as server:
        yield server.url


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """A Chromium. Gone after this package: Playwright's event loop runs as long as it, and no other could."""
    with chromium() as running:
        yield running


@pytest.fixture
def left_alone(browser: Browser) -> Iterator[None]:
    """Afterwards every page is closed: panels go on asking as long as they are open."""
    yield
    for context in browser.contexts:
        context.close()
