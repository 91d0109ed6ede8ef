"""What a request did, for the audit: who it was and from where is filled in here."""

from __future__ import annotations

import contextlib
import time
from typing import Any

from quart import g, request

from runner.job import Job
from runner.web.audit.entry import Entry, Result, What, stamp
from runner.web.audit.log import AuditFailed, AuditLog
from runner.web.auth.identity import Identity, scope_of
from runner.web.context import audit_log
from runner.web.security.peer import client_of


def start(job: Job) -> None:
    """A job is about to start. Raises AuditFailed: then it must not."""
    audit_log().write(_entry(What.START, command=job.command, parameters=dict(job.parameters), job=job.id))


def of_job(what: What, job: Job) -> None:
    """Something was done with a job."""
    note(what, command=job.command, job=job.id)


def note(what: What, **more: Any) -> None:
    """Something was done; ``more`` are fields of the entry. What cannot be written is in the server's log."""
    with contextlib.suppress(AuditFailed):  # it is done already, and to stop a job must always be possible
        audit_log().write(_entry(what, **more))


def refused(what: What, **more: Any) -> None:
    """Something was asked for and refused; ``more`` are fields of the entry."""
    audit_log().write_refusal(_entry(what, result=Result.REFUSED, **more))


def note_foreign(audit: AuditLog, address: str) -> None:
    """A page of another site tried to change something; no route has seen it."""
    reason = "The request came from another site."
    entry = Entry(time=stamp(time.time()), address=address, what=What.REFUSED, result=Result.REFUSED, reason=reason)
    audit.write_refusal(entry)


def _entry(what: What, **more: Any) -> Entry:
    identity: Identity | None = getattr(g, "identity", None)
    person = identity.person if identity else None
    fields: dict[str, Any] = {
        "time": stamp(time.time()),
        "who": person.name if person else "",
        "way": person.way if person else "",
        "address": client_of(scope_of(request)),
        "what": what,
        **more,
    }
    return Entry(**fields)
