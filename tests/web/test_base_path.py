"""Under a prefix: every address that is given begins with it, and leads somewhere."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from ipaddress import ip_network
from pathlib import Path

import pytest
from quart import Quart

from runner.parameters import IntegerParameter
from runner.service import Runner
from runner.settings import AuthMode, AuthSettings, Settings
from runner.web import create_app
from runner.web.addresses import address
from runner.web.context import context_of
from runner.web.mount import Mount
from tests.support.asgi import Answer, Request, ask, send
from tests.support.commands import command, settings_of
from tests.support.jobs import end_of, start_job
from tests.support.links import addresses_in, walk
from tests.web.conftest import Ask

PREFIX = "/tools/linefeed"

Send = Callable[[str], str]


def passed_on(target: str) -> str:
    """What a proxy asks the app for that passes the prefix on."""
    return target


def taken_off(target: str) -> str:
    """What a proxy asks the app for that takes the prefix off."""
    return target.removeprefix(PREFIX) or "/"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A few commands under the prefix."""
    count = IntegerParameter(name="n", label="Up to", default=3)
    made = settings_of(tmp_path, command("count", "seq", "{n}", parameters=(count,)), command("wait", "sleep", "600"))
    return replace(made, server=replace(made.server, base_path=PREFIX))


@pytest.mark.parametrize("proxy", [passed_on, taken_off])
async def test_every_address_begins_with_the_prefix_and_leads_somewhere(
    app: Quart, runner: Runner, proxy: Send
) -> None:
    ended = await start_job(runner, "count", n=2_500)
    await end_of(runner, ended)

    async def follow(target: str) -> Answer:
        return await ask(app, "GET", proxy(target))

    answers, given = await walk(follow, [f"{PREFIX}/", f"{PREFIX}/jobs/{ended.id}/panel"])
    assert not {url for _, url in given if not url.startswith(f"{PREFIX}/")}
    assert not {url for url, answer in answers.items() if answer.status not in (200, 303, 422)}
    kinds = {kind for kind, _ in given}
    assert {"href", "action", "post", "formaction", "src", "hx-get", "refresh"} <= kinds
    assert len(answers) > 25


async def test_the_pages_of_a_running_job(asked: Ask, runner: Runner) -> None:
    job = await start_job(runner, "wait")
    given = [pair for page in ("", "/panel") for pair in addresses_in(await asked("GET", f"/jobs/{job.id}{page}"))]
    assert {"hx-get", "refresh", "post"} <= {kind for kind, _ in given}
    assert not [url for _, url in given if not url.startswith(f"{PREFIX}/")]


async def test_what_sends_somewhere_else_names_the_prefix(asked: Ask, runner: Runner) -> None:
    job = await start_job(runner, "wait")
    sent = [
        await asked(
            "POST", f"{PREFIX}/jobs", [(b"content-type", b"application/x-www-form-urlencoded")], b"command=wait"
        ),
        await asked("POST", f"{PREFIX}/jobs/{job.id}/stop"),
        await asked("GET", f"{PREFIX}/commands?command=count"),
        await asked("GET", f"{PREFIX}/commands"),
        await asked("POST", f"{PREFIX}/api/v1/jobs", (), {"command": "wait"}),
    ]
    assert [answer.status for answer in sent] == [303, 303, 303, 303, 201]
    assert all((answer.header("location") or "").startswith(f"{PREFIX}/") for answer in sent)


@pytest.mark.parametrize("path", ["/none", "/jobs/none", "/jobs?state=none"])
@pytest.mark.parametrize("prefix", ["", PREFIX])
async def test_the_links_of_an_error_page(asked: Ask, path: str, prefix: str) -> None:
    answer = await asked("GET", prefix + path)
    assert answer.status in (400, 404)
    assert {url for kind, url in addresses_in(answer) if kind == "href"} >= {f"{PREFIX}/", f"{PREFIX}/jobs"}


async def test_a_line_that_is_not_there_leads_back_to_the_job(asked: Ask, runner: Runner) -> None:
    job = await start_job(runner, "count")
    await end_of(runner, job)
    answer = await asked("GET", f"{PREFIX}/jobs/{job.id}?line=99")
    assert ("href", f"{PREFIX}/jobs/{job.id}?after=0") in set(addresses_in(answer))


