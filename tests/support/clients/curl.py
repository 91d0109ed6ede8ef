"""A person at curl, who reads the page's source and sends its forms."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urljoin

from tests.support.clients.client import Client
from tests.support.clients.documents import Document, pairs
from tests.support.clients.missing import found

_TIME_S = 30


class CurlClient(Client):
    """One curl a request, and a jar that keeps the cookies between them."""

    def __init__(self, base: str, folder: Path) -> None:
        super().__init__(base)
        self._jar = folder / "cookies"
        self._body = folder / "body"
        self._url = base
        self._kind = ""

    @property
    def body(self) -> bytes:
        """The answer, byte for byte."""
        return self._body.read_bytes()

    @property
    def address(self) -> str:
        return self._url

    def open(self, path: str) -> None:
        self._ask(self.base + path)

    def text(self) -> str:
        return self._page.text if "html" in self._kind else self.body.decode(errors="replace")

    def press(self, button: str) -> None:
        form = self._page.form(button)
        pressed = form.buttons[button]
        method = pressed.get("formmethod", form.method)
        sent = [word for name, value in pairs(form, button) for word in ("--data-urlencode", f"{name}={value}")]
        way = ["--get"] if method == "get" else ["--data", ""]
        self._ask(urljoin(self._url, pressed.get("formaction", form.action)), [*way, *sent])

    def choose(self, field: str, option: str) -> None:
        chosen = self._page.field(field)
        chosen.value = chosen.options[option]

    def type(self, field: str, text: str) -> None:
        self._page.field(field).value = text

    def typed(self, field: str) -> str:
        return self._page.field(field).shown

    def follow_link(self, text: str) -> None:
        self._ask(urljoin(self._url, self._page.link(text)))

    def refresh(self) -> None:
        self._ask(self._url)

    def marked(self) -> list[str]:
        return self._page.marked

    def close(self) -> None:
        self._jar.unlink(missing_ok=True)

    def _ask(self, url: str, options: Sequence[str] = ()) -> None:
        cookies = ["--cookie", str(self._jar), "--cookie-jar", str(self._jar)]
        answer = ["--output", str(self._body), "--write-out", "%{url_effective}\n%{content_type}"]
        argv = [found("curl"), "--silent", "--show-error", "--location", *cookies, *answer, *options, url]
        done = subprocess.run(argv, capture_output=True, text=True, check=True, timeout=_TIME_S)
        self._url, self._kind = done.stdout.split("\n")
        self._page = Document(self.body.decode(errors="replace") if "html" in self._kind else "")


@contextmanager
def streamed(url: str) -> Iterator[Callable[[str], None]]:
    """``curl --no-buffer`` at work: a function that reads until it has read these words."""
    argv = [found("curl"), "--silent", "--show-error", "--no-buffer", "--max-time", str(_TIME_S), url]
    with subprocess.Popen(argv, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        output = process.stdout

        def read_until(words: str) -> None:
            seen = b""
            while words.encode() not in seen:
                part = output.read1()  # type: ignore[attr-defined] # a pipe is read through a BufferedReader
                assert part, f"{words!r} did not come: {seen!r}"
                seen += part

        yield read_until
        process.kill()
