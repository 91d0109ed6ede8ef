"""Answers as gzip for whoever takes it, below Quart: routes know nothing of it.

A whole answer is compressed at once and its length is right; equal ones only once, so a fragment that
a thousand readers share costs one compression. A streaming answer is flushed with each of its pieces,
so that no line waits for the next one.

Compressing a secret beside text that an attacker chooses tells the secret by the length (BREACH).
No page has a secret in it today: a session is a cookie, and cookies are not compressed. A form token
has to be masked anew in each answer before it may stand in a page.
"""

from __future__ import annotations

import asyncio
import re
import zlib
from collections.abc import Iterable

from runner.web.asgi import App, Headers, Message, Receive, Scope, Send, values
from runner.web.sharing import ENTRY_BYTES, SharedAnswers

LEAST_BYTES = 1_024
"""A shorter answer fits into a packet or two as it is."""

LEVEL = 1
"""Of output and JSON, level 6 takes off another tenth at two to three times the time."""

STEP_BYTES = ENTRY_BYTES
"""More than this is compressed in a thread: zlib lets the event loop run meanwhile."""

KEPT = 32
"""Compressed answers that are kept, by the whole answers that they stand for."""

_GZIP = 16  # added to the window's bits: a gzip header, not zlib's
_WHOLE = (15 + _GZIP, 8)
_STREAM = (12 + _GZIP, 5)  # 32 KiB of memory for as long as the stream is open, not 256

_TYPES = re.compile(rb"(?:text/[^;]+|image/svg\+xml|application/(?:[^;]+\+)?json)(?:;.*)?", re.IGNORECASE)
_CODING = re.compile(r"\s*(?P<name>[\w!#$%&'*+.^`|~-]+)\s*(?:;\s*[qQ]\s*=\s*(?P<q>0(?:\.\d{0,3})?|1(?:\.0{0,3})?)\s*)?")
_WITHOUT_BODY = frozenset({204, 206, 304})


def accepts_gzip(accept_encoding: Iterable[str]) -> bool:
    """Whether these values of ``Accept-Encoding`` prefer gzip to no encoding at all. A malformed entry says nothing."""
    entries = ",".join(accept_encoding).split(",")
    asked = [match for match in map(_CODING.fullmatch, entries) if match]
    weights = {match["name"].lower(): float(match["q"] or 1) for match in asked}
    gzip = weights.get("gzip", weights.get("x-gzip", weights.get("*", 0.0)))
    return gzip > 0 and gzip >= weights.get("identity", 0.0)


def pack(body: bytes, level: int = LEVEL) -> bytes:
    """``body`` as gzip; the same bytes each time, there is no time or name in it."""
    packer = _packer(_WHOLE, level)
    return packer.compress(body) + packer.flush()


class Compression:
    """An ASGI app around another one, whose answers it compresses for clients that accept gzip."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._packed = SharedAnswers(KEPT)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            asked = (value.decode("latin1") for value in values(scope["headers"], b"accept-encoding"))
            send = _Answer(send, accepts_gzip(asked), self._packed)
        await self._app(scope, receive, send)


class _Answer:
    """One answer on its way out: a ``Send`` for the app, around the server's."""

    __slots__ = ("_accepted", "_body", "_packed", "_send", "_start", "_stream")

    def __init__(self, send: Send, accepted: bool, packed: SharedAnswers) -> None:
        self._send = send
        self._accepted = accepted
        self._packed = packed
        self._start: Message | None = None
        self._body: list[bytes] = []
        self._stream: zlib._Compress | None = None

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            await self._begin(message)
        elif message["type"] != "http.response.body":
            await self._send(message)
        elif self._start is not None:
            await self._gather(message)
        elif self._stream is not None:
            await self._pass_on(message, self._stream)
        else:
            await self._send(message)

    async def _begin(self, start: Message) -> None:
        headers = [(name.lower(), value) for name, value in start.get("headers", ())]
        if not _is_text(headers):
            await self._send(start)
            return
        start = {**start, "headers": _varying(headers)}
        length = _length(headers)
        if not self._accepted or not _may_pack(start["status"], headers) or (length or LEAST_BYTES) < LEAST_BYTES:
            await self._send(start)
        elif length is None:
            self._stream = _packer(_STREAM, LEVEL)
            await self._send(_encoded(start))
        else:
            self._start = start

    async def _gather(self, message: Message) -> None:
        """A whole answer: its start waits until all of it is there."""
        self._body.append(message.get("body", b""))
        if message.get("more_body"):
            return
        start, self._start = self._start, None
        assert start is not None  # nosec B101 # noqa: S101 - for the type checker; the caller has looked
        # The one part that is not empty, itself: equal bodies are found quicker if they are the same object.
        parts = [part for part in self._body if part]
        body = parts[0] if len(parts) == 1 else b"".join(parts)
        if body:
            body = await self._pack(body)
            start = _encoded(start, len(body))
        await self._send(start)
        await self._send({"type": "http.response.body", "body": body, "more_body": False})

    async def _pack(self, body: bytes) -> bytes:
        if len(body) > STEP_BYTES:
            return await asyncio.to_thread(pack, body)
        return self._packed.get(body, lambda: pack(body))

    async def _pass_on(self, message: Message, stream: zlib._Compress) -> None:
        """A piece of a stream: all of it goes out now."""
        piece, more = message.get("body", b""), message.get("more_body", False)
        if not piece and more:
            return
        if len(piece) > STEP_BYTES:
            packed = await asyncio.to_thread(_flushed, stream, piece, more)
        else:
            packed = _flushed(stream, piece, more)
        await self._send({"type": "http.response.body", "body": packed, "more_body": more})


def _packer(size: tuple[int, int], level: int) -> zlib._Compress:
    window_bits, memory_level = size
    return zlib.compressobj(level, zlib.DEFLATED, window_bits, memory_level)


def _flushed(stream: zlib._Compress, piece: bytes, more: bool) -> bytes:
    return stream.compress(piece) + stream.flush(zlib.Z_SYNC_FLUSH if more else zlib.Z_FINISH)


def _is_text(headers: Headers) -> bool:
    return any(_TYPES.fullmatch(value) for value in values(headers, b"content-type"))


def _may_pack(status: int, headers: Headers) -> bool:
    """An answer that says what its bytes are (an encoding, an ETag) stays as the route made it."""
    own = {name for name, _ in headers} & {b"content-encoding", b"etag"}
    return status >= 200 and status not in _WITHOUT_BODY and not own


def _length(headers: Headers) -> int | None:
    lengths = values(headers, b"content-length")
    return int(lengths[0]) if lengths else None


def _varying(headers: Headers) -> list[tuple[bytes, bytes]]:
    """The headers with ``Accept-Encoding`` among what the answer depends on."""
    named = [value for value in values(headers, b"vary") if value.lower() != b"accept-encoding"]
    return [*_without(headers, b"vary"), (b"vary", b", ".join([*named, b"accept-encoding"]))]


def _encoded(start: Message, length: int | None = None) -> Message:
    headers = [*_without(start["headers"], b"content-length"), (b"content-encoding", b"gzip")]
    if length is not None:
        headers.append((b"content-length", b"%d" % length))
    return {**start, "headers": headers}


def _without(headers: Headers, name: bytes) -> list[tuple[bytes, bytes]]:
    return [(key, value) for key, value in headers if key != name]
