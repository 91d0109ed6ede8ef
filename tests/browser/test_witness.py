"""The witness of the tests with hostile texts: whatever one does that is taken for more is noticed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest
from playwright.sync_api import Browser, Route

from tests.support.hostile_text import BREAKOUTS, COUNT, DEEDS, EVERY_WAY, HOSTILE, WRITTEN
from tests.support.witness import Witness

SITE = "http://site.example"
OF_BROWSERS = [deed for deed in DEEDS if re.match(r"<\w", deed)]
"""The others are for templates, servers and attributes."""


@pytest.fixture(scope="module")
def noticed(browser: Browser) -> Iterator[Callable[[str], list[str]]]:
    """What the witness finds on a page without a policy that has a text in it as it is."""
    told: list[str] = []

    def answer(route: Route) -> None:
        if route.request.url == f"{SITE}/page":
            body = f"<!DOCTYPE html><title>A page</title><h1>One</h1><main><div id=log>{told[-1]}</div></main>"
            route.fulfill(body=body, content_type="text/html; charset=utf-8")
        else:
            route.fulfill(status=204)

    with closing(Witness(browser, SITE)) as witness:
        witness.page.route("**/*", answer)

        def find(text: str) -> list[str]:
            told.append(text)
            witness.forget()
            witness.visit("/page")
            return witness.found()

        yield find


def test_each_deed_is_noticed(noticed: Callable[[str], list[str]]) -> None:
    assert [deed for deed in OF_BROWSERS if not noticed(deed)] == []


@pytest.mark.parametrize("text", ["", "plain words", "&lt;script&gt;alert(1)&lt;/script&gt;", "<mark>found</mark>"])
def test_text_is_not(noticed: Callable[[str], list[str]], text: str) -> None:
    assert noticed(text) == []


def test_there_are_a_thousand_and_none_twice() -> None:
    assert len({each.written for each in HOSTILE}) == len({each.value for each in HOSTILE}) == COUNT
    assert len(EVERY_WAY) >= max(len(BREAKOUTS), len(DEEDS), len(WRITTEN))
