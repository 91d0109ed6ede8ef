"""Errors as ``application/problem+json`` (RFC 9457)."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

import msgspec

API = "/api/"
"""Below this path errors are problems; elsewhere they are pages."""

CONTENT_TYPE = "application/problem+json"


class Problem(msgspec.Struct, frozen=True):
    """One problem. ``title`` is the status in words; ``errors`` maps a field to what is wrong with it."""

    title: str
    status: int
    detail: str
    type: str = "about:blank"
    errors: Mapping[str, str] | msgspec.UnsetType = msgspec.UNSET
    log_id: str | msgspec.UnsetType = msgspec.UNSET


def problem(status: int, detail: str, errors: Mapping[str, str] | None = None, log_id: str | None = None) -> bytes:
    """The encoded problem; ``errors`` and ``log_id`` are left out if there are none."""
    return msgspec.json.encode(
        Problem(
            title=HTTPStatus(status).phrase,
            status=status,
            detail=detail,
            errors=errors or msgspec.UNSET,
            log_id=log_id or msgspec.UNSET,
        )
    )
