"""Junk at every route: whatever is sent, nothing is a 500."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from quart import Quart

from runner.service import Runner
from tests.support.asgi import Request, send
from tests.support.jobs import end_of, start_job

METHODS = ["GET", "HEAD", "POST", "OPTIONS", "PUT", "DELETE", "TRACE", "X"]
KEYS = ["after", "limit", "wait", "seen", "before", "state", "command", "line", "q", "stream", "follow", "r", "v", "n"]

words = st.one_of(
    st.text(max_size=12),
    st.integers(-10, 10**20).map(str),
    st.sampled_from(
        ["", "0", "1", "3", "-1", "nan", "..", "%00", "%ff", "1-2", "2-1", "running", "stdout", "1" * 5000]
    ),
)
values = words.filter(lambda word: not set(word) & set("&#?")).map(
    lambda word: word.encode("utf-8", "replace").decode("latin1")
)
paths = st.sampled_from(
    [
        "/", "/jobs", "/jobs/{id}", "/jobs/{id}/lines", "/jobs/{id}/log", "/jobs/{id}/stop", "/commands/count",
        "/commands/{junk}", "/jobs/{junk}", "/jobs/{junk}/lines", "/api/v1/jobs", "/api/v1/jobs/{id}",
        "/api/v1/jobs/{id}/lines", "/api/v1/jobs/{id}/stop", "/api/v1/jobs/{junk}/lines", "/api/v1/commands",
        "/static/{junk}", "/healthz", "/{junk}", "/api/{junk}",
    ]
)  # fmt: skip
bodies = st.one_of(
    st.binary(max_size=60),
    st.sampled_from([b"", b"{}", b'{"command":"count","parameters":{"n":[]}}', b"command=count&n=x", b"command=%ff"]),
)
headers = st.lists(
    st.tuples(
        st.sampled_from(
            [b"cookie", b"content-type", b"accept", b"if-none-match", b"range", b"hx-request", b"content-length",
             b"transfer-encoding", b"origin", b"referer", b"authorization", b"x"]
        ),
        st.one_of(
            st.binary(max_size=12),
            st.sampled_from([b"multipart/form-data; boundary=x", b"application/x-www-form-urlencoded", b"bytes=5-1"]),
        ),
    ),
    max_size=4,
)  # fmt: skip


@st.composite
def requests(draw: st.DrawFn) -> Request:
    """Some request; ``{id}`` stands for a real job."""
    path = draw(paths).replace("{junk}", draw(values))
    query = "&".join(
        f"{key}={value}" for key, value in draw(st.lists(st.tuples(st.sampled_from(KEYS), values), max_size=3))
    )
    target = f"{path}?{query}".replace("wait=", "wait=0")  # no example is worth waiting for
    return Request(draw(st.sampled_from(METHODS)), target, tuple(draw(headers)), draw(bodies))


@pytest.fixture
async def job_id(runner: Runner) -> str:
    """A finished job of ten lines."""
    job = await start_job(runner, "count", n=10)
    await end_of(runner, job)
    return job.id


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(request_=requests())
async def test_nothing_is_a_500(app: Quart, job_id: str, request_: Request) -> None:
    target = request_.target.replace("{id}", job_id)
    answer = await send(app, Request(request_.method, target, request_.headers, request_.body))
    assert answer.status < 500
    assert answer.header("x-content-type-options") == "nosniff"
