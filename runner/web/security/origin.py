"""The same-origin rule: another site's page may not make a browser change anything here.

The browser says where a request comes from (``Sec-Fetch-Site``, ``Origin``); no token is needed.
Programs and text browsers send neither header; whether they may is for the routes' gate.
"""

from __future__ import annotations

import re

from runner.web.asgi import Headers, values
from runner.web.security.refusal import Refusal

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

_OWN_SITES = frozenset({b"same-origin", b"none"})
_ORIGIN = re.compile(rb"(?P<scheme>https?)://(?P<authority>[^/?#@\s]+)")
_DEFAULT_PORTS = {b"http": b":80", b"https": b":443"}

FOREIGN = Refusal(403, "This request came from another site, and was refused.")


def said_where_from(headers: Headers) -> bool:
    """Whether an unsafe request that was let through said that it comes from a page of our own."""
    names = {name for name, _ in headers}
    return b"sec-fetch-site" in names or b"origin" in names


def check_origin(method: str, headers: Headers, scheme: str | None = None) -> Refusal | None:
    """Why an unsafe request is refused, or None. A header that names another site decides, whatever else is sent.

    ``scheme`` is what the browser speaks with us; None if nobody knows.
    """
    if method in SAFE_METHODS:
        return None
    headers = list(headers)
    sites, origins = values(headers, b"sec-fetch-site"), values(headers, b"origin")
    if any(site not in _OWN_SITES for site in sites):
        return FOREIGN
    # "null" names no site. It is sent where a page hides its address, so it proves nothing either.
    if sites and origins == [b"null"]:
        return None
    host = values(headers, b"host")[0]
    return None if all(_is_own(origin, host, scheme) for origin in origins) else FOREIGN


def _is_own(origin: bytes, host: bytes, scheme: str | None) -> bool:
    match = _ORIGIN.fullmatch(origin.lower())
    if match is None or (scheme is not None and match["scheme"] != scheme.encode()):
        return False
    default = _DEFAULT_PORTS[match["scheme"]]
    return match["authority"].removesuffix(default) == host.lower().removesuffix(default)
