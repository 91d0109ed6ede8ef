"""The API's own description: it is OpenAPI, nothing is missing in it, and what it says is so."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import jsonschema_rs
import msgspec
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from quart import Quart

from runner.service import Runner
from runner.web.openapi import StartRequest, StopRequest, rendered
from tests.support.asgi import Answer, ask
from tests.support.described import READ, Described, description
from tests.support.jobs import end_of, start_job
from tests.web.conftest import Ask

NOWHERE = "a" * 26
"""The id of no job."""

LINES = f"/api/v1/jobs/{NOWHERE}/lines"
DOCUMENT = "/api/v1/openapi.json"
PROBLEM = {"type": "about:blank", "title": "", "status": 400, "detail": ""}

values = st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=5), st.just([]), st.just({}))
bodies = st.one_of(
    values, st.dictionaries(st.sampled_from(["command", "parameters", "force", "Force", ""]), values, max_size=3)
)


@pytest.fixture
def described(app: Quart) -> Described:
    """The description of the app's API."""
    return description(app)


async def test_it_is_openapi_and_each_reference_in_it_leads_somewhere(asked: Ask) -> None:
    answer = await asked("GET", DOCUMENT)
    assert (answer.status, answer.header("content-type"), answer.json["openapi"]) == (200, "application/json", "3.1.0")
    schemathesis.openapi.from_dict(answer.json).validate()
    for reference in references(answer.json):
        named: Any = answer.json
        for part in reference.removeprefix("#/").split("/"):
            named = named[part]
        assert named


def references(part: Any) -> list[str]:
    """Every reference in a part of the document."""
    if isinstance(part, dict):
        own = [part["$ref"]] if "$ref" in part else []
        return own + [found for value in part.values() for found in references(value)]
    return [found for value in part for found in references(value)] if isinstance(part, list) else []


async def test_every_schema_can_be_checked_against(described: Described) -> None:
    schemas = described.document["components"]["schemas"]
    for name in schemas:
        jsonschema_rs.validator_for({"$ref": f"#/components/schemas/{name}", "components": {"schemas": schemas}})


async def test_every_route_is_described_and_nothing_else(app: Quart, described: Described) -> None:
    silent = {"HEAD", "OPTIONS"}
    rules = [rule for rule in app.url_map.iter_rules() if rule.rule.startswith("/api/")]
    routes = {
        (method, rule.rule.replace("<", "{").replace(">", "}"))
        for rule in rules
        for method in (rule.methods or set()) - silent
    }
    assert described.operations.keys() == {*routes, ("GET", "/healthz")}


async def test_every_parameter_of_an_address_is_described(described: Described) -> None:
    for (_, path), operation in described.operations.items():
        named = {each["name"] for each in operation.get("parameters", ()) if each["in"] == "path"}
        assert named == {part.strip("{}") for part in path.split("/") if part.startswith("{")}


async def test_names_of_operations_are_told_apart(described: Described) -> None:
    names = [operation["operationId"] for operation in described.operations.values()]
    assert len(set(names)) == len(names)


async def test_every_key_that_is_read_is_described_and_every_other_is_not(
    asked: Ask, runner: Runner, described: Described
) -> None:
    READ.clear()
    finished, running = await start_job(runner, "count", n=3), await start_job(runner, "chat")
    await end_of(runner, finished)
    for path in {path for method, path in described.operations if method == "GET"}:
        for job in (finished.id, running.id, NOWHERE):
            for query in ("", "?wait=0.01&seen=0", "?limit=1", "?state=running"):
                await asked("GET", path.replace("{job_id}", job) + query)
                await asked("HEAD", path.replace("{job_id}", job) + query)
    for operation in described.operations.values():
        read = {key for endpoint, key in READ if endpoint == f"api.{operation['operationId']}"}
        assert read == described.keys(operation), operation["operationId"]


@pytest.mark.parametrize(
    ("path", "key"),
    [(LINES, "after"), (LINES, "limit"), (LINES, "wait"), (LINES, "seen"), ("/api/v1/jobs", "limit")],
)
async def test_the_bounds_of_numbers_are_where_they_are_said_to_be(
    asked: Ask, described: Described, path: str, key: str
) -> None:
    schema = schema_of(described, path, key)
    least, most = schema["minimum"], schema["maximum"]
    assert [await is_taken(asked, path, key, each) for each in (least, int(most))] == [True, True]
    assert [await is_taken(asked, path, key, each) for each in (least - 1, int(most) + 1)] == [False, False]