@pytest.mark.parametrize("path", ["/", "/jobs", "/sessions"])
async def test_the_way_to_the_sign_in_page_and_back(settings: Settings, path: str) -> None:
    app = create_app(replace(settings, auth=AuthSettings(AuthMode.TOKEN)))
    async with app.test_app():
        answer = await ask(app, "GET", PREFIX + path)
        assert answer.status in (303, 401)
        assert all(url.startswith(f"{PREFIX}/") for _, url in addresses_in(answer))


@pytest.mark.parametrize(("prefix", "path"), [(PREFIX, PREFIX), ("", "/")])
async def test_the_browsers_cookie_is_for_the_prefix_with_and_without_a_slash(
    settings: Settings, prefix: str, path: str
) -> None:
    app = create_app(replace(settings, server=replace(settings.server, base_path=prefix)))
    async with app.test_app():
        (cookie,) = cookies(await ask(app, "GET", f"{prefix}/"))
    assert cookie.startswith("linefeed_browser=")
    assert f"Path={path};" in f"{cookie};"


@pytest.mark.parametrize(
    ("scheme", "host", "name", "path"),
    [
        ("http", "localhost", "linefeed_session", PREFIX),
        ("http", "localhost:8123", "linefeed_session_8123", PREFIX),
        ("https", "localhost", "__Host-linefeed_session_tools_linefeed", "/"),
        ("https", "localhost:8443", "__Host-linefeed_session_8443_tools_linefeed", "/"),
    ],
)
async def test_the_sessions_cookie_is_for_the_prefix_or_names_it(
    settings: Settings, scheme: str, host: str, name: str, path: str
) -> None:
    behind = replace(settings.server, trusted_proxies=(ip_network("127.0.0.1"),))
    app = create_app(replace(settings, server=behind, auth=AuthSettings(AuthMode.TOKEN)))
    told = [(b"host", host.encode()), (b"x-forwarded-proto", scheme.encode())]
    async with app.test_app():
        (cookie,) = cookies(await ask(app, "GET", f"{PREFIX}/?token={context_of(app).start_token}", told))
        back = (b"cookie", cookie.partition(";")[0].encode())
        assert (await ask(app, "GET", PREFIX, [*told, back])).status == 200
    assert cookie.startswith(f"{name}=")
    assert f"Path={path};" in f"{cookie};"
    assert ("Secure" in cookie) == (scheme == "https")


def cookies(answer: Answer) -> list[str]:
    """The cookies that an answer sets, whole."""
    return [value for name, value in answer.headers if name == "set-cookie"]


@pytest.mark.parametrize(
    ("sent", "seen"),
    [
        (PREFIX, "/"),
        (f"{PREFIX}/", "/"),
        (f"{PREFIX}/jobs", "/jobs"),
        (f"{PREFIX}{PREFIX}/x", f"{PREFIX}/x"),
        (f"{PREFIX}//x", "//x"),
        ("/", "/"),
        ("/jobs", "/jobs"),
        ("/tools", "/tools"),
        ("/tools/linefeeds", "/tools/linefeeds"),
        ("/x/tools/linefeed/jobs", "/x/tools/linefeed/jobs"),
    ],
)
async def test_what_is_taken_off(sent: str, seen: str) -> None:
    paths = []

    async def app(scope: dict[str, object], *_: object) -> None:
        paths.append((scope["path"], scope["raw_path"]))

    await Mount(app, PREFIX)(Request("GET", sent).scope(), None, None)  # type: ignore[arg-type] # asks for nothing
    assert paths == [(seen, seen.encode())]


@pytest.fixture
async def other(tmp_path: Path) -> AsyncIterator[Quart]:
    """Another app in the same process, under no prefix."""
    web = create_app(settings_of(tmp_path / "other", command("wait", "sleep", "600")))
    async with web.test_app():
        yield web


async def test_two_apps_do_not_mix(app: Quart, other: Quart) -> None:
    request = Request("GET", "/")
    for _ in range(5):
        first, second = await asyncio.gather(send(app, request), send(other, request))
        assert all(url.startswith(f"{PREFIX}/") for _, url in addresses_in(first))
        assert not any(url.startswith(PREFIX) for _, url in addresses_in(second))


async def test_the_prefix_is_over_with_the_request(app: Quart, other: Quart) -> None:
    await ask(app, "GET", "/")
    assert address("/jobs") == "/jobs"
    answer = await ask(other, "GET", f"{PREFIX}/")
    assert answer.status == 404
    assert not any(url.startswith(PREFIX) for _, url in addresses_in(answer))
