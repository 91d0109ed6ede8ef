"""axe-core on the pages that ask who somebody is and say what they may do, in both colour schemes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.test_axe import Scheme, opened, violations
from tests.support.server import command_toml, serve
from tests.support.signing import EVERYTHING, serve_to_people
from tests.web.people import PASSWORD

PROXY = """
[server]
trusted_proxies = ["127.0.0.1"]
[auth]
mode = "proxy"
"""
SPEAK = command_toml("speak", "echo", "hello")


@dataclass(frozen=True, slots=True)
class Sites:
    """The address of a server of each kind."""

    users: str
    token: str
    proxy: str


@pytest.fixture(scope="module")
def sites(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sites]:
    """Where ada may do everything and ben only look; where a token signs in; and where a proxy should say who asks."""
    people, token, proxy = map(tmp_path_factory.mktemp, ("people", "token", "proxy"))
    with (
        serve_to_people(SPEAK, people, ada=EVERYTHING, ben=["see"]) as of_people,
        serve(SPEAK, token, no_token=False) as by_token,
        serve(PROXY + SPEAK, proxy, no_token=False) as by_proxy,
    ):
        yield Sites(of_people.url, by_token.url, by_proxy.url)


@pytest.fixture(params=[("light", 1200), ("dark", 360)], ids=["light and wide", "dark and narrow"])
def page(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A page of a browser that is not signed in, in each colour scheme."""
    scheme: Scheme = request.param[0]
    made = opened(browser, scheme)
    made.set_viewport_size({"width": request.param[1], "height": 700})
    yield made
    made.context.close()


def sign_in(page: Page, site: str, name: str, password: str = PASSWORD) -> None:
    """Send the form with this name and password."""
    page.goto(f"{site}/sign-in")
    page.fill("[name=name]", name)
    page.fill("[name=password]", password)
    page.click("main form button")


def assert_page(page: Page, heading: str) -> None:
    """It has this heading, shuts nobody out and is no wider than its window."""
    assert page.inner_text("h1") == heading
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("mode", ["users", "token", "proxy"])
def test_the_sign_in_page(page: Page, sites: Sites, mode: str) -> None:
    page.goto(f"{getattr(sites, mode)}/sign-in")
    assert_page(page, "Sign in")


def test_a_wrong_password_and_a_wrong_token(page: Page, sites: Sites) -> None:
    sign_in(page, sites.users, "ada", "not a right password")
    assert page.inner_text("[role=alert]") == "The name or the password is not right."
    assert_page(page, "Sign in")
    page.goto(f"{sites.token}/?token=wrong")
    assert page.inner_text("[role=alert]").startswith("That token is not right.")
    assert_page(page, "Sign in")


def test_pages_of_who_is_signed_in(page: Page, sites: Sites) -> None:
    sign_in(page, sites.users, "ada")
    page.click("form.start button.primary")
    page.wait_for_url("**/jobs/*")
    assert page.locator("header .asker").inner_text().startswith("ada")
    assert_page(page, "speak")
    page.goto(f"{sites.users}/sessions")
    assert_page(page, "Where you are signed in")
    page.goto(f"{sites.users}/audit")
    assert page.locator("tbody tr").count() >= 2
    assert_page(page, "Audit")
    page.goto(f"{sites.users}/audit?who=nobody")
    assert_page(page, "Audit")


def test_pages_of_what_is_not_allowed(page: Page, sites: Sites) -> None:
    sign_in(page, sites.users, "ben")
    answer = page.goto(f"{sites.users}/audit")
    assert answer is not None
    assert answer.status == 403
    assert_page(page, "Refused")
    page.goto(f"{sites.users}/")
    assert_page(page, "Run a command, watch its lines")
    page.goto(f"{sites.users}/commands/speak")
    assert page.locator("button.primary").count() == 0
    assert_page(page, "speak")


def test_pages_of_who_is_not_signed_in_any_more(page: Page, sites: Sites) -> None:
    sign_in(page, sites.users, "ada")
    page.goto(f"{sites.users}/sessions")
    page.context.clear_cookies()
    with page.expect_navigation() as leaving:
        page.click("text=Sign out everywhere")
    assert leaving.value.status == 401
    assert_page(page, "Not signed in")
    sign_in(page, sites.users, "ada")
    page.click("text=Sign out")
    page.wait_for_url("**/sign-in")
    assert_page(page, "Sign in")
