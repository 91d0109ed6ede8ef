"""Another site: one page that shows an address in a frame."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, quote, urlsplit

ISOLATED = "isolated"


class _Page(BaseHTTPRequestHandler):
    """``/?show=URL`` frames the URL; with ``isolated`` too the page isolates itself (COEP)."""

    def do_GET(self) -> None:
        query = parse_qs(urlsplit(self.path).query)
        framed = escape(query.get("show", ["about:blank"])[0])
        page = f'<!DOCTYPE html><title>Intranet</title><iframe src="{framed}"></iframe>'.encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(page)))
        if ISOLATED in query:
            self.send_header("Cross-Origin-Embedder-Policy", "require-corp")
        self.end_headers()
        self.wfile.write(page)

    def log_message(self, format: str, *arguments: object) -> None:
        """Says nothing."""


@contextmanager
def embedder(name: str) -> Iterator[str]:
    """The origin of such a site, under ``name``, on a free port of this machine."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Page)
    thread = threading.Thread(target=server.serve_forever)
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
