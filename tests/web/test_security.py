"""Who may ask, and what every answer carries."""

from __future__ import annotations

import pytest

from runner.service import Runner
from tests.support.asgi import Request, send
from tests.support.jobs import start_job
from tests.web.conftest import Ask

Headers = list[tuple[bytes, bytes]]

ROUTES = [
    ("GET", "/"), ("GET", "/jobs"), ("GET", "/healthz"), ("GET", "/static/htmx.min.js"), ("GET", "/static/none.css"),
    ("GET", "/api/v1/commands"), ("GET", "/api/v1/jobs"), ("GET", "/api/v1/none"), ("GET", "/none"),
    ("POST", "/api/v1/jobs"), ("POST", "/none"), ("DELETE", "/"), ("OPTIONS", "/"), ("HEAD", "/"), ("TRACE", "/x"),
    ("GET", f"/jobs/{'a' * 26}/log"), ("GET", f"/jobs/{'a' * 26}"), ("GET", "/" + "x" * 9000),
]  # fmt: skip


@pytest.mark.parametrize(("method", "path"), ROUTES)
async def test_headers_are_on_every_answer(asked: Ask, method: str, path: str) -> None:
    answer = await asked(method, path)
    policy = answer.header("content-security-policy") or ""
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert answer.header("x-content-type-options") == "nosniff"
    assert answer.header("referrer-policy") == "same-origin"
    assert answer.header("cross-origin-opener-policy") == "same-origin"
    assert answer.header("cross-origin-resource-policy") == "same-origin"
    assert "camera=()" in (answer.header("permissions-policy") or "")
    if not path.startswith("/static/h"):
        assert answer.header("cache-control") == "no-store"


async def test_refused_answers_carry_them_too(asked: Ask) -> None:
    answer = await asked("POST", "/api/v1/jobs", [(b"origin", b"http://evil.example")])
    assert answer.status == 403
    assert answer.header("content-type") == "application/problem+json"
    assert answer.header("x-content-type-options") == "nosniff"


@pytest.mark.parametrize("host", [b"localhost", b"LOCALHOST:1", b"127.0.0.1:65535", b"[::1]", b"[::1]:8000"])
async def test_hosts_that_are_answered(asked: Ask, host: bytes) -> None:
    assert (await asked("GET", "/healthz", [(b"host", host)])).body == b"ok\n"


@pytest.mark.parametrize("path", ["/", "/healthz", "/none", "/static/htmx.min.js", "/api/v1/commands"])
@pytest.mark.parametrize("host", [b"evil.example", b"localhost.evil.example", b"127.0.0.2", b"0.0.0.0", b"[::2]"])
async def test_other_hosts_are_refused_on_every_route(asked: Ask, path: str, host: bytes) -> None:
    answer = await asked("GET", path, [(b"host", host)])
    assert answer.status == 421
    assert host not in answer.body


@pytest.mark.parametrize(
    "host",
    [b"", b" ", b"localhost:", b"localhost:x", b"localhost:123456", b"a@localhost", b"localhost/", b"::1", b"\xff"],
)
async def test_a_malformed_host(asked: Ask, host: bytes) -> None:
    assert (await asked("GET", "/healthz", [(b"host", host)])).status == 400


async def test_no_host_and_two_hosts(asked: Ask, app: object) -> None:
    assert (await send(app, Request("GET", "/healthz", bare=True))).status == 400
    assert (await asked("GET", "/healthz", [(b"host", b"localhost"), (b"host", b"localhost")])).status == 400


