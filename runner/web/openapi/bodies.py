"""The bodies that the API takes, as types. ``runner.web.bodies`` reads them by hand: it names each wrong field."""

from __future__ import annotations

from typing import Any

import msgspec


class StartRequest(msgspec.Struct, forbid_unknown_fields=True):
    """What is to be started: a command of the catalogue, and its parameters by name."""

    command: str
    parameters: dict[str, Any] = {}


class StopRequest(msgspec.Struct, forbid_unknown_fields=True):
    """How a job is to be stopped: ``force`` kills its processes at once."""

    force: bool = False
