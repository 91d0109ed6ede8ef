"""Requests as no browser sends them, byte for byte. Each would start a job if a part of it were taken for a request."""

from __future__ import annotations

HOST = b"Host: localhost\r\n"
START = b'{"command":"nothing"}'
JSON = b"Content-Type: application/json\r\n"
SMUGGLED = (
    b"POST /api/v1/jobs HTTP/1.1\r\nHost: localhost\r\nOrigin: http://evil.example\r\nContent-Length: 21\r\n\r\n"
    + START
)
CHUNKED = b"Transfer-Encoding: chunked\r\n"


def get(target: bytes = b"/healthz", headers: bytes = b"", version: bytes = b"HTTP/1.1") -> bytes:
    """A GET with these headers beside its Host."""
    return b"GET " + target + b" " + version + b"\r\n" + HOST + headers + b"\r\n"


def post(headers: bytes, body: bytes = START, first: bytes = b"POST /api/v1/jobs HTTP/1.1\r\n") -> bytes:
    """A POST of another site's page, so that it must not start anything, whatever is read of it."""
    return first + HOST + JSON + b"Origin: http://evil.example\r\n" + headers + b"\r\n" + body


LENGTH = {
    "CL and TE": post(b"Content-Length: 21\r\n" + CHUNKED, b"0\r\n\r\n" + SMUGGLED),
    "TE and CL": post(CHUNKED + b"Content-Length: 4\r\n", b"5c\r\n" + SMUGGLED + b"\r\n0\r\n\r\n"),
    "CL and TE on a GET": get(b"/healthz", b"Content-Length: 5\r\n" + CHUNKED) + b"0\r\n\r\n" + SMUGGLED,
    "two lengths": post(b"Content-Length: 21\r\nContent-Length: 0\r\n"),
    "the same length twice": post(b"Content-Length: 21\r\nContent-Length: 21\r\n"),
    "a list of lengths": post(b"Content-Length: 21, 0\r\n"),
    "two encodings": post(CHUNKED + CHUNKED, b"0\r\n\r\n" + SMUGGLED),
    "identity, then chunked": post(b"Transfer-Encoding: identity, chunked\r\n", b"0\r\n\r\n" + SMUGGLED),
    "an encoding nobody knows": post(b"Transfer-Encoding: xchunked\r\n", b"0\r\n\r\n" + SMUGGLED),
    "gzip, chunked": post(b"Transfer-Encoding: gzip, chunked\r\n", b"0\r\n\r\n" + SMUGGLED),
    "chunked in capitals with a tab": post(b"Transfer-Encoding:\tCHUNKED\r\n", b"0\r\n\r\n" + SMUGGLED),
    "a space before the colon": post(b"Transfer-Encoding : chunked\r\n", b"0\r\n\r\n" + SMUGGLED),
    "a folded encoding": post(b"Transfer-Encoding:\r\n chunked\r\n", b"0\r\n\r\n" + SMUGGLED),
    "chunked in HTTP/1.0": post(CHUNKED, b"0\r\n\r\n" + SMUGGLED, b"POST /api/v1/jobs HTTP/1.0\r\n"),
    "a negative length": post(b"Content-Length: -1\r\n"),
    "a length with a plus": post(b"Content-Length: +21\r\n"),
    "a length in hexadecimal": post(b"Content-Length: 0x15\r\n"),
    "a length that is no number": post(b"Content-Length: x\r\n"),
    "an empty length": post(b"Content-Length: \r\n"),
    "a huge length": post(b"Content-Length: 99999999999999999999999999\r\n"),
    "a length of 10,000 digits": post(b"Content-Length: " + b"9" * 10_000 + b"\r\n"),
    "a body longer than its length": post(b"Content-Length: 3\r\n", START + SMUGGLED),
    "two megabytes": post(b"Content-Length: 2097152\r\n", b"x" * 2_097_152),
    "a length with nothing": post(b"Content-Length: 21\r\n", b""),
}
"""How long the body is."""

