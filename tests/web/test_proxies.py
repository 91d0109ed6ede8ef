"""Behind a proxy: whom a request is from, and that nobody else can say so."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Any

import pytest

from runner.settings import AuthMode, AuthSettings, ServerSettings, Settings
from runner.web.asgi import Message, Receive, Scope
from runner.web.asgi import Send as AsgiSend
from runner.web.security import Guard
from runner.web.security.peer import MOST_PROXIES, Peers, client_of, proxy_user
from runner.web.security.refusal import Refusal
from tests.support.asgi import Answer, Request, send
from tests.support.commands import settings_of

PROXY = "10.0.0.1"
STRANGER = "203.0.113.9"
READER = "198.51.100.7"

Headers = list[tuple[bytes, bytes]]


def trusting(folder: Path, mode: AuthMode = AuthMode.PROXY, **server: Any) -> Settings:
    """Settings that trust 10.0.0.0/8 and fd00::/8."""
    networks: tuple[IPv4Network | IPv6Network, ...] = (ip_network("10.0.0.0/8"), ip_network("fd00::/8"))
    made = settings_of(folder, auth=AuthSettings(mode))
    return replace(made, server=replace(ServerSettings(trusted_proxies=networks), **server))


def admitted(settings: Settings, peer: str | None, headers: Headers, scheme: str = "http") -> Scope | Refusal:
    """The request as the app sees it."""
    client = None if peer is None else (peer, 1234)
    return Peers(settings).admit({**Request("GET", "/", tuple(headers)).scope(), "client": client, "scheme": scheme})


def seen(settings: Settings, peer: str | None, headers: Headers, scheme: str = "http") -> Scope:
    """The request as the app sees it, which is not refused."""
    scope = admitted(settings, peer, headers, scheme)
    assert not isinstance(scope, Refusal)
    return scope


def forwarded(*entries: str) -> Headers:
    """X-Forwarded-For in as many headers."""
    return [(b"x-forwarded-for", entry.encode()) for entry in entries]


@pytest.mark.parametrize(
    ("peer", "headers", "client"),
    [
        (PROXY, forwarded(READER), READER),
        (PROXY, forwarded(f"1.2.3.4, {READER}"), READER),
        (PROXY, forwarded(f"1.2.3.4, {READER}, 10.9.9.9"), READER),
        (PROXY, forwarded("1.2.3.4", f"{READER} , 10.9.9.9"), READER),
        (PROXY, forwarded(f"nonsense, {READER}"), READER),
        (PROXY, forwarded("10.1.1.1, 10.2.2.2"), "10.1.1.1"),
        (PROXY, forwarded("2001:db8::1"), "2001:db8::1"),
        (PROXY, forwarded("::ffff:198.51.100.7"), READER),
        ("::ffff:10.0.0.1", forwarded(READER), READER),
        ("fd00::1", forwarded(READER), READER),
        (PROXY, [], PROXY),
        (PROXY, forwarded(""), PROXY),
        (PROXY, forwarded(f"{READER},"), PROXY),
        (PROXY, forwarded("unknown"), PROXY),
        (PROXY, forwarded("_hidden"), PROXY),
        (PROXY, forwarded(f"{READER}, nonsense, 10.1.1.1"), PROXY),
        (PROXY, forwarded("1.2.3.4:80"), PROXY),
        (PROXY, forwarded("999.1.1.1"), PROXY),
        (PROXY, [(b"x-forwarded-for", b"\xff\xfe")], PROXY),
        (PROXY, forwarded(", ".join([READER] + ["10.0.0.2"] * MOST_PROXIES)), "10.0.0.2"),
        (PROXY, forwarded(",".join(["10.0.0.2"] * 10_000)), "10.0.0.2"),
        (PROXY, [(b"x_forwarded_for", READER.encode())], PROXY),
        (PROXY, [(b"forwarded", b"for=198.51.100.7")], PROXY),
        (STRANGER, forwarded(READER), STRANGER),
        ("11.0.0.1", forwarded(READER), "11.0.0.1"),
        (None, forwarded(READER), "unix"),
        ("127.0.0.1", forwarded(READER), "127.0.0.1"),
        ("::1", forwarded(READER), "::1"),
        ("fe80::1%eth0", [], "fe80::1"),
    ],
)
def test_whose_address_counts(tmp_path: Path, peer: str | None, headers: Headers, client: str) -> None:
    assert client_of(seen(trusting(tmp_path), peer, headers)) == client


def test_a_unix_socket_may_be_the_proxys(tmp_path: Path) -> None:
    settings = trusting(tmp_path, proxy_on_socket=True)
    assert client_of(seen(settings, None, forwarded(READER))) == READER
    assert client_of(seen(settings, "", forwarded(READER))) == READER
    assert client_of(seen(settings, None, [])) == "unix"
    assert client_of(seen(settings, STRANGER, forwarded(READER))) == STRANGER


def test_nobody_is_known_before_the_guard() -> None:
    assert client_of(Request("GET", "/").scope()) == "unknown"
    assert proxy_user(Request("GET", "/").scope()) is None


USER = (b"x-forwarded-user", b"ann")
GROUPS = (b"x-forwarded-groups", b"ops, , dev,ops")


def test_a_trusted_proxy_names_the_user(tmp_path: Path) -> None:
    settings = trusting(tmp_path)
    assert proxy_user(seen(settings, PROXY, [USER, GROUPS])) == ("ann", frozenset({"ops", "dev"}))
    assert (
        proxy_user(seen(settings, PROXY, [(b"X-Forwarded-User", "ännä".encode())])) is None
    )  # names come in lower case
    assert proxy_user(seen(settings, PROXY, [(USER[0], " ännä ".encode())])) == ("ännä", frozenset())


@pytest.mark.parametrize("peer", [STRANGER, None, "127.0.0.1", "11.0.0.1", "::ffff:203.0.113.9"])
def test_nobody_else_does(tmp_path: Path, peer: str | None) -> None:
    assert proxy_user(seen(trusting(tmp_path), peer, [USER, GROUPS])) is None


@pytest.mark.parametrize("mode", [mode for mode in AuthMode if mode is not AuthMode.PROXY])
def test_in_no_other_mode(tmp_path: Path, mode: AuthMode) -> None:
    assert proxy_user(seen(trusting(tmp_path, mode), PROXY, [USER, GROUPS])) is None


@pytest.mark.parametrize("headers", [[], [GROUPS], [(USER[0], b"")], [(USER[0], b"  "), GROUPS]])
def test_no_name_is_nobody(tmp_path: Path, headers: Headers) -> None:
    assert proxy_user(seen(trusting(tmp_path), PROXY, headers)) is None


@pytest.mark.parametrize(
    "headers",
    [
        [USER, USER],
        [USER, (USER[0], b"eve")],
        [USER, GROUPS, GROUPS],
        [(USER[0], b"\xff")],
        [(USER[0], b"a\tb")],
        [(USER[0], "a\u202eb".encode())],
        [(USER[0], b"a" * 257)],
        [USER, (GROUPS[0], b"ops,\xff")],
    ],
)
def test_a_user_that_cannot_be_told_is_refused(tmp_path: Path, headers: Headers) -> None:
    refusal = admitted(trusting(tmp_path), PROXY, headers)
    assert isinstance(refusal, Refusal)
    assert refusal.status == 400
    assert not isinstance(admitted(trusting(tmp_path), STRANGER, headers), Refusal)


SAID = [
    (b"forwarded", b"for=1.2.3.4;proto=https"), (b"x-forwarded-for", b"1.2.3.4"), (b"x-forwarded-proto", b"https"),
    USER, GROUPS, (b"x_forwarded_user", b"ann"), (b"x-forwarded_user", b"ann"), (b"x_forwarded_groups", b"ops"),
    (b"x_forwarded_for", b"1.2.3.4"), (b"x_forwarded_proto", b"https"),
]  # fmt: skip


@pytest.mark.parametrize("peer", [PROXY, STRANGER, None])
@pytest.mark.parametrize("mode", AuthMode)
def test_no_route_sees_what_only_a_proxy_may_say(tmp_path: Path, peer: str | None, mode: AuthMode) -> None:
    kept = [(b"host", b"localhost"), (b"cookie", b"a=b"), (b"x_other", b"1")]
    assert seen(trusting(tmp_path, mode), peer, [*kept, *SAID])["headers"] == kept


def test_headers_of_other_names(tmp_path: Path) -> None:
    settings = trusting(tmp_path)
    settings = replace(settings, auth=replace(settings.auth, user_header="Remote-User", groups_header="Remote-Groups"))
    sent: Headers = [(b"remote-user", b"ann"), (b"remote-groups", b"ops"), (b"remote_user", b"eve")]
    scope = seen(settings, PROXY, sent)
    assert proxy_user(scope) == ("ann", frozenset({"ops"}))
    assert [name for name, _ in scope["headers"]] == [b"host"]
    assert proxy_user(seen(settings, PROXY, [USER])) is None


@pytest.mark.parametrize(
    ("peer", "sent", "own", "scheme"),
    [
        (PROXY, [b"https"], "http", "https"),
        (PROXY, [b" HTTPS "], "http", "https"),
        (PROXY, [b"http"], "http", "http"),
        (PROXY, [b"http"], "https", "https"),
        (PROXY, [b"https", b"http"], "http", "http"),
        (PROXY, [b"https,http"], "http", "http"),
        (PROXY, [b"javascript"], "http", "http"),
        (PROXY, [], "http", "http"),
        (STRANGER, [b"https"], "http", "http"),
        (STRANGER, [b"http"], "https", "https"),
    ],
)
def test_what_the_browser_speaks(tmp_path: Path, peer: str, sent: list[bytes], own: str, scheme: str) -> None:
    headers = [(b"x-forwarded-proto", value) for value in sent]
    assert seen(trusting(tmp_path), peer, headers, own)["scheme"] == scheme


async def echo(scope: Scope, receive: Receive, send: AsgiSend) -> None:
    """An app behind the guard: says that it was reached."""
    start: Message = {"type": "http.response.start", "status": 200, "headers": []}
    await send(start)
    await send({"type": "http.response.body", "body": client_of(scope).encode()})


class From:
    """Sends requests to a guarded app as a peer with an address."""

    def __init__(self, settings: Settings, address: str, scheme: str = "http") -> None:
        self._guard = Guard(echo, settings)
        self._told = {"client": (address, 1), "scheme": scheme}

    async def __call__(self, scope: Scope, receive: Receive, send: AsgiSend) -> None:
        await self._guard({**scope, **self._told}, receive, send)

    async def ask(self, method: str, headers: Headers) -> Answer:
        """The answer of the guard or of the app."""
        return await send(self, Request(method, "/", tuple(headers)))


HTTP, HTTPS = (b"origin", b"http://localhost"), (b"origin", b"https://localhost")
SAYS_HTTP, SAYS_HTTPS = (b"x-forwarded-proto", b"http"), (b"x-forwarded-proto", b"https")


@pytest.mark.parametrize(
    ("peer", "own", "headers", "status"),
    [
        (PROXY, "http", [SAYS_HTTPS, HTTPS], 200),
        (PROXY, "http", [SAYS_HTTPS, HTTP], 403),
        (PROXY, "http", [SAYS_HTTP, HTTP], 200),
        (PROXY, "http", [SAYS_HTTP, HTTPS], 403),
        (PROXY, "http", [HTTPS], 200),
        (PROXY, "http", [HTTP], 200),
        (STRANGER, "https", [HTTPS], 200),
        (STRANGER, "https", [HTTP], 403),
        (STRANGER, "https", [HTTP, (b"sec-fetch-site", b"same-origin")], 403),
        (STRANGER, "https", [(b"sec-fetch-site", b"same-origin")], 200),
        (STRANGER, "https", [(b"origin", b"https://localhost:443")], 200),
        (STRANGER, "https", [(b"origin", b"http://localhost:443")], 403),
        (STRANGER, "http", [HTTPS], 200),
        (STRANGER, "http", [HTTP], 200),
        (STRANGER, "http", [SAYS_HTTPS, HTTP], 200),
        (STRANGER, "https", [], 200),
    ],
)
async def test_the_scheme_is_part_of_the_origin(
    tmp_path: Path, peer: str, own: str, headers: Headers, status: int
) -> None:
    assert (await From(trusting(tmp_path), peer, own).ask("POST", headers)).status == status


async def test_two_users_are_refused_at_the_door(tmp_path: Path) -> None:
    answer = await From(trusting(tmp_path), PROXY).ask("GET", [USER, USER])
    assert (answer.status, b"more than one" in answer.body) == (400, True)
    assert (await From(trusting(tmp_path), PROXY).ask("GET", [USER, *forwarded(READER)])).body == READER.encode()
