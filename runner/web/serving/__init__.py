"""Connections: Hypercorn's protocols, with bounds on how many there are and how long they may take."""

from __future__ import annotations

from runner.web.serving.limits import Limits, connections_for
from runner.web.serving.serve import serve

__all__ = ["Limits", "connections_for", "serve"]
