"""The same-origin rule: another site's page may not make a browser change anything here.

The browser says where a request comes from (``Sec-Fetch-Site``, ``Origin``); no token is needed.
Programs and text browsers send neither header, and pass.
"""

from __future__ import annotations

import re

from runner.web.asgi import Headers, values
from runner.web.security.refusal import Refusal

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

_OWN_SITES = frozenset({b"same-origin", b"none"})
_ORIGIN = re.compile(rb"(?P<scheme>https?)://(?P<authority>[^/?#@\s]+)")
_DEFAULT_PORTS = {b"http": b":80", b"https": b":443"}

_FOREIGN = Refusal(403, "This request came from another site, and was refused.")


def check_origin(method: str, headers: Headers) -> Refusal | None:
    """Why an unsafe request is refused, or None. A header that names another site decides, whatever else is sent."""
    if method in SAFE_METHODS:
        return None
    headers = list(headers)
    sites, origins = values(headers, b"sec-fetch-site"), values(headers, b"origin")
    if any(site not in _OWN_SITES for site in sites):
        return _FOREIGN
    # "null" names no site. It is sent where a page hides its address, so it proves nothing either.
    if sites and origins == [b"null"]:
        return None
    host = values(headers, b"host")[0]
    return None if all(_is_own(origin, host) for origin in origins) else _FOREIGN


def _is_own(origin: bytes, host: bytes) -> bool:
    match = _ORIGIN.fullmatch(origin.lower())
    if match is None:
        return False
    default = _DEFAULT_PORTS[match["scheme"]]
    return match["authority"].removesuffix(default) == host.lower().removesuffix(default)
