"""``GET /audit``: what the audit has, newest first. Who may read it is decided before a request comes here."""

from __future__ import annotations

import asyncio

from quart import Blueprint, Response

from runner.job import is_id
from runner.web import queries
from runner.web.audit import reading
from runner.web.audit.entry import NAME_LENGTH, What
from runner.web.audit.reading import BeyondTheEnd, Wanted, read_before
from runner.web.audit.views import audit_view
from runner.web.context import audit_log
from runner.web.errors import BadRequest
from runner.web.rendering import page

PAGE_ENTRIES = 100

blueprint = Blueprint("audit", __name__)


@blueprint.get("/audit")
async def audit_page() -> Response:
    """One page of the audit, filtered."""
    wanted, before = _wanted(), queries.whole("before")
    try:
        found = await asyncio.to_thread(read_before, audit_log().path, before, PAGE_ENTRIES, wanted)
    except BeyondTheEnd:
        raise _bad("before", "is beyond the end of the audit, which may have been begun anew") from None
    return await page("audit", audit=audit_view(found, wanted, before, reading.SCAN_BYTES))


def _wanted() -> Wanted:
    """What the request asks for; the filter's own form sends empty texts for "any"."""
    job, what = _text("job"), _text("what")
    if job and not is_id(job):
        raise _bad("job", "must be the id of a job")
    if what and what not in list(What):
        raise _bad("what", f"must be one of {', '.join(What)}")
    return Wanted(_text("who"), _text("command"), job, What(what) if what else None)


def _text(key: str) -> str:
    sent = queries.text(key) or ""
    if len(sent) > NAME_LENGTH:
        raise _bad(key, f"must be at most {NAME_LENGTH} characters")
    return sent


def _bad(key: str, reason: str) -> BadRequest:
    return BadRequest(f"The query is not right: {key} {reason}.", {key: reason})
