"""``GET /jobs/ID/log``: the bytes of a job as they were written."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

from quart import Blueprint, Response, request

from runner.errors import OutputExpired
from runner.lines import Gap
from runner.settings import Right
from runner.web import queries
from runner.web.auth.asking import still_may
from runner.web.context import runner
from runner.web.security.headers import RAW_CONTENT_SECURITY_POLICY

CHUNK_BYTES = 256 << 10

blueprint = Blueprint("log", __name__)


@blueprint.get("/jobs/<job_id>/log")
async def log(job_id: str) -> Response:
    """The raw output; ``stream`` picks one stream, ``follow=1`` goes on until the job ends."""
    stream, follow = queries.stream(), queries.switch("follow")
    if request.method == "HEAD":
        end = (await runner().job(job_id)).finished
        if end and end.expired_at is not None:
            raise OutputExpired(job_id)
        response = _raw(b"")
        del response.headers["Content-Length"]  # a GET streams, and says no length
        return response
    pieces = _written(await runner().log(job_id, stream, follow))
    if not follow:
        return _raw(_in_chunks(pieces))
    response = _raw(_while_allowed(pieces, still_may(Right.DOWNLOAD, await runner().job(job_id))))
    response.headers["X-Accel-Buffering"] = "no"
    return response


def _raw(content: bytes | AsyncIterator[bytes]) -> Response:
    response = Response(content, content_type="text/plain; charset=utf-8")
    response.timeout = None  # a job, and a slow network, may take any time
    response.headers["Content-Security-Policy"] = RAW_CONTENT_SECURITY_POLICY
    return response


async def _written(pieces: AsyncIterator[bytes | Gap]) -> AsyncIterator[bytes]:
    """The pieces with each gap in words, on a line of its own."""
    line_is_whole = True
    async for piece in pieces:
        if isinstance(piece, Gap):
            yield _mark(piece) if line_is_whole else b"\n" + _mark(piece)
            line_is_whole = True
        elif piece:
            yield piece
            line_is_whole = piece.endswith(b"\n")


def _mark(gap: Gap) -> bytes:
    lines, are = ("1 line", "is") if gap.lines == 1 else (f"{gap.lines} lines", "are")
    return f"[Linefeed: {lines} ({gap.bytes} bytes) {are} not kept here]\n".encode()


async def _while_allowed(pieces: AsyncIterator[bytes], may_go_on: Callable[[], bool]) -> AsyncIterator[bytes]:
    """The same bytes until who asked may not have them any more."""
    async for piece in pieces:
        if not may_go_on():
            return
        yield piece


async def _in_chunks(pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The same bytes in chunks of about ``CHUNK_BYTES``: each costs the server the same, small or large."""
    chunk = bytearray()
    async for piece in pieces:
        chunk += piece
        if len(chunk) >= CHUNK_BYTES:
            yield bytes(chunk)
            chunk.clear()
    if chunk:
        yield bytes(chunk)
