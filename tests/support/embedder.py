"""Another site: a page that shows an address in a frame, or whatever page a test has written."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from html import escape
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

ISOLATED = "isolated"
HTMX = Path(__file__).resolve().parents[2] / "static" / "htmx.min.js"
_PAGE = '<!DOCTYPE html><html lang="en"><meta charset="utf-8"><title>Intranet</title>'
_PASSED_ON = ("Content-Type", "Content-Security-Policy", "Set-Cookie", "Location", "Cache-Control")


class _Site(BaseHTTPRequestHandler):
    """``/?show=URL`` frames the URL, ``/?page=HTML`` is the page; ``policy=CSP`` is its policy, ``isolated`` isolates
    it (COEP). ``/htmx.min.js`` is htmx. What is below ``prefix`` is handed on to the server at ``behind``.
    """

    prefix = ""
    behind = ""

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        query = parse_qs(parts.query)
        if self.prefix and parts.path.startswith(f"{self.prefix}/"):
            self._hand_on()
        elif parts.path == "/htmx.min.js":
            self._send(HTMX.read_bytes(), [("Content-Type", "text/javascript")])
        else:
            framed = escape(query.get("show", ["about:blank"])[0])
            page = query.get("page", [f'<iframe src="{framed}"></iframe>'])[0]
            headers = [("Content-Type", "text/html; charset=utf-8")]
            headers += [("Content-Security-Policy", policy) for policy in query.get("policy", [])]
            headers += [("Cross-Origin-Embedder-Policy", "require-corp")] * (ISOLATED in query)
            self._send((_PAGE + page).encode(), headers)

    def do_POST(self) -> None:
        self._hand_on()

    def log_message(self, format: str, *arguments: object) -> None:
        """Says nothing."""

    def _hand_on(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        connection = HTTPConnection(urlsplit(self.behind).netloc, timeout=60)
        try:
            headers = {**self.headers, "Accept-Encoding": "identity"}
            connection.request(self.command, self.path, body, headers)
            answer = connection.getresponse()
            passed = [(name, value) for name, value in answer.getheaders() if name.title() in _PASSED_ON]
            self._send(answer.read(), passed, answer.status)
        except OSError:
            self.close_connection = True
        finally:
            connection.close()

    def _send(self, body: bytes, headers: list[tuple[str, str]], status: int = 200) -> None:
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def embedder(name: str, prefix: str = "", behind: str = "") -> Iterator[str]:
    """The origin of such a site, under ``name``, on a free port of this machine."""
    site = type("Site", (_Site,), {"prefix": prefix, "behind": behind})
    server = ThreadingHTTPServer(("127.0.0.1", 0), site)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://{name}:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def framing(origin: str, url: str, isolated: bool = False) -> str:
    """The address at ``origin`` of a page with ``url`` in a frame."""
    return f"{origin}/?show={quote(url, safe='')}{f'&{ISOLATED}=1' if isolated else ''}"


def page_of(origin: str, html: str, policy: str = "") -> str:
    """The address at ``origin`` of a page of this HTML, with this Content-Security-Policy if it is not empty."""
    return f"{origin}/?page={quote(html, safe='')}{f'&policy={quote(policy)}' if policy else ''}"


def frame(url: str, name: str, more: str = "") -> str:
    """A frame of this name, as a page's HTML."""
    return f'<iframe src="{escape(url)}" name="{name}" {more}></iframe>'