SAME: list[Headers] = [
    [],
    [(b"origin", b"http://localhost")],
    [(b"origin", b"http://localhost:80")],
    [(b"origin", b"https://localhost")],
    [(b"origin", b"http://localhost:8000"), (b"host", b"localhost:8000")],
    [(b"origin", b"http://[::1]:8000"), (b"host", b"[::1]:8000")],
    [(b"sec-fetch-site", b"same-origin")],
    [(b"sec-fetch-site", b"none")],
    [(b"sec-fetch-site", b"same-origin"), (b"origin", b"http://localhost")],
    [(b"sec-fetch-site", b"same-origin"), (b"origin", b"null")],
]
OTHER: list[Headers] = [
    [(b"origin", b"http://evil.example")],
    [(b"origin", b"http://localhost:8000")],
    [(b"origin", b"http://localhost.evil.example")],
    [(b"origin", b"http://evil.example/http://localhost")],
    [(b"origin", b"http://evil@localhost")],
    [(b"origin", b"null")],
    [(b"origin", b"")],
    [(b"origin", b"localhost")],
    [(b"origin", b"file://localhost")],
    [(b"origin", b"http://localhost"), (b"origin", b"http://evil.example")],
    [(b"sec-fetch-site", b"cross-site")],
    [(b"sec-fetch-site", b"same-site")],
    [(b"sec-fetch-site", b"")],
    [(b"sec-fetch-site", b"SAME-ORIGIN")],
    [(b"sec-fetch-site", b"same-origin"), (b"sec-fetch-site", b"cross-site")],
    [(b"sec-fetch-site", b"cross-site"), (b"origin", b"http://localhost")],
    [(b"sec-fetch-site", b"same-origin"), (b"origin", b"http://evil.example")],
    [(b"sec-fetch-site", b"cross-site"), (b"authorization", b"Bearer x")],
]


@pytest.mark.parametrize("headers", SAME)
async def test_the_own_site_may_start(asked: Ask, headers: Headers) -> None:
    assert (await asked("POST", "/api/v1/jobs", headers, {"command": "nothing"})).status == 201


@pytest.mark.parametrize("headers", OTHER)
async def test_another_site_may_change_nothing(asked: Ask, runner: Runner, headers: Headers) -> None:
    job = await start_job(runner, "wait")
    for path in ("/api/v1/jobs", f"/api/v1/jobs/{job.id}/stop", "/jobs", f"/jobs/{job.id}/stop", "/none"):
        assert (await asked("POST", path, headers, {"command": "nothing"})).status == 403
    assert [each.id for each in (await runner.jobs()).jobs] == [job.id]
    assert (await runner.job(job.id)).state.name == "running"


@pytest.mark.parametrize("headers", OTHER)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_reading_is_not_asked_where_from(asked: Ask, method: str, headers: Headers) -> None:
    assert (await asked(method, "/healthz", headers)).status == 200


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "TRACE", "CONNECT", "PROPFIND", "X"])
@pytest.mark.parametrize("path", ["/", "/healthz", "/none", "/api/v1/jobs", "/api/none", "/static/htmx.min.js"])
async def test_other_methods_do_not_exist(asked: Ask, method: str, path: str) -> None:
    answer = await asked(method, path)
    assert answer.status == 405
    assert "GET" in (answer.header("allow") or "")


async def test_a_post_where_only_get_is(asked: Ask) -> None:
    answer = await asked("POST", "/healthz")
    assert (answer.status, answer.header("allow")) == (405, "GET, HEAD, OPTIONS")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ([(b"content-length", b"0"), (b"transfer-encoding", b"chunked")], 400),
        ([(b"content-length", b"0"), (b"content-length", b"0")], 400),
        ([(b"x-%d" % number, b"y") for number in range(100)], 431),
        ([(b"x", b"y" * 33_000)], 431),
        ([(b"x", b"a\nb: c")], 400),
        ([(b"x", b"a\0")], 400),
        ([(b"x-%d" % number, b"y") for number in range(90)], 200),
    ],
)
async def test_headers_that_are_refused(asked: Ask, headers: Headers, status: int) -> None:
    assert (await asked("GET", "/healthz", headers)).status == status


@pytest.mark.parametrize("target", ["http://evil.example/healthz", "*", "", "?x", "healthz"])
async def test_a_target_that_is_no_path(asked: Ask, target: str) -> None:
    assert (await asked("GET", target)).status == 400


async def test_a_long_address(asked: Ask) -> None:
    assert (await asked("GET", "/healthz?" + "x" * 8_200)).status == 414
    assert (await asked("GET", "/healthz?" + "x" * 8_000)).status == 200


async def test_a_websocket_is_closed(app: object) -> None:
    messages: list[dict[str, object]] = []

    async def receive() -> dict[str, object]:
        return {"type": "websocket.connect"}

    async def collect(message: dict[str, object]) -> None:
        messages.append(message)

    scope = {**Request("GET", "/").scope(), "type": "websocket", "subprotocols": []}
    await app(scope, receive, collect)  # type: ignore[operator] # an ASGI app
    assert [message["type"] for message in messages] == ["websocket.close"]
