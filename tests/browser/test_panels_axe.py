"""axe-core on panels of each size, the start form, the wall and the box to copy from, in both colour schemes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.browser.test_axe import LONG, PICK, Scheme, opened, violations
from tests.support.notes import start
from tests.support.server import python_toml, serve

pytestmark = pytest.mark.usefixtures("left_alone")

PAGES = {
    "badge": "/commands/long/panel?size=badge",
    "line": "/commands/long/panel?size=line",
    "tail": "/commands/long/panel?size=tail",
    "full": "/commands/long/panel?size=full",
    "times and no numbers": "/commands/long/panel?size=tail&times=1&numbers=0",
    "of a job": "/jobs/{job}/panel?size=tail",
    "before the first job": "/commands/pick/panel",
    "form": "/commands/pick/panel?form=1",
    "wrong link": "/commands/long/panel?share=none",
    "wall": "/wall?commands=long,pick,none",
    "embed box": "/jobs/{job}?embed=1",
}


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where a server with the commands of these tests is."""
    with serve(python_toml("long", LONG, title="Long") + PICK, tmp_path_factory.mktemp("axe")) as server:
        yield server.url


@pytest.fixture(scope="module")
def job(address: str) -> str:
    """A running job with all colours."""
    return start(address, "long")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_panel_shuts_anybody_out(browser: Browser, address: str, job: str, scheme: Scheme) -> None:
    page = opened(browser, scheme)
    found = {}
    for name, path in PAGES.items():
        page.goto(address + path.format(job=job))
        found[name] = violations(page)
    assert {name: wrong for name, wrong in found.items() if wrong} == {}
