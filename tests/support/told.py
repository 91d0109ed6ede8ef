"""A server that is told secrets: what it answered, what it wrote, and where a secret would be found in all that."""

from __future__ import annotations

import base64
import html
import json
import re
import socket
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, quote_plus

import httpx

from tests.support.server import Server

OWN_SITE = {"Sec-Fetch-Site": "same-origin"}
PIECE = 14
"""Characters of a secret by which it is found, at its beginning and at its end: it may have been cut."""

_FORM_TOKEN = re.compile(rb'name="_token" value="([\w-]{86})"')


@dataclass(frozen=True, slots=True)
class Heard:
    """What came back to one request, without the cookies that it set and the form tokens of its own forms."""

    asked: str
    status: int
    content: bytes


@dataclass(slots=True)
class Told:
    """A server, each secret that it was told or gave out, by what it is, and each of its answers."""

    server: Server
    secrets: dict[str, str] = field(default_factory=dict)
    answers: list[Heard] = field(default_factory=list)
    _http: httpx.Client = field(default_factory=lambda: httpx.Client(trust_env=False, verify=False, timeout=30.0))  # noqa: S501 - plain HTTP: certificates are not even loaded

    def new(self, name: str, value: str) -> str:
        """Remember a secret."""
        self.secrets[name] = value
        return value

    def ask(
        self,
        method: str,
        path: str,
        cookies: str = "",
        headers: Mapping[str, str] | None = None,
        fields: Mapping[str, str] | None = None,
        sent: object = None,
    ) -> httpx.Response:
        """Send a request with a form's ``fields``, or with ``sent`` as JSON. What the answer gives is a secret."""
        told = {"Cookie": cookies, **(headers or {})} if cookies else headers
        self._http.cookies.clear()
        answer = self._http.request(method, self.server.url + path, headers=told, data=fields, json=sent)
        asked = f"{method} {path.partition('?')[0]}"
        for number, cookie in enumerate(filter(None, answer.cookies.values()), 1):
            self.new(f"cookie {number} of answer {len(self.answers)}, to {asked}", cookie)
        for token in _FORM_TOKEN.findall(answer.content):
            self.new(f"form token of answer {len(self.answers)}, to {asked}", token.decode())
        head = [name + b": " + value for name, value in answer.headers.raw if name.lower() != b"set-cookie"]
        body = _FORM_TOKEN.sub(b"", answer.content)
        self.answers.append(Heard(asked, answer.status_code, b"\n".join([*head, body])))
        return answer

    def form(self, path: str, cookies: str = "", **fields: str) -> httpx.Response:
        """Send a form as a page of the server's own does."""
        return self.ask("POST", path, cookies, OWN_SITE, fields)

    def send(self, request: str) -> None:
        """Send what no browser would; lines end in ``\\n`` here. Then hang up."""
        with socket.create_connection(("127.0.0.1", int(self.server.url.rpartition(":")[2])), timeout=10.0) as wire:
            wire.sendall(request.replace("\n", "\r\n").encode())
            wire.shutdown(socket.SHUT_WR)
            content = b"".join(iter(lambda: wire.recv(1 << 16), b""))
        self.answers.append(Heard("raw request", int(content[9:12] or 0), content))

    def close(self) -> None:
        """Hang up."""
        self._http.close()


def cookies_of(answer: httpx.Response) -> str:
    """What a browser sends back that got this answer."""
    return "; ".join(f"{name}={value}" for name, value in answer.cookies.items())


def found_in(content: bytes, secrets: Mapping[str, str]) -> list[str]:
    """What secrets ``content`` has a piece of, however it is written."""
    return [name for name, secret in secrets.items() if any(piece in content for piece in _pieces(secret))]


def files_below(folder: Path) -> dict[str, bytes]:
    """Every file there that has any content."""
    paths = (path for path in folder.rglob("*") if path.is_file() and path.stat().st_size)
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths}


def processes() -> dict[str, bytes]:
    """The arguments and the environment of every process."""
    found = {}
    for path in (*Path("/proc").glob("[0-9]*/cmdline"), *Path("/proc").glob("[0-9]*/environ")):
        try:
            found[str(path)] = path.read_bytes()
        except OSError:  # it has ended meanwhile
            continue
    return found


def _pieces(secret: str) -> Iterator[bytes]:
    for text in {secret, quote(secret), quote_plus(secret), html.escape(secret), json.dumps(secret)[1:-1]}:
        yield text[:PIECE].encode()
        yield text[-PIECE:].encode()
    yield base64.b64encode(secret.encode())[:PIECE]
    yield secret.encode().hex()[: 2 * PIECE].encode()
