"""Requests to the pages and forms, as somebody with a bad will would send them: strategies for Hypothesis."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlencode

from hypothesis import strategies as st

from runner.web import create_app
from tests.faults.starts import COMMANDS, MOST, WORDS, form_may_start
from tests.support.commands import settings_of

FORM = "application/x-www-form-urlencoded"
KINDS = (FORM, f"{FORM}; charset=utf-16", "multipart/form-data; boundary=x", "multipart/form-data", "text/plain", "x/y")
KEYS = (
    "after", "before", "line", "q", "stream", "follow", "seen", "shown", "panel", "r", "rows", "limit", "state",
    "command", "number", "word", "text", "next", "token",
)  # fmt: skip
VALUES = (
    "", "0", "1", "5", "6", "-1", "1-2", "2-1", "nan", "1e9", "9" * 18, "9" * 19, "9" * 5000, "..", "../../etc/passwd",
    "yes", "no", "running", "finished", "stdout", "\0", "\r\nx: y", "\ud800", "%00", "<script>alert(1)</script>",
    "//example.net", "javascript:alert(1)", "{number}", "$(reboot)", "; reboot", "-rf", "@file", "count", "say",
)  # fmt: skip
FIELDS = ("command", "number", "word", "text", "_form", "_token", "number[]", "")
HERE: tuple[dict[str, str], ...] = (
    {},
    {"sec-fetch-site": "same-origin"},
    {"sec-fetch-site": "none"},
    {"sec-fetch-site": "none", "origin": "null"},
)
FOREIGN = (
    {"sec-fetch-site": "cross-site"},
    {"sec-fetch-site": "same-site"},
    {"sec-fetch-site": ""},
    {"origin": "http://example.net"},
    {"origin": ""},
    {"sec-fetch-site": "same-origin", "origin": "https://example.net"},
)
"""Headers of a request that another site's page makes a browser send."""


@dataclass(frozen=True, slots=True)
class Hostile:
    """What is sent to a page or form, and whether a job may come of it."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes = b""
    may_start: bool = False


def routes(method: str) -> list[str]:
    """Every address of the app that takes this method and is no part of the API."""
    with tempfile.TemporaryDirectory() as folder:
        rules = list(create_app(settings_of(Path(folder))).url_map.iter_rules())
    return sorted({rule.rule for rule in rules if method in (rule.methods or ()) and not rule.rule.startswith("/api/")})


words = st.one_of(st.sampled_from(VALUES), st.integers(-10, 10**20).map(str), st.text(max_size=12))


def targets(method: str, jobs: Sequence[str]) -> st.SearchStrategy[str]:
    """The addresses of these routes: of real jobs and commands, and of what never was."""
    parts = {
        "job_id": st.one_of(st.sampled_from(jobs), words),
        "name": st.one_of(st.sampled_from(sorted(COMMANDS)), words),
    }

    def filled(rule: str) -> st.SearchStrategy[str]:
        pieces = [_piece(piece, parts) for piece in rule.split("/")]
        return st.tuples(*pieces).map("/".join)

    return st.sampled_from(routes(method)).flatmap(filled)


def _piece(piece: str, parts: dict[str, st.SearchStrategy[str]]) -> st.SearchStrategy[str]:
    if not piece.startswith("<"):
        return st.just(piece)
    name = piece.strip("<>").rpartition(":")[2]
    return parts.get(name, words).map(lambda value: quote(_encoded(value), safe=""))


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _pairs(pairs: Sequence[tuple[str, str]]) -> str:
    return urlencode([(_encoded(key), _encoded(value)) for key, value in pairs])


queries = st.lists(st.tuples(st.sampled_from(KEYS), words), max_size=4).map(_pairs)
right_forms = st.one_of(
    st.tuples(st.sampled_from(range(MOST + 2)), st.sampled_from((*WORDS, "", "maybe"))).map(
        lambda each: [("command", "count"), ("number", str(each[0])), ("word", each[1])]
    ),
    words.map(lambda text: [("command", "say"), ("text", text)]),
)
"""Forms that are right, or nearly."""

any_forms = st.lists(st.tuples(st.sampled_from(FIELDS), words), max_size=4)
mixed_forms = st.tuples(right_forms, any_forms).map(lambda two: [*two[0], *two[1]])
bodies = st.one_of(
    *(form.map(lambda pairs: _pairs(pairs).encode()) for form in (right_forms, right_forms, mixed_forms, any_forms)),
    st.binary(max_size=60),
)


def pages(jobs: Sequence[str]) -> st.SearchStrategy[Hostile]:
    """GET and HEAD: nothing may start."""
    addresses = st.tuples(targets("GET", jobs), queries).map("?".join)
    return st.builds(Hostile, st.sampled_from(("GET", "GET", "HEAD")), addresses, st.just({}))


def forms(jobs: Sequence[str]) -> st.SearchStrategy[Hostile]:
    """POST: a job may start if the form is right, goes to the right address, and does not come from another site."""
    return st.builds(
        _form,
        st.one_of(st.just("/jobs"), st.just("/jobs"), targets("POST", jobs)),
        st.one_of(st.just(FORM), st.just(FORM), st.sampled_from(KINDS)),
        st.sampled_from((*HERE, *HERE, *FOREIGN)),
        bodies,
    )


def _form(target: str, kind: str, origin: dict[str, str], body: bytes) -> Hostile:
    right = target == "/jobs" and origin in HERE and form_may_start(kind, body)
    return Hostile("POST", target, {"content-type": kind, **origin}, body, right)
