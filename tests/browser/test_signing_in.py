"""Signing in with a browser: wherever an address says that one should go afterwards, it is a page of ours."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlencode, urlsplit

import pytest
from playwright.sync_api import Browser, Page

from tests.support.browser import visit
from tests.support.elsewhere import ELSEWHERE
from tests.support.server import command_toml
from tests.support.signing import EVERYTHING, serve_to_people
from tests.web.people import PASSWORD


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where ada signs in."""
    with serve_to_people(command_toml("speak", "echo"), tmp_path_factory.mktemp("people"), ada=EVERYTHING) as server:
        yield server.url


@pytest.fixture(scope="module")
def page(browser: Browser, address: str) -> Iterator[Page]:
    """A page that is not signed in."""
    watched = visit(browser, address)
    yield watched.page
    watched.page.context.close()


def sign_in(page: Page) -> None:
    """Fill in the form and send it."""
    page.fill("[name=name]", "ada")
    page.fill("[name=password]", PASSWORD)
    page.click("main form button")


def test_nobody_is_sent_to_another_site(page: Page, address: str) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    for target in ELSEWHERE:
        page.context.clear_cookies()
        page.goto(f"{address}/sign-in?{urlencode({'next': target})}")
        sign_in(page)
        page.wait_for_url(f"{address}/")
        assert page.inner_text("h1") == "Run a command, watch its lines"
    assert {urlsplit(url)[:2] for url in asked} == {urlsplit(address)[:2]}


def test_nobody_who_is_signed_in_is_sent_there_either(page: Page, address: str) -> None:
    page.goto(f"{address}/sign-in")
    for target in ELSEWHERE[::4]:
        page.goto(f"{address}/sign-in?{urlencode({'next': target})}")
        assert page.url == f"{address}/"


def test_a_page_of_ours_is_where_one_goes(page: Page, address: str) -> None:
    page.context.clear_cookies()
    page.goto(f"{address}/jobs?command=speak&state=finished")
    sign_in(page)
    page.wait_for_url(f"{address}/jobs?command=speak&state=finished")


def test_there_are_thirty() -> None:
    assert len(set(ELSEWHERE)) == len(ELSEWHERE) >= 30
