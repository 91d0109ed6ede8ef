"""Requests made up by a machine: from the API's own description, against the forms, and for the pages."""

from __future__ import annotations

import asyncio
import random
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx
import msgspec
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.core.failures import FailureGroup
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from benchmarks.api import Api
from benchmarks.table import Measured, at_least, at_most
from tests.faults import starts
from tests.faults.hostile_forms import Hostile, forms, pages
from tests.faults.scenario import Scenario
from tests.faults.site import Site, site

AnyCase = Case[Any]
DOCUMENT = "/api/v1/openapi.json"
ROUND = 500
"""Requests that are made up together, after which the dice fall anew."""

PATIENCE = 30.0
START = "POST /api/v1/jobs"
OFTEN = 3
"""So many times more often than others this is sent: it is what matters most."""

OF_FORMS, OF_PAGES = 0.25, 0.15
"""Their shares of all requests."""

TO_FILE = ("sh", "-c", 'exec "$@" 2>"$0"')
"""The beginning of a command line whose standard error goes to the file that is named next."""

STARTED = re.compile(r"/jobs/([a-z0-9]{26})$")
TRACEBACK = re.compile(r"^Traceback .*\n(?: .*\n)*.*", re.MULTILINE)
VALUES: Mapping[str, Mapping[str, object]] = {
    "count": {
        "number": {"type": "integer", "minimum": starts.LEAST - 1, "maximum": starts.MOST + 1},
        "word": {"enum": [*starts.WORDS, "", None, "maybe"]},
    },
    "say": {"text": {"type": ["string", "null"], "maxLength": starts.LENGTH + 1}},
}
"""What is sent to each command: right, or nearly."""

CHECKS = [
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    negative_data_rejection,
]


@dataclass
class Tally:
    """What came of the requests. The lists have a sentence for each that was answered wrongly.

    ``known`` are the jobs that were there before.
    """

    known: frozenset[str]
    sent: int = 0
    silent: list[str] = field(default_factory=list)
    refused: int = 0
    faults: list[str] = field(default_factory=list)
    unlike: list[str] = field(default_factory=list)
    misled: list[str] = field(default_factory=list)
    unheard: list[str] = field(default_factory=list)
    started: set[str] = field(default_factory=set)

    def add(self, what: str, status: int, location: str, may_start: bool) -> None:
        """One answer."""
        self.sent += 1
        self.refused += 400 <= status < 500
        if status >= 500:
            self.faults.append(f"{what}: {status}")
        if status in (201, 303) and (job := STARTED.search(location)) and job[1] not in self.known:
            self.started.add(job[1])
            if not may_start:
                self.misled.append(what)
        elif may_start and status != 429:
            self.unheard.append(f"{what}: {status}")


class Sender:
    """Sends requests to one server and writes down what came of each.

    Each has a connection of its own: a server that has answered before the whole request is there may hang up,
    and what is sent at that moment has no answer.
    """

    def __init__(self, url: str, known: frozenset[str]) -> None:
        self.tally = Tally(known)
        self._url = url
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.headers["Connection"] = "close"
        self._client = httpx.Client(trust_env=False, timeout=PATIENCE, limits=httpx.Limits(max_keepalive_connections=0))

    def send_case(self, case: AnyCase) -> None:
        """One that was made up from the description; its answer must be as described."""
        try:
            answer = case.call(base_url=self._url, session=self._session, timeout=PATIENCE, allow_redirects=False)
        except requests.RequestException as silence:
            self.tally.silent.append(f"{case}: {silence!r}")
            return
        sent = answer.request
        body = sent.body.encode() if isinstance(sent.body, str) else sent.body or b""
        assert isinstance(body, bytes)
        may_start = sent.method == "POST" and case.path.endswith("/jobs") and starts.json_may_start(body)
        location = (answer.headers.get("location") or [""])[0]
        what = f"{sent.method} {sent.url} {body!r}"
        self.tally.add(what, answer.status_code, location, may_start)
        try:
            case.validate_response(answer, checks=CHECKS)
        except (AssertionError, FailureGroup) as unlike:
            self.tally.unlike.append(f"{what}: {answer.status_code}: {unlike!r}")

    def send_hostile(self, hostile: Hostile) -> None:
        """One to a page or form."""
        url = self._url.rstrip("/") + hostile.target
        try:
            answer = self._client.request(hostile.method, url, headers=hostile.headers, content=hostile.body)
        except httpx.HTTPError as silence:
            self.tally.silent.append(f"{hostile}: {silence!r}")
            return
        what = f"{hostile.method} {hostile.target} {hostile.headers} {hostile.body!r}"
        self.tally.add(what, answer.status_code, answer.headers.get("location", ""), hostile.may_start)

    def close(self) -> None:
        """Hang up."""
        self._session.close()
        self._client.close()


