"""How errors are answered."""

from __future__ import annotations

import logging

import pytest

from runner.errors import LinefeedError
from runner.service import Runner
from runner.web.errors import STATUSES
from tests.web.conftest import Ask

CORE = "runner.errors"


def every_error(kind: type[LinefeedError]) -> list[type[LinefeedError]]:
    """A type and all below it."""
    return [each for below in kind.__subclasses__() for each in (below, *every_error(below))]


def test_every_error_of_the_core_has_a_status() -> None:
    at_start_only = {"BadConfiguration", "DataInUse"}
    missing = {kind.__name__ for kind in every_error(LinefeedError) if kind.__module__ == CORE and kind not in STATUSES}
    assert missing <= at_start_only


async def test_a_problem_has_what_the_rfc_names(asked: Ask) -> None:
    answer = await asked("GET", f"/api/v1/jobs/{'a' * 26}")
    assert answer.header("content-type") == "application/problem+json"
    assert answer.json == {
        "type": "about:blank", "title": "Not Found", "status": 404, "detail": "There is no job with this id.",
    }  # fmt: skip


async def test_elsewhere_it_is_a_page(asked: Ask) -> None:
    answer = await asked("GET", "/none")
    assert (answer.status, answer.header("content-type")) == (404, "text/html; charset=utf-8")
    assert b"There is nothing at this address." in answer.body
    assert answer.body.count(b"<h1") == 1


@pytest.mark.parametrize("path", ["/api/v1/jobs/" + "a" * 26, "/jobs/" + "a" * 26])
async def test_an_unexpected_error_is_logged_and_told_by_its_id_alone(
    asked: Ask, runner: Runner, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, path: str
) -> None:
    async def fail(*_: object, **__: object) -> None:
        raise RuntimeError("the secret is swordfish")

    monkeypatch.setattr(runner, "job", fail)
    monkeypatch.setattr(runner, "lines", fail)
    with caplog.at_level(logging.ERROR):
        answer = await asked("GET", path)
    record = next(record for record in caplog.records if "log id" in record.message)
    assert answer.status == 500
    assert b"swordfish" not in answer.body
    assert record.message.split()[-1].encode() in answer.body
    assert "swordfish" in caplog.text
