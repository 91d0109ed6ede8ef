"""Making and revoking share links, from a job's page."""

from __future__ import annotations

import time

from quart import Blueprint, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from runner.job import Job
from runner.settings import Right
from runner.web import addresses
from runner.web.audit.entry import What
from runner.web.auth import noting
from runner.web.auth.asking import may, person
from runner.web.auth.errors import NotAllowed
from runner.web.auth.shares import Kind, Share, SharesUnwritten, Subject
from runner.web.context import authority, runner
from runner.web.errors import BadRequest

LASTS = {"1": "An hour", "24": "A day", "168": "A week", "720": "30 days"}
"""How long a link may count, in hours, and in words."""

USUAL = "24"

blueprint = Blueprint("sharing", __name__)


@blueprint.post("/jobs/<job_id>/shares")
async def share(job_id: str) -> AnyResponse:
    """Make a link for the job, or for whatever job of its command is the newest."""
    job, sent = await runner().job(job_id), await request.form
    if sent.get("hours") not in LASTS:
        raise BadRequest("Say how long the link is to count.", {"hours": f"must be one of {', '.join(LASTS)}"})
    subject = _subject(sent.get("what", ""), job)
    try:
        await authority().shares.make(subject, person().name, time.time(), int(sent["hours"]) * 3_600.0)
    except OSError as error:
        raise SharesUnwritten(error) from error
    noting.note(What.SHARE, command=job.command, job=job.id if subject.kind is Kind.JOB else "")
    return _back_to(job)


@blueprint.post("/jobs/<job_id>/shares/revoke")
async def revoke(job_id: str) -> AnyResponse:
    """End a link of this job, or of its command."""
    job = await runner().job(job_id)
    found = authority().shares.get((await request.form).get("share", ""))
    if found is not None and found.subject in subjects_of(job):
        try:
            await authority().shares.revoke(found)
        except OSError as error:
            raise SharesUnwritten(error) from error
        noting.note(What.REVOKE_SHARE, command=job.command, job=job.id if found.kind is Kind.JOB else "")
    return _back_to(job)


def subjects_of(job: Job) -> list[Subject]:
    """What this person may share from the job's page: the job, and its command's latest if every job of it."""
    found = [Subject(Kind.JOB, job.id)]
    if job.command in runner().commands and may(Right.SHARE, job.command) and may(Right.SEE, job.command):
        found.append(Subject(Kind.LATEST, job.command))
    return found


def shares_of(job: Job) -> list[Share]:
    """The links that can be revoked from the job's page."""
    now = time.time()
    return [share for subject in subjects_of(job) for share in authority().shares.of(subject, now)]


def _subject(what: str, job: Job) -> Subject:
    kinds = {"job": Kind.JOB, "latest": Kind.LATEST}
    if what not in kinds:
        raise BadRequest("Say what the link is for.", {"what": f"must be one of {', '.join(kinds)}"})
    found = [subject for subject in subjects_of(job) if subject.kind is kinds[what]]
    if not found:
        raise NotAllowed(f"share every job of “{job.title}”", job)
    return found[0]


def _back_to(job: Job) -> AnyResponse:
    return redirect(addresses.job(job.id, embed=1) + "#embed", 303)
