"""Refuses requests of a form that servers and proxies may read differently, or that is only there to cost memory."""

from __future__ import annotations

import re

from runner.web.asgi import Headers, Scope, values
from runner.web.security.refusal import Refusal

MOST_HEADERS = 100
HEADER_BYTES = 32 << 10
TARGET_BYTES = 8 << 10

_CONTROL = re.compile(rb"[\r\n\0]")

_BAD_TARGET = Refusal(400, "The request's target must be a path that begins with a slash.")
_LONG_TARGET = Refusal(414, f"The address is longer than {TARGET_BYTES} bytes.")
_MANY_HEADERS = Refusal(431, f"The request has more than {MOST_HEADERS} headers or {HEADER_BYTES} bytes of them.")
_BAD_HEADER = Refusal(400, "A header has a character that no header may have.")
_TWO_LENGTHS = Refusal(400, "The request says in more than one way how long its body is.")
_OLD_CHUNKS = Refusal(400, "The request has a Transfer-Encoding, which its version of HTTP does not know.")


def check_framing(scope: Scope) -> Refusal | None:
    """Why the request's form is refused, or None."""
    headers = list(scope["headers"])
    target = scope.get("raw_path") or scope["path"].encode()
    if len(headers) > MOST_HEADERS or sum(len(name) + len(value) + 4 for name, value in headers) > HEADER_BYTES:
        return _MANY_HEADERS
    if len(target) + len(scope["query_string"]) > TARGET_BYTES:
        return _LONG_TARGET
    if not target.startswith(b"/"):
        return _BAD_TARGET
    if _CONTROL.search(b"".join(value for _, value in headers)):
        return _BAD_HEADER
    return _check_length(scope, headers)


def _check_length(scope: Scope, headers: Headers) -> Refusal | None:
    lengths, encodings = values(headers, b"content-length"), values(headers, b"transfer-encoding")
    if len(lengths) + len(encodings) > 1:
        return _TWO_LENGTHS
    return _OLD_CHUNKS if encodings and scope["http_version"] != "1.1" else None