def make_up(count: int, dice: random.Random, what: st.SearchStrategy[Any], send: Callable[[Any], None]) -> None:
    """Send so many of a strategy's examples; the dice decide which."""
    sent = 0

    def once(example: Any) -> None:
        nonlocal sent
        if sent < count:
            sent += 1
            send(example)

    while sent < count:
        examples = settings(
            max_examples=min(ROUND, count - sent),
            deadline=None,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        seed(dice.randrange(2**32))(examples(given(what)(once)))()


def aimed(document: bytes, jobs: list[str]) -> Any:
    """The description of only what hits something, or nearly: jobs that there are, commands of the catalogue."""
    aimed: Any = msgspec.json.decode(document)
    for methods in aimed["paths"].values():
        for operation in methods.values():
            for parameter in operation.get("parameters", ()):
                if parameter["name"] in ("job_id", "before"):
                    parameter["schema"] = {"enum": jobs}
    aimed["components"]["schemas"]["StartRequest"] = {"anyOf": [start_of(command) for command in VALUES]}
    return aimed


def start_of(command: str) -> dict[str, Any]:
    """The schema of a start of this command, right or nearly."""
    needed = [name for name, is_right in starts.COMMANDS[command].items() if not is_right(None)]
    values = {"type": "object", "properties": VALUES[command], "required": needed, "additionalProperties": False}
    return {
        "type": "object",
        "properties": {"command": {"const": command}, "parameters": values},
        "required": ["command", "parameters"] if needed else ["command"],
        "additionalProperties": False,
    }


def send_all(url: str, document: bytes, jobs: list[str], count: int, dice: random.Random) -> Tally:
    """So many requests, one after the other; what came of them."""
    sender = Sender(url, frozenset(jobs))
    schemas = [schemathesis.openapi.from_dict(each) for each in (msgspec.json.decode(document), aimed(document, jobs))]
    of_forms, of_pages = round(count * OF_FORMS), round(count * OF_PAGES)
    half = (count - of_forms - of_pages) // 2
    try:
        make_up(half, dice, cases(schemas, GenerationMode.POSITIVE), sender.send_case)
        make_up(count - of_forms - of_pages - half, dice, cases(schemas, GenerationMode.NEGATIVE), sender.send_case)
        make_up(of_forms, dice, forms(jobs), sender.send_hostile)
        make_up(of_pages, dice, pages(jobs), sender.send_hostile)
    finally:
        sender.close()
    return sender.tally


def cases(schemas: Sequence[schemathesis.BaseSchema], mode: GenerationMode) -> st.SearchStrategy[AnyCase]:
    """Requests that are as described, or that are not; of what takes no parameters there are none of the latter."""
    found = [each.ok() for schema in schemas for each in schema.get_all_operations() if isinstance(each, Ok)]
    chosen = [each for each in found if mode.is_positive or each.path != "/healthz"]
    chosen += [each for each in found if each.label == START] * OFTEN
    return st.one_of([each.as_strategy(generation_mode=mode) for each in chosen])


async def every_job(api: Api) -> set[str]:
    """The ids of all jobs, once they are over."""
    found, before = set[str](), ""
    while True:
        answer = await api.connection.request("GET", f"/api/v1/jobs?limit=1000{before}")
        page: Mapping[str, Any] = msgspec.json.decode(answer.body)
        found |= {job["id"] for job in page["jobs"]}
        if page["next"] is None:
            return found
        before = f"&before={page['next']}"


async def play(count: int, dice: random.Random) -> Measured:
    """Serve, send, and compare the jobs that there are with those that were asked for."""
    async with site(lambda _folder: {}, starts.TEXTS) as place:
        tally, unasked = await flood(place, count, dice)
        log = (place.folder / "stderr").read_text(errors="replace")
    wrong = [*tally.silent, *tally.faults, *tally.unlike, *tally.misled, *tally.unheard, *unasked]
    note = f"{tally.sent} requests, {tally.refused} refused, {len(tally.started)} jobs started"
    figures = {
        "requests without an answer": len(tally.silent),
        "answers of 5xx": len(tally.faults),
        "tracebacks": len(TRACEBACK.findall(log)),
        "answers not as described": len(tally.unlike),
        "jobs started by a malformed request": len(tally.misled) + len(unasked),
        "right requests that started nothing": len(tally.unheard),
        "jobs started by a right one": len(tally.started) - len(tally.misled),
    }
    return Measured(figures, "; ".join([note, *wrong[:3], *TRACEBACK.findall(log)[:1]]))


async def flood(place: Site, count: int, dice: random.Random) -> tuple[Tally, set[str]]:
    """What came of the requests, and the jobs that nobody was told of."""
    async with place.serving((*TO_FILE, str(place.folder / "stderr"))) as server:
        api = await server.api()
        own = [await api.start("say", {"text": text}) for text in ("one", "two", "three")]
        for job in own:
            await api.finished(job)
        document = (await api.connection.request("GET", DOCUMENT)).body
        tally = await asyncio.to_thread(send_all, server.url, document, own, count, dice)
        return tally, await every_job(await server.api()) - tally.started - set(own)


SCENARIOS = (
    Scenario(
        "requests",
        "{count} requests made up from the API's description, to its forms and for its pages, most of them wrong",
        (
            at_most("requests without an answer", 0, ""),
            at_most("answers of 5xx", 0, ""),
            at_most("tracebacks", 0, ""),
            at_most("answers not as described", 0, ""),
            at_most("jobs started by a malformed request", 0, ""),
            at_most("right requests that started nothing", 0, ""),
            at_least("jobs started by a right one", 1, ""),
        ),
        play,
        short=300,
        long=10_000,
        seconds=1_200.0,
    ),
)
