"""Where somebody would like people to be sent who sign in."""

from __future__ import annotations

ELSEWHERE = [
    "//evil.example", "///evil.example", "////evil.example", "https://evil.example", "http:evil.example",
    "HTTPS://evil.example", "javascript:alert(1)", "data:text/html,x", "\\\\evil.example", "/\\evil.example",
    "/\\/evil.example", "\\/evil.example", "/\t/evil.example", "/\n/evil.example", "\t//evil.example",
    " //evil.example", "/%09/evil.example", "/%5cevil.example", "/%2f/evil.example", "%2f%2fevil.example",
    "/\r\nLocation: https://evil.example", "/%0d%0aX: y", "//evil.example/%2e%2e", "//evil%E3%80%82example",
    "//localhost@evil.example", "@evil.example", ".evil.example", "/\x00//evil.example", "https:/evil.example",
    "/x" * 2_000, "//", "/\u2028/evil.example", "/\u3000/evil.example", "//[::1]", "evil.example",
    "?next=//evil.example",
]  # fmt: skip
"""None of them is a page of ours."""
