"""Queries that nobody sane would write."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from tests.web.conftest import Ask

NO_NUMBERS = [
    "-1",
    "",
    " 1",
    "1 ",
    "+1",
    "1.0",
    "1e3",
    "0x10",
    "x",
    "²",
    "٣",
    "1_000",
    "9" * 19,
    "9" * 5000,
    "\x00",
    "1\n",
]
NO_WAITS = ["-1", "", "nan", "inf", "-inf", "1e1", "30.1", "31", "1.", ".5", "1,5", "٣", "9" * 400, "0x1"]


@pytest.mark.parametrize("key", ["after", "limit", "seen"])
@pytest.mark.parametrize("value", NO_NUMBERS)
async def test_no_whole_number(asked: Ask, key: str, value: str) -> None:
    await refused(asked, key, value)


@pytest.mark.parametrize("value", NO_WAITS)
async def test_no_wait(asked: Ask, value: str) -> None:
    await refused(asked, "wait", value)


@pytest.mark.parametrize("value", ["0", "20001", "999999999999"])
async def test_a_limit_out_of_range(asked: Ask, value: str) -> None:
    await refused(asked, "limit", value)


async def refused(asked: Ask, key: str, value: str) -> None:
    """Assert that this is a 400 that names the key, before anybody looks for the job."""
    answer = await asked("GET", f"/api/v1/jobs/{'a' * 26}/lines?{key}={quote(value)}")
    assert (answer.status, answer.header("content-type")) == (400, "application/problem+json")
    assert list(answer.json["errors"]) == [key]


@pytest.mark.parametrize("key", ["after", "limit", "wait", "seen"])
async def test_a_key_sent_twice(asked: Ask, key: str) -> None:
    answer = await asked("GET", f"/api/v1/jobs/{'a' * 26}/lines?{key}=1&{key}=1")
    assert (answer.status, list(answer.json["errors"])) == (400, [key])


@pytest.mark.parametrize(
    ("query", "key"),
    [
        ("state=done", "state"),
        ("state=", "state"),
        ("state=queued&state=running", "state"),
        ("limit=0", "limit"),
        ("limit=1001", "limit"),
        ("before=x", "before"),
        ("before=" + "a" * 26, "before"),
        ("before=..%2F..%2Fetc", "before"),
    ],
)
async def test_a_list_of_jobs_that_cannot_be(asked: Ask, query: str, key: str) -> None:
    answer = await asked("GET", f"/api/v1/jobs?{query}")
    assert (answer.status, list(answer.json["errors"])) == (400, [key])


@pytest.mark.parametrize("query", ["stream=both", "stream=", "follow=yes", "follow=1&follow=1", "stream=stdin"])
async def test_a_log_that_cannot_be(asked: Ask, query: str) -> None:
    assert (await asked("GET", f"/jobs/{'a' * 26}/log?{query}")).status == 400


@pytest.mark.parametrize("query", ["%", "%zz", "=", "&&&", "a=%ff", "%00=%00", "after", "after[]=1", "?" * 100])
async def test_queries_that_say_nothing(asked: Ask, query: str) -> None:
    assert (await asked("GET", f"/api/v1/jobs/{'a' * 26}/lines?{query}")).status in {400, 404}
