"""Bodies of the JSON API."""

from __future__ import annotations

import pytest

from runner.errors import QueueFull, ShuttingDown
from runner.service import Runner
from tests.support.asgi import Answer
from tests.support.jobs import start_job
from tests.web.conftest import Ask

BROKEN = [
    b"", b"{", b"nope", b"\xff", b'"\xff"', b"\x00", b"{} {}", b"NaN", b'{"command": NaN}', b"1e999",
    b"[" * 100_000, b'{"parameters":' * 50_000, b"1" * 5_000, b'{"command":"\\ud800"}', b"\xef\xbb\xbf{}",
]  # fmt: skip
NO_OBJECTS = [b"[]", b"null", b"1", b'"count"', b"true"]
WRONG_FIELDS = [
    ({}, {"command"}),
    ({"command": 1}, {"command"}),
    ({"command": None}, {"command"}),
    ({"command": ["count"]}, {"command"}),
    ({"command": "count", "parameters": []}, {"parameters"}),
    ({"command": "count", "parameters": None}, {"parameters"}),
    ({"command": "count", "argv": ["rm"]}, {"argv"}),
    ({"command": 1, "parameters": 1, "x": 1}, {"command", "parameters", "x"}),
]


async def posted(asked: Ask, body: object, content_type: str | None = None) -> Answer:
    """The answer to a start with this body."""
    headers = [(b"content-type", content_type.encode())] if content_type else []
    return await asked("POST", "/api/v1/jobs", headers, body)


@pytest.mark.parametrize("body", [*BROKEN, *NO_OBJECTS], ids=lambda body: repr(body[:20]))
async def test_no_json_object(asked: Ask, body: bytes) -> None:
    answer = await posted(asked, body)
    assert (answer.status, answer.header("content-type")) == (400, "application/problem+json")


@pytest.mark.parametrize(("body", "fields"), WRONG_FIELDS)
async def test_every_wrong_field_is_named(asked: Ask, body: object, fields: set[str]) -> None:
    answer = await posted(asked, body)
    assert (answer.status, set(answer.json["errors"])) == (400, fields)


async def test_a_body_over_a_mebibyte(asked: Ask) -> None:
    assert (await posted(asked, b" " * (1 << 20) + b"{}")).status == 413


async def test_an_unknown_command(asked: Ask) -> None:
    answer = await posted(asked, {"command": "nope"})
    assert (answer.status, list(answer.json["errors"])) == (404, ["command"])


@pytest.mark.parametrize("value", ["x", -1, 1_000_001, None, True, 1.5, [], {}, "", 10**300])
async def test_a_bad_parameter_is_named(asked: Ask, value: object) -> None:
    answer = await posted(asked, {"command": "count", "parameters": {"n": value}})
    assert answer.status == 422
    assert list(answer.json["errors"]) == ["n"]
    assert set(answer.json) == {"type", "title", "status", "detail", "errors"}


async def test_a_parameter_that_is_not_declared_is_named(asked: Ask) -> None:
    answer = await posted(asked, {"command": "count", "parameters": {"n": 1, "-rf": "/"}})
    assert (answer.status, list(answer.json["errors"])) == (422, ["-rf"])


@pytest.mark.parametrize(
    "kind", [None, "application/json; charset=utf-8", "application/x-www-form-urlencoded", "text/plain", "a/b"]
)
async def test_json_is_taken_whatever_it_calls_itself(asked: Ask, kind: str | None) -> None:
    assert (await posted(asked, {"command": "nothing"}, kind)).status == 201


@pytest.mark.parametrize("body", [b"[]", b"{", {"force": 1}, {"force": "yes"}, {"forced": True}])
async def test_a_stop_that_says_nothing_usable_stops_nothing(asked: Ask, runner: Runner, body: object) -> None:
    job = await start_job(runner, "wait")
    assert (await asked("POST", f"/api/v1/jobs/{job.id}/stop", (), body)).status == 400
    assert (await runner.job(job.id)).state.name == "running"


@pytest.mark.parametrize(("error", "status"), [(QueueFull(100), 429), (ShuttingDown(), 503)])
async def test_a_start_that_is_refused_for_now(
    asked: Ask, runner: Runner, monkeypatch: pytest.MonkeyPatch, error: Exception, status: int
) -> None:
    async def refuse(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(runner, "start", refuse)
    answer = await posted(asked, {"command": "nothing"})
    assert (answer.status, answer.json["detail"]) == (status, str(error))
