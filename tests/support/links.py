"""Every address that a page or an answer gives, and a walk along all of them."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Awaitable, Callable, Iterator
from html.parser import HTMLParser
from urllib.parse import urldefrag

from tests.support.asgi import Answer

GIVE = frozenset({"href", "action", "formaction", "src", "hx-get", "hx-post"})
HEADERS = frozenset({"location", "hx-redirect", "hx-location", "content-location", "refresh"})

_URL = re.compile(r"url=(\S+)")


class _Addresses(HTMLParser):
    """Collects the values of attributes that give an address; of a refresh, where it leads."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.found: list[tuple[str, str]] = []
        self.feed(source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        posted = values.get("method") == "post"
        for name in values.keys() & GIVE:
            self.found.append(("post" if posted and name == "action" else name, values[name]))
        if values.get("http-equiv") == "refresh":
            self.found += [("refresh", url) for url in _URL.findall(values["content"])]


def addresses_in(answer: Answer) -> Iterator[tuple[str, str]]:
    """What gives an address (a posted form is ``post``), and the address; links within the page are none."""
    for name, value in answer.headers:
        if name in HEADERS:
            yield name, value
    if (answer.header("content-type") or "").startswith("text/html"):
        yield from (pair for pair in _Addresses(answer.body.decode()).found if not pair[1].startswith("#"))


async def walk(
    ask: Callable[[str], Awaitable[Answer]], begin: list[str], most: int = 500
) -> tuple[dict[str, Answer], set[tuple[str, str]]]:
    """The answers to GET from ``begin`` on by every address given, and all that were given, forms to post included."""
    answers: dict[str, Answer] = {}
    given: set[tuple[str, str]] = set()
    waiting = deque(begin)
    while waiting and len(answers) < most:
        target = waiting.popleft()
        if target in answers:
            continue
        answers[target] = answer = await ask(target)
        found = set(addresses_in(answer))
        given |= found
        # Each refresh counts one up: following them has no end.
        waiting += [urldefrag(url).url for kind, url in sorted(found) if kind not in ("post", "refresh")]
    return answers, given