async def test_the_defaults_of_numbers_are_where_they_are_said_to_be(asked: Ask, described: Described) -> None:
    for (method, path), operation in described.operations.items():
        for each in operation.get("parameters", ()):
            if "default" in each["schema"]:
                address = path.replace("{job_id}", NOWHERE)
                assert await is_taken(asked, address, each["name"], each["schema"]["default"]), (method, path)


async def test_each_word_that_is_described_is_taken_and_no_other(asked: Ask, described: Described) -> None:
    for word in schema_of(described, "/api/v1/jobs", "state")["enum"]:
        assert await is_taken(asked, "/api/v1/jobs", "state", word)
    assert not await is_taken(asked, "/api/v1/jobs", "state", "other")


def schema_of(described: Described, path: str, key: str) -> dict[str, Any]:
    """The schema of a key of a query."""
    operation = described.operation("GET", path)
    assert operation is not None
    return next(each["schema"] for each in operation["parameters"] if each["name"] == key)


async def is_taken(asked: Ask, path: str, key: str, value: object) -> bool:
    """Whether this is not held against the query."""
    answer = await asked("GET", f"{path}?{urlencode({key: value})}")
    return answer.status != 400 or key not in answer.json.get("errors", {})


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=bodies)
async def test_a_body_is_read_if_it_is_as_described(app: Quart, body: object) -> None:
    for path, kind in (("/api/v1/jobs", StartRequest), (f"/api/v1/jobs/{NOWHERE}/stop", StopRequest)):
        answer = await ask(app, "POST", path, (), msgspec.json.encode(body))
        assert (answer.status == 400) is not is_described(kind, body)


def is_described(kind: type[msgspec.Struct], body: object) -> bool:
    """Whether the schema of ``kind`` has it."""
    try:
        msgspec.convert(body, kind)
    except msgspec.ValidationError:
        return False
    return True


async def test_it_is_the_same_each_time_and_says_below_which_address(app: Quart, described: Described) -> None:
    first, again = (rendered(app.url_map, app.view_functions, "/runner") for _ in range(2))
    assert first == again
    assert msgspec.json.decode(first)["servers"] == [{"url": "/runner"}]
    assert described.document["servers"] == [{"url": "/"}]


async def test_everything_but_the_health_asks_who_asks(described: Described) -> None:
    assert described.document["security"] == [{"bearer": []}, {"session": []}]
    assert {name: each["type"] for name, each in described.document["components"]["securitySchemes"].items()} == {
        "bearer": "http",
        "session": "apiKey",
    }
    own = {path for (_, path), operation in described.operations.items() if "security" in operation}
    assert own == {"/healthz"}


@pytest.mark.parametrize(
    ("status", "kind", "body"),
    [
        (418, "application/problem+json", PROBLEM),
        (200, "text/html", {}),
        (200, "application/json", {"jobs": []}),
        (200, "application/json", {"jobs": [], "next": "x"}),
        (200, "application/json", {"jobs": [], "next": None, "more": 1}),
        (400, "application/problem+json", {**PROBLEM, "status": "400"}),
        (400, "application/json", PROBLEM),
    ],
)
async def test_an_answer_that_is_not_as_described_is_noticed(
    described: Described, status: int, kind: str, body: object
) -> None:
    answer = Answer(status, (("content-type", kind),), msgspec.json.encode(body))
    with pytest.raises((AssertionError, jsonschema_rs.ValidationError)):
        described.check("GET", "/api/v1/jobs", answer)


@pytest.mark.parametrize(
    ("status", "kind", "body"),
    [
        (200, "application/json", {"jobs": [], "next": None}),
        (400, "application/problem+json", PROBLEM),
    ],
)
async def test_an_answer_that_is_as_described_passes(
    described: Described, status: int, kind: str, body: object
) -> None:
    described.check("GET", "/api/v1/jobs", Answer(status, (("content-type", kind),), msgspec.json.encode(body)))
