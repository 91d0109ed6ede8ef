"""``GET /healthz``: whether the server answers."""

from __future__ import annotations

from quart import Blueprint, Response

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
async def healthz() -> Response:
    """``ok`` while the server is up."""
    return Response("ok\n", content_type="text/plain; charset=utf-8")
