"""Every address of the pages, in one place. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote, urlencode


def query(path: str, values: Mapping[str, object]) -> str:
    """``path`` with those of the values that are not None as its query."""
    given = {name: value for name, value in values.items() if value is not None}
    return f"{path}?{urlencode(given)}" if given else path


def command(name: str, values: Mapping[str, object] | None = None) -> str:
    """A command's form, filled in with ``values``."""
    return query(f"/commands/{quote(name, safe='')}", values or {})


def job(job_id: str, **place: object) -> str:
    """A job's page, at a place if one is given (``after``, ``before``, ``line``, ``follow``, ``q``, ``stream``)."""
    return query(f"/jobs/{job_id}", place)


def lines(job_id: str, after: int, seen: int, **more: object) -> str:
    """The fragment with the lines after a cursor."""
    return query(f"/jobs/{job_id}/lines", {"after": after, "seen": seen, **more})


def log(job_id: str, stream: str | None = None) -> str:
    """The raw output."""
    return query(f"/jobs/{job_id}/log", {"stream": stream})


def tail(job_id: str, after: int | None = None) -> str:
    """The page that streams."""
    return query(f"/jobs/{job_id}/tail", {"after": after})


def panel(job_id: str, **place: object) -> str:
    """The view for other people's pages."""
    return query(f"/jobs/{job_id}/panel", place)


def action(job_id: str, verb: str) -> str:
    """Where a job's form is posted to: ``stop``, ``keep``, ``pin`` or ``unpin``."""
    return f"/jobs/{job_id}/{verb}"


def jobs(state: str | None = None, command: str | None = None, before: str | None = None) -> str:
    """The list of jobs."""
    return query("/jobs", {"state": state, "command": command, "before": before})


def list_poll(state: str | None, command: str | None, before: str | None, limit: int) -> str:
    """The fragment with the rows of a list."""
    values = {"state": state, "command": command, "before": before, "limit": limit}
    return query("/fragments/jobs", values)