CHUNKS = {
    "a chunk size that overflows": post(CHUNKED, b"fffffffffffffffffffff\r\nx\r\n0\r\n\r\n"),
    "a negative chunk size": post(CHUNKED, b"-1\r\nx\r\n0\r\n\r\n"),
    "a chunk size with 0x": post(CHUNKED, b"0x3\r\nabc\r\n0\r\n\r\n"),
    "a chunk size with a space": post(CHUNKED, b"3 \r\nabc\r\n0\r\n\r\n"),
    "no chunk size": post(CHUNKED, b"\r\nabc\r\n0\r\n\r\n"),
    "a chunk size that is no number": post(CHUNKED, b"zz\r\nabc\r\n0\r\n\r\n"),
    "a chunk longer than it says": post(CHUNKED, b"1\r\nabc\r\n0\r\n\r\n"),
    "a chunk extension": post(CHUNKED, b"3;a=b\r\nabc\r\n0\r\n\r\n"),
    "a long chunk extension": post(CHUNKED, b"3;" + b"a" * 60_000 + b"\r\nabc\r\n0\r\n\r\n"),
    "an extension with a line feed": post(CHUNKED, b"3;a\nxx\r\nabc\r\n0\r\n\r\n" + SMUGGLED),
    "10,000 small chunks": post(CHUNKED, b"1\r\nx\r\n" * 10_000 + b"0\r\n\r\n"),
    "trailers": post(CHUNKED, b"0\r\nContent-Length: 5\r\nHost: evil.example\r\n\r\n"),
    "a trailer without end": post(CHUNKED, b"0\r\n" + b"X: " + b"y" * 100_000),
    "bare line feeds in chunks": post(CHUNKED, b"3\nabc\n0\n\n" + SMUGGLED),
}
"""Bodies in chunks."""

HEADERS = {
    "two Hosts": b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n",
    "the same Host twice": b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n",
    "no Host": b"GET /healthz HTTP/1.1\r\n\r\n",
    "an empty Host": b"GET /healthz HTTP/1.1\r\nHost:\r\n\r\n",
    "another Host": b"GET /healthz HTTP/1.1\r\nHost: evil.example\r\n\r\n",
    "a Host with a path": b"GET /healthz HTTP/1.1\r\nHost: localhost/x\r\n\r\n",
    "a Host with bad bytes": b"GET /healthz HTTP/1.1\r\nHost: \xff\xfe\r\n\r\n",
    "a folded Host": b"GET /healthz HTTP/1.1\r\nHost: local\r\n host\r\n\r\n",
    "a folded header": get(headers=b"X: a\r\n b\r\n\tc\r\n"),
    "a fold at the very start": b"GET /healthz HTTP/1.1\r\n Host: localhost\r\n\r\n",
    "10,000 headers": get(headers=b"".join(b"X-%d: y\r\n" % number for number in range(10_000))),
    "101 headers": get(headers=b"".join(b"X-%d: y\r\n" % number for number in range(101))),
    "a header of a megabyte": get(headers=b"X: " + b"y" * (1 << 20) + b"\r\n"),
    "a header of 40 kB": get(headers=b"X: " + b"y" * 40_000 + b"\r\n"),
    "a name of 40 kB": get(headers=b"X" * 40_000 + b": y\r\n"),
    "a header without a colon": get(headers=b"nonsense\r\n"),
    "a header without a name": get(headers=b": y\r\n"),
    "a name with bad bytes": get(headers=b"X-\xff: y\r\n"),
    "a name with a NUL": get(headers=b"X-\0: y\r\n"),
    "a value with bad UTF-8": get(headers=b"X: \xc3\x28\xff\r\nCookie: a=\xff\r\nAccept-Encoding: \xff\r\n"),
    "a value with a NUL": get(headers=b"X: a\0b\r\n"),
    "a value with a bare CR": get(headers=b"X: a\rHost: evil.example\r\n"),
    "a cookie of junk": get(b"/", b'Cookie: linefeed_browser=\xff"; =;;=\r\n'),
    "an Authorization of junk": get(b"/api/v1/jobs", b"Authorization: Bearer \xff\xfe\r\n"),
    "a Range of junk": get(b"/static/app.css", b"Range: bytes=9-1,-,x\r\nIf-None-Match: \xff\r\n"),
    "a proxy's headers": get(b"/", b"X-Forwarded-For: \xff\r\nX-Forwarded-User: root\r\nForwarded: for=\xff\r\n"),
}
"""Headers."""

