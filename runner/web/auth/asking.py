"""Who asks, as the gate found it, for the routes and the pages that they make."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

from quart import Request, g, request

from runner.job import Job, Visible
from runner.settings import Right
from runner.web import addresses
from runner.web.auth.identity import Identity, identity_of
from runner.web.auth.person import Person
from runner.web.auth.rights import JobRights
from runner.web.auth.sessions import mask
from runner.web.context import authority


@dataclass(frozen=True, slots=True)
class AskerView:
    """What every page says of who looks at it. ``name`` is empty where nobody is asked who they are."""

    name: str
    may_audit: bool
    sessions_url: str
    sign_out_url: str


def identity() -> Identity:
    """Who sent this request."""
    return cast(Identity, g.identity)


def person() -> Person:
    """Who sent this request, on a route that nobody reaches who is not signed in."""
    found = identity().person
    if found is None:
        raise LookupError("this route is open to everybody")
    return found


def may(right: Right, command: str) -> bool:
    """Whether this person may do this with the command."""
    return authority().rights.may(person(), right, command)


def rights_on(job: Job) -> JobRights:
    """What this person may do with a job."""
    return authority().rights.on(person(), job)


def visible() -> Visible | None:
    """The jobs that this person sees; None for all."""
    return authority().rights.visible(person())


def still_may(right: Right, job: Job) -> Callable[[], bool]:
    """Whether who asked now may still do this later: for answers that go on after a session may have ended."""
    known, sent = authority(), cast(Request, request._get_current_object())  # type: ignore[attr-defined]

    def holds() -> bool:
        asker = identity_of(known, sent).person
        return asker is not None and known.rights.may_with(asker, right, job)

    return holds


def of_every_page() -> dict[str, object]:
    """What every template may use: ``asker``, and ``form_token`` for its forms, empty where none is needed."""
    found: Identity | None = getattr(g, "identity", None)
    token = mask(found.form_key) if found is not None and found.form_key else ""
    return {"asker": _asker_view(found), "form_token": token}


def _asker_view(found: Identity | None) -> AskerView:
    if found is None or found.person is None:
        return AskerView("", False, "", "")
    session = found.session is not None
    return AskerView(
        name=found.person.name or found.person.way,
        may_audit=authority().rights.may_audit(found.person),
        sessions_url=addresses.sessions() if session else "",
        sign_out_url=addresses.sign_out() if session else "",
    )
