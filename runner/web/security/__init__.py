"""The floor of security: what every request must pass and every answer carries, whatever the route."""

from __future__ import annotations

from runner.web.security.guard import Guard

__all__ = ["Guard"]
