"""Hypercorn's HTTP/1.1 and HTTP/2, without what is not wanted here.

No connection changes its protocol after it has begun: a proxy that let such a request pass would not see, nor
clean, the ones inside of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum, auto

import h2.events
import h2.exceptions
from h2.errors import ErrorCodes
from h11 import IDLE, SEND_BODY, Connection, Data, EndOfMessage, Request, Response
from hypercorn.events import Closed, Event
from hypercorn.protocol.h2 import H2Protocol
from hypercorn.protocol.h11 import H11Protocol

from runner.web.problems import CONTENT_TYPE, problem
from runner.web.security.headers import complete

_SENTENCES = {
    400: "The request is not HTTP as it should be.",
    408: "The request took too long to arrive.",
    431: "The head of the request is larger than is taken here.",
}


class Part(Enum):
    """What part of a request is on its way."""

    NONE = auto()
    HEAD = auto()
    BODY = auto()


class Http1(H11Protocol):
    """HTTP/1.1 and 1.0."""

    connection: Connection  # never a websocket

    @property
    def awaited(self) -> tuple[Part, int]:
        """The part of a request that has begun and is not complete, and the number of the request."""
        if self.connection.their_state is SEND_BODY:
            return Part.BODY, self.keep_alive_requests
        begun = self.connection.their_state is IDLE and self.connection.trailing_data[0]
        return (Part.HEAD if begun else Part.NONE), self.keep_alive_requests

    async def say_too_slow(self) -> None:
        """Answer that the head took too long. After a head only the app may answer."""
        if self.connection.our_state is IDLE:
            await self._send_error_response(408)

    async def _check_protocol(self, event: Request) -> None:
        pass  # where Hypercorn would go over to HTTP/2

    async def _create_stream(self, request: Request) -> None:
        # Where Hypercorn would go over to a websocket.
        headers = [(name, value) for name, value in request.headers if name != b"upgrade"]
        plain = Request(
            method=request.method, headers=headers, target=request.target, http_version=request.http_version
        )
        await super()._create_stream(plain)

    async def _send_error_response(self, status_code: int) -> None:
        """What is no HTTP has no address, so it is answered as programs are: with a problem."""
        status = status_code if status_code < 500 else 400  # a transfer coding that nobody knows is no fault of ours
        body = problem(status, _SENTENCES.get(status, _SENTENCES[400]))
        headers = [
            (b"content-type", CONTENT_TYPE.encode()),
            (b"content-length", b"%d" % len(body)),
            (b"connection", b"close"),
        ]
        headers = complete([*headers, *self.config.response_headers("h11")])
        for part in (Response(status_code=status, headers=headers), Data(data=body), EndOfMessage()):
            await self._send_h11_event(part)


class Http2(H2Protocol):
    """HTTP/2 over TLS. Its frames are bounded by their protocol; a connection without a stream is idle."""

    @property
    def awaited(self) -> tuple[Part, int]:
        """No part: a request that is not complete keeps no connection from being idle."""
        return Part.NONE, 0

    async def say_too_slow(self) -> None:
        """There is nothing to be said."""

    async def handle(self, event: Event) -> None:
        try:
            await super().handle(event)
        except h2.exceptions.ProtocolError:  # what came before the stream was reset, or the connection closed
            await self._flush()
            await self.send(Closed())

    async def _handle_events(self, events: Sequence[h2.events.Event]) -> None:
        for event in events:
            if isinstance(event, h2.events.RequestReceived) and not _is_well_formed(event):
                self.connection.reset_stream(event.stream_id or 0, ErrorCodes.PROTOCOL_ERROR)
            elif isinstance(event, h2.events.DataReceived) and event.stream_id not in self.streams:
                # The body of a request that was answered before its end.
                self.connection.acknowledge_received_data(event.flow_controlled_length or 0, event.stream_id or 0)
            else:
                await super()._handle_events([event])
        await self._flush()

    async def _priority_updated(self, event: h2.events.PriorityUpdated) -> None:
        pass  # nobody uses them any more, and each one would cost memory


def _is_well_formed(request: h2.events.RequestReceived) -> bool:
    told = {name: value for name, value in request.headers or () if name in (b":method", b":path")}
    method, path = told.get(b":method", b""), told.get(b":path", b"")
    return method.isalpha() and method.upper() != b"CONNECT" and path.isascii() and len(path) > 0
