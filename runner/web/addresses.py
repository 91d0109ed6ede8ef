"""Every address of the pages, in one place, with the prefix under which the app that answers is served.

The functions take paths within the app (``/jobs``) and give addresses for browsers (``/prefix/jobs``).
The prefix is that of the request being answered: set by ``Mount``, empty outside of one.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import ContextVar
from urllib.parse import quote, urlencode

PREFIX: ContextVar[str] = ContextVar("prefix", default="")
"""``""`` or ``/some/prefix``. A thread of ``asyncio.to_thread`` has its request's."""


def address(path: str) -> str:
    """The address of a path within the app, which begins with a slash. Templates have it for what they name."""
    return PREFIX.get() + path


def cookie_path() -> str:
    """The path of cookies for all of the app. Without a slash at its end, so that the prefix alone has them too."""
    return PREFIX.get() or "/"


def query(path: str, values: Mapping[str, object]) -> str:
    """The address of ``path`` with those of the values that are not None as its query."""
    given = {name: value for name, value in values.items() if value is not None}
    return address(f"{path}?{urlencode(given)}" if given else path)


def command(name: str, values: Mapping[str, object] | None = None) -> str:
    """A command's form, filled in with ``values``."""
    return query(command_path(name), values or {})


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


def panel(subject: str, **options: object) -> str:
    """The view for other people's pages of a subject: ``job_path`` or ``command_path``."""
    return query(f"{subject}/panel", options)


def panel_fragment(subject: str, **options: object) -> str:
    """The part of a panel that changes."""
    return query(f"{subject}/panel/fragment", options)


def badge(subject: str, ending: str, **options: object) -> str:
    """A job's state as an image (``svg``) or as a line of text (``txt``)."""
    return query(f"{subject}/badge.{ending}", options)


def panel_colours(**colours: object) -> str:
    """The style sheet of a panel in the colours of its host page."""
    return query("/panel.css", colours)


def wall(commands: str, **more: object) -> str:
    """Many panels in one page; ``commands`` are names with commas between them."""
    return query("/wall", {"commands": commands, **more})


def wall_fragment(commands: str, seen: str) -> str:
    """What changed on a wall."""
    return query("/fragments/wall", {"commands": commands, "seen": seen})


def job_path(job_id: str) -> str:
    """The path of a job within the app."""
    return f"/jobs/{job_id}"


def command_path(name: str) -> str:
    """The path of a command within the app."""
    return f"/commands/{quote(name, safe='')}"


def action(job_id: str, verb: str) -> str:
    """Where a job's form is posted to: ``stop``, ``keep``, ``pin`` or ``unpin``."""
    return address(f"/jobs/{job_id}/{verb}")


def api_job(job_id: str) -> str:
    """A job of the API."""
    return address(f"/api/v1/jobs/{job_id}")


def jobs(state: str | None = None, command: str | None = None, before: str | None = None) -> str:
    """The list of jobs."""
    return query("/jobs", {"state": state, "command": command, "before": before})


def list_poll(state: str | None, command: str | None, before: str | None, limit: int) -> str:
    """The fragment with the rows of a list."""
    values = {"state": state, "command": command, "before": before, "limit": limit}
    return query("/fragments/jobs", values)


def sign_in(**values: object) -> str:
    """The page to sign in on; ``next`` is the path within the app to go on to."""
    return query("/sign-in", values)


def sign_out() -> str:
    """Where the form that signs out is posted to."""
    return address("/sign-out")


def sessions() -> str:
    """The list of one's sessions."""
    return address("/sessions")


def end_session() -> str:
    """Where the form that ends one session is posted to."""
    return address("/sessions/end")


def end_all_sessions() -> str:
    """Where the form that signs out everywhere is posted to."""
    return address("/sessions/end-all")


def within(path: str) -> str:
    """The path within the app of an address for browsers."""
    return path.removeprefix(PREFIX.get())
