"""``GET /audit``: for people, in any browser, whatever stands in the audit."""

from __future__ import annotations

import html
import re
from html.parser import HTMLParser
from urllib.parse import quote

import pytest
from quart import Quart

from runner.service import Runner
from runner.web.audit import reading
from runner.web.audit.entry import Entry, Result, What, stamp
from runner.web.audit.log import AuditLog
from runner.web.context import context_of
from tests.support.jobs import start_job
from tests.web.conftest import Ask

XSS = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' autofocus onfocus='alert(1)",
    "{{ 7 * 7 }}",
    "</td></table><h1>x</h1>",
    "javascript:alert(1)",
    "]]><svg onload=alert(1)>",
    "&lt;b&gt;",
]
JOB = "a" * 26


@pytest.fixture
def audit(app: Quart) -> AuditLog:
    return context_of(app).audit


def entry(**more: object) -> Entry:
    return Entry(**{"time": stamp(1e9), "what": What.START, **more})  # type: ignore[arg-type] # fields by name


async def read(asked: Ask, target: str = "/audit") -> str:
    """The page's HTML."""
    answer = await asked("GET", target)
    assert answer.status == 200, answer.body
    return str(answer.body.decode())


async def test_an_empty_audit_is_a_page(asked: Ask, audit: AuditLog) -> None:
    audit.path.unlink(missing_ok=True)
    page = await read(asked)
    assert "<title>Audit · Linefeed</title>" in page
    assert page.count("<h1") == 1
    assert "Nothing here." in page


async def test_an_entry_is_a_row_with_all_of_it(asked: Ask, audit: AuditLog, runner: Runner) -> None:
    job = await start_job(runner, "nothing")
    more = {"who": "anna", "way": "password", "address": "192.0.2.7", "command": "nothing", "job": job.id}
    audit.write(entry(result=Result.ASKED, reason="It was asked.", parameters={"n": 5, "word": "a b"}, **more))
    audit.write(entry(what=What.SIGN_IN, result=Result.REFUSED, reason="The password is wrong."))
    page = await read(asked)
    for text in ("anna", "password", "192.0.2.7", "It was asked.", "2001-09-09 01:46:40.000 UTC", "Asked for"):
        assert text in page
    assert f'<a href="/jobs/{job.id}">nothing</a> <code>n=5 word=&#34;a b&#34;</code>' in page
    assert page.index("The password is wrong.") < page.index("It was asked.")
    assert "nobody" in page
    assert (await asked("GET", f"/jobs/{job.id}")).status == 200


class Skeleton(HTMLParser):
    """What a browser makes of a page: its elements with the names of their attributes, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, ...]] = []
        self.addresses: list[str] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, *(name for name, _ in attrs)))
        self.addresses += [value or "" for name, value in attrs if name in {"href", "src", "action"}]

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.mark.parametrize("text", XSS)
async def test_hostile_texts_are_texts(asked: Ask, audit: AuditLog, text: str) -> None:
    skeletons = []
    for value in ("plain", text):
        everywhere = dict.fromkeys(("time", "who", "way", "address", "command", "job", "reason"), value)
        audit.path.write_text(f"{value}\n")
        audit.write(entry(parameters={value: value}, **everywhere))
        targets = ("/audit", f"/audit?who={quote(value)}&command={quote(value)}")
        skeletons.append([Skeleton(await read(asked, target)) for target in targets])
    for plain, hostile in zip(*skeletons, strict=True):
        assert hostile.elements == plain.elements
        assert hostile.text.count(text) >= 5
        assert all(address.startswith(("/", "#main")) for address in hostile.addresses)
        assert not any(address.startswith("/jobs/") for address in hostile.addresses)  # no id of a job, so no link


async def test_five_thousand_entries_in_pages_that_lead_to_each_other(asked: Ask, audit: AuditLog) -> None:
    for number in range(5_000):
        audit.write(entry(reason=f"number {number}."))
    target, seen = "/audit", list[int]()
    while target:
        page = await read(asked, target)
        seen += [int(number) for number in re.findall(r"number (\d+)\.", page)]
        assert ('href="/audit">Newest</a>' in page) == (target != "/audit")
        older = re.search(r'href="([^"]+)" rel="next">Older', page)
        target = html.unescape(older[1]) if older else ""
    assert seen == list(reversed(range(5_000)))


async def test_a_filter_stays_in_its_form_and_in_the_links(
    asked: Ask, audit: AuditLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "SCAN_BYTES", 60_000)
    audit.write(entry(who="ben & co", what=What.STOP, job=JOB, reason="the one"))
    for number in range(1_500):
        audit.write(entry(who="anna", reason=f"{number}"))
    target, pages = f"/audit?who=ben+%26+co&what=stop&job={JOB}&command=", 0
    while True:
        page = await read(asked, target)
        assert 'name="who" value="ben &amp; co"' in page
        assert '<option value="stop" selected>' in page
        more = re.search(r'href="([^"]+)" rel="next">Look further back', page)
        if more is None:
            break
        assert "were looked through for this page" in page
        assert "Nothing like this in this part" in page
        target, pages = html.unescape(more[1]), pages + 1
    assert "the one" in page
    assert pages >= 2


@pytest.mark.parametrize(
    ("query", "key"),
    [
        ("before=x", "before"),
        ("before=-1", "before"),
        ("before=", "before"),
        ("before=1&before=2", "before"),
        ("before=999999999999999999", "before"),
        ("before=" + "9" * 5000, "before"),
        ("what=fly", "what"),
        ("what=START", "what"),
        ("what=stop&what=start", "what"),
        ("job=x", "job"),
        ("job=" + "A" * 26, "job"),
        ("job=..%2F..%2Fetc", "job"),
        ("who=" + "a" * 201, "who"),
        ("who=a&who=b", "who"),
        ("command=" + "a" * 201, "command"),
    ],
)
async def test_a_query_that_is_not_right_names_its_key(asked: Ask, query: str, key: str) -> None:
    answer = await asked("GET", f"/audit?{query}")
    assert answer.status == 400
    assert f"The query is not right: {key} " in answer.body.decode()


@pytest.mark.parametrize(
    "query", ["who=%00", "who=%ff", "command=%ed%a0%80", "who=%E2%80%A8", "x=1", "%", "who", "before=0"]
)
async def test_a_query_that_finds_nothing(asked: Ask, query: str) -> None:
    await read(asked, f"/audit?{query}")


async def test_a_damaged_line_is_shown_as_one(asked: Ask, audit: AuditLog) -> None:
    with audit.path.open("ab") as file:
        file.write(b"torn\xff <i>\n")
    page = await read(asked)
    assert "A line that cannot be read: <code>torn\ufffd &lt;i&gt;</code>" in page


async def test_an_audit_that_cannot_be_read_is_told(asked: Ask, audit: AuditLog) -> None:
    audit.path.unlink(missing_ok=True)
    audit.path.mkdir()
    answer = await asked("GET", "/audit")
    assert answer.status == 503
    assert "The audit could not be read: Is a directory." in answer.body.decode()
