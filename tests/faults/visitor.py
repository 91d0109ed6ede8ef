"""Somebody with a browser: one keep-alive connection, cookies, and forms sent from the site's own pages."""

from __future__ import annotations

import re
from urllib.parse import urlencode

from benchmarks.connection import Connection, Head, Response

_COOKIE = re.compile(r"^set-cookie: ([^=;]+)=([^;\r]*)", re.IGNORECASE | re.MULTILINE)


class Visitor(Connection):
    """A ``Connection`` that keeps the cookies it is given and sends them back."""

    cookies: dict[str, str]

    @classmethod
    async def open(cls, url: str) -> Visitor:
        """Connect to the server of ``url``, with no cookie yet."""
        opened = await super().open(url)
        assert isinstance(opened, Visitor)
        opened.cookies = {}
        return opened

    async def post(self, path: str, **fields: str) -> Response:
        """Send a form."""
        return await self.request("POST", path, urlencode(fields).encode())

    async def sign_in(self, name: str, password: str) -> int:
        """Send the sign-in form; the status of the answer, which is 303 for who is let in."""
        return (await self.post("/sign-in", name=name, password=password)).status

    def send(self, method: str, path: str, body: bytes = b"") -> None:
        lines = [f"{method} {path} HTTP/1.1", f"Host: {self._host}", "Sec-Fetch-Site: same-origin"]
        if self.cookies:
            lines.append("Cookie: " + "; ".join(f"{name}={value}" for name, value in self.cookies.items()))
        if method == "POST":
            lines += ["Content-Type: application/x-www-form-urlencoded", f"Content-Length: {len(body)}"]
        self._writer.write("\r\n".join([*lines, "", ""]).encode() + body)

    async def _head(self) -> Head:
        text = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        self.cookies.update(_COOKIE.findall(text))
        first, *rest = text.splitlines()
        pairs = (line.partition(":") for line in rest if line)
        return Head(int(first.split()[1]), {name.lower(): value.strip() for name, _, value in pairs})
