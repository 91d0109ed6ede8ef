"""Which answers may be shown in a frame of another page: panels, and nothing else."""

from __future__ import annotations

from collections.abc import Iterable

from quart import Response

from runner.web.context import runner
from runner.web.security.headers import CONTENT_SECURITY_POLICY

_NOBODY = "frame-ancestors 'none'"


def allow_framing(response: Response) -> Response:
    """Let this server's own pages and those of ``server.frame_ancestors`` show ``response`` in a frame.

    A panel's route ends with ``return allow_framing(response)``; what it answers for a job that is
    gone too, if that is to be seen in the frame. Every other answer says that nobody may.
    """
    ancestors = runner().settings.server.frame_ancestors
    response.headers["Content-Security-Policy"] = framing_policy(ancestors)
    if ancestors:
        # A page that isolates itself (COEP) shows only frames that do the same and offer themselves to it.
        # What a panel loads is all from here, so it loses nothing by it.
        response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
        response.headers["Cross-Origin-Embedder-Policy"] = "require-corp"
    return response


def framing_policy(ancestors: Iterable[str]) -> str:
    """The policy of every page, but for who may frame it: these origins and our own."""
    return CONTENT_SECURITY_POLICY.replace(_NOBODY, " ".join(["frame-ancestors 'self'", *ancestors]))
