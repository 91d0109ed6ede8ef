"""A small proxy before a server, which fails as a test tells it to."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

_HOP_BY_HOP = {"connection", "transfer-encoding", "keep-alive", "content-length"}


@dataclass
class Proxy:
    """Hands every request on, but for what is to fail.

    ``faults`` are for the next polls, one each: a status to answer with, or ``"hang"``. While ``down`` is set
    every connection is closed without an answer. ``asked`` has each address that was asked for.
    """

    target: str
    url: str = ""
    faults: deque[int | str] = field(default_factory=deque)
    down: bool = False
    asked: list[str] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)


@contextmanager
def proxy(target: str) -> Iterator[Proxy]:
    """A proxy before the server at ``target``, on a free port of this machine."""
    told = Proxy(target)
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"proxy": told}))
    server.daemon_threads = True
    told.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield told
    finally:
        told.over.set()
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    """One connection of a browser."""

    proxy: Proxy
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def log_message(self, format: str, *_: object) -> None:
        """Say nothing."""

    def _answer(self) -> None:
        self.proxy.asked.append(self.path)
        fault = self.proxy.faults.popleft() if "/lines?" in self.path and self.proxy.faults else None
        if fault == "hang":
            self.proxy.over.wait()
            self.close_connection = True
        elif self.proxy.down:
            self.close_connection = True
        elif isinstance(fault, int):
            self._send(fault, [("Content-Type", "text/html")], b"<h1 id=broken>The proxy says no</h1>")
        else:
            self._hand_on()

    def _hand_on(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        connection = HTTPConnection(urlsplit(self.proxy.target).netloc, timeout=60)
        try:
            connection.request(self.command, self.path, body, dict(self.headers))
            answer = connection.getresponse()
            headers = [(name, value) for name, value in answer.getheaders() if name.lower() not in _HOP_BY_HOP]
            self._send(answer.status, headers, answer.read())
        except (OSError, HTTPException):
            self.close_connection = True
        finally:
            connection.close()

    def _send(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        self.send_response_only(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
