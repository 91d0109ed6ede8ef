"""A small intranet: it serves the pages of this folder, with Linefeed's address in place of their marks.

``python -m examples.embedding.intranet http://127.0.0.1:8000 8001`` serves them on port 8001 for the Linefeed on 8000.
Only the standard library is used: in earnest these pages stand in a wiki, and somebody writes the addresses by hand.
"""

from __future__ import annotations

import re
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

FOLDER = Path(__file__).resolve().parent
STATIC = FOLDER.parent.parent / "static"

FILES = {
    "/": FOLDER / "index.html",
    "/iframe.html": FOLDER / "iframe.html",
    "/htmx.html": FOLDER / "htmx.html",
    "/badge.md": FOLDER / "badge.md",
    "/intranet.css": FOLDER / "intranet.css",
    "/htmx.min.js": STATIC / "htmx.min.js",
    "/icon.svg": STATIC / "icon.svg",
}
HTML = "text/html; charset=utf-8"
TYPES = {
    ".html": HTML,
    ".md": HTML,
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; base-uri 'none'; form-action 'none'; "
    # What a page with a strict policy needs to show panels: frames, badges, and fragments by its own htmx.
    "frame-src 'self' {linefeed}; img-src 'self' {linefeed}; connect-src 'self' {linefeed}"
)

_PICTURE = re.compile(r"!\[([^\]]*)\]\(([^)]*)\)")
_LINK = re.compile(r"\[([^\]]*)\]\(([^)]*)\)")


@dataclass(slots=True)
class Places:
    """What stands in the pages in place of their marks.

    ``linefeed`` is its origin (``@linefeed@``), with its prefix if it has one; ``share`` the token of a share link for
    the command ``deploy``, empty where nobody needs one (``@share@`` at the end of a query).
    """

    linefeed: str = ""
    share: str = ""

    def fill_in(self, text: str) -> str:
        """A page or Markdown with its marks replaced."""
        share = f"&share={self.share}" if self.share else ""
        return text.replace("@linefeed@", self.linefeed).replace("@share@", share)

    @property
    def policy(self) -> str:
        """The Content-Security-Policy of the pages."""
        parts = urlsplit(self.linefeed)
        return POLICY.format(linefeed=f"{parts.scheme}://{parts.netloc}")


class _Intranet(BaseHTTPRequestHandler):
    """One request for a page."""

    places: Places

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        if path not in FILES:
            self.send_error(404)
            return
        file = FILES[path]
        content = file.read_bytes()
        if file.suffix in (".html", ".md"):
            text = self.places.fill_in(content.decode())
            content = (markdown_page(text) if file.suffix == ".md" else text).encode()
        self.send_response(200)
        self.send_header("Content-Type", TYPES[file.suffix])
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Content-Security-Policy", self.places.policy)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *arguments: object) -> None:
        """Says nothing."""


@contextmanager
def intranet(port: int, places: Places) -> Iterator[int]:
    """Serves the pages on this port of this machine (0: any free one), and says which. Raises OSError if it is taken.

    The places may still be filled in as long as nobody has opened a page.
    """
    server = ThreadingHTTPServer(("127.0.0.1", port), type("Intranet", (_Intranet,), {"places": places}))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1})
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def markdown_page(text: str) -> str:
    """A page of as much Markdown as badge.md has: headings, paragraphs, pictures and links."""
    blocks = "\n".join(_block(block) for block in text.strip().split("\n\n"))
    return (FOLDER / "wiki.html").read_text().replace("@text@", blocks)


def _block(block: str) -> str:
    tag = "h1" if block.startswith("# ") else "p"
    words = escape(block.removeprefix("# "))
    words = _PICTURE.sub(r'<img src="\2" alt="\1">', words)
    words = _LINK.sub(r'<a href="\2">\1</a>', words)
    return f"<{tag}>{words}</{tag}>"


def main(linefeed: str, port: str = "8001", share: str = "") -> None:
    """Serve until Ctrl-C."""
    with intranet(int(port), Places(linefeed.rstrip("/"), share)) as found:
        print(f"Open http://127.0.0.1:{found}/", flush=True)
        threading.Event().wait()


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except KeyboardInterrupt:
        sys.exit(0)