LINES = {
    "bare line feeds": b"GET /healthz HTTP/1.1\nHost: localhost\n\n",
    "bare carriage returns": b"GET /healthz HTTP/1.1\rHost: localhost\r\r",
    "HTTP/0.9": b"GET /healthz\r\n\r\n",
    "HTTP/1.0": get(version=b"HTTP/1.0"),
    "HTTP/1.0 that is kept": get(version=b"HTTP/1.0", headers=b"Connection: keep-alive\r\n"),
    "HTTP/1.0 without a Host": b"GET /healthz HTTP/1.0\r\n\r\n",
    "HTTP/1.2": get(version=b"HTTP/1.2"),
    "HTTP/3.0": get(version=b"HTTP/3.0"),
    "HTTP/11.1": get(version=b"HTTP/11.1"),
    "another protocol": get(version=b"RTSP/1.0"),
    "the preface of HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0",
    "a TLS hello": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(200),
    "NULs": bytes(1_000),
    "bad bytes": b"\xff" * 1_000,
    "empty lines": b"\r\n" * 1_000,
    "an empty line first": b"\r\n" + get(),
    "a space first": b" " + get(),
    "two spaces": b"GET  /healthz  HTTP/1.1\r\n" + HOST + b"\r\n",
    "tabs": b"GET\t/healthz\tHTTP/1.1\r\n" + HOST + b"\r\n",
    "a method of 10 kB": b"X" * 10_000 + b" /healthz HTTP/1.1\r\n" + HOST + b"\r\n",
    "a method of bad bytes": b"G\xffT /healthz HTTP/1.1\r\n" + HOST + b"\r\n",
    "a method in small letters": b"get /healthz HTTP/1.1\r\n" + HOST + b"\r\n",
    "TRACE": b"TRACE / HTTP/1.1\r\n" + HOST + b"\r\n",
    "PUT": b"PUT /jobs HTTP/1.1\r\n" + HOST + b"Content-Length: 3\r\n\r\nabc",
    "half a request": b"GET /healthz HT",
}
"""The first line."""

TARGETS = {
    f"the target {target[:40]!r}": get(target)
    for target in (
        b"http://evil.example/healthz", b"http://localhost/healthz", b"//evil.example/healthz", b"*", b"healthz",
        b"?x", b"/\xff\xfe", b"/%ff%fe", b"/jobs?q=%ff&state=\xff", b"/jobs?state=%ff%00", b"/jobs/%00", b"/%",
        b"/%zz", b"/jobs/%2e%2e/%2e%2e/etc/passwd", b"/static/../app.py", b"/static/%2e%2e/app.py",
        b"/static/..%2f..%2fetc%2fpasswd", b"/static/%252e%252e/app.py", b"/static//etc/passwd",
        b"/static/app.css%00.png", b"/static/..\\app.py", b"/commands/%2e%2e%2fx", b"/" + b"x" * 20_000,
        b"/jobs?" + b"x" * 9_000, b"/jobs?" + b"a=b&" * 2_000, b"/healthz HTTP/1.1\r\nX: y", b"/healthz#x",
        b"/jobs/" + b"a" * 26 + b"/lines?after=99999999999999999999999",
    )
} | {
    "CONNECT": b"CONNECT evil.example:443 HTTP/1.1\r\n" + HOST + b"\r\n",
    "CONNECT to a path": b"CONNECT /healthz HTTP/1.1\r\n" + HOST + b"\r\n" + SMUGGLED,
    "OPTIONS *": b"OPTIONS * HTTP/1.1\r\n" + HOST + b"\r\n",
    "OPTIONS of a path": b"OPTIONS /jobs HTTP/1.1\r\n" + HOST + b"\r\n",
}  # fmt: skip
"""What is asked for."""

CHANGES = {
    "h2c": get(headers=b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n"),
    "h2c with junk": get(headers=b"Connection: Upgrade\r\nUpgrade: h2c\r\nHTTP2-Settings: \xff\r\n") + bytes(50),
    "a websocket": get(
        b"/",
        b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
        b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n",
    ),
    "a websocket without a key": get(b"/", b"Connection: Upgrade\r\nUpgrade: websocket\r\n"),
    "a websocket with junk": get(b"/", b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: \xff\r\n")
    + b"\xff" * 100,
    "a websocket by POST": post(b"Connection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: 21\r\n"),
    "some other protocol": get(headers=b"Connection: Upgrade\r\nUpgrade: x/1, y\r\n") + SMUGGLED,
    "100-continue": post(b"Expect: 100-continue\r\nContent-Length: 21\r\n"),
    "100-continue without a body": post(b"Expect: 100-continue\r\nContent-Length: 21\r\n", b""),
    "an expectation nobody knows": post(b"Expect: \xff\r\nContent-Length: 21\r\n"),
    "a hundred in one go": get() * 100,
    "a good one and junk": get() + b"\xff\xfe\r\n\r\n",
    "a good one and a foreign one": get() + SMUGGLED,
    "a body that is a request": get(b"/healthz", b"Content-Length: %d\r\n" % len(SMUGGLED)) + SMUGGLED,
}
"""Going over to something else, and more than one at a time."""

ALL = {**LENGTH, **CHUNKS, **HEADERS, **LINES, **TARGETS, **CHANGES}
