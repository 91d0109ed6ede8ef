"""The gate before every route: who asks, from where, and whether the route's need is met."""

from __future__ import annotations

import time

from quart import Response, current_app, g, request
from werkzeug.wrappers import Response as AnyResponse

from runner.errors import UnknownCommand, UnknownJob
from runner.settings import Right
from runner.web.audit.entry import What
from runner.web.auth import noting, start_token
from runner.web.auth.answers import not_signed_in, sign_in_first
from runner.web.auth.errors import FormExpired, NotAllowed, TooMany
from runner.web.auth.identity import Identity, identity_of
from runner.web.auth.linked import has_link, identity_by_link
from runner.web.auth.needs import NEEDS, Need
from runner.web.auth.person import Person
from runner.web.auth.sessions import matches
from runner.web.context import authority, context_of, runner
from runner.web.problems import API
from runner.web.security.origin import SAFE_METHODS, said_where_from

FORM_FIELD = "_token"
"""The hidden field of every form, for browsers that do not say from which site a form comes."""

FORM_HEADER = "X-Form-Token"


async def admit() -> Response | AnyResponse | None:
    """Called before every request: nothing, and the route runs; or the answer in its place."""
    g.identity = identity_of(authority(), request)
    endpoint = request.endpoint
    if endpoint is None:
        return None  # no such address, or not this method: the answer says so and tells nothing else
    need = NEEDS.get(endpoint)
    if need is Need.NOTHING:
        return None
    if has_link():
        g.identity = await identity_by_link()
    if exchanged := start_token.exchange(authority(), g.identity):
        return exchanged
    person: Person | None = g.identity.person
    if person is None:
        return await _turn_away(g.identity)
    _hold_back(person)
    if request.method not in SAFE_METHODS:
        await check_form_token(g.identity)
    try:
        await _meet(need, person)
    except NotAllowed as refusal:
        noting.refused(What.REFUSED, reason=str(refusal), **_about(refusal))
        raise
    return None


async def check_form_token(identity: Identity) -> None:
    """Raises FormExpired if a request that says nothing of where it comes from has no right form token either."""
    if identity.form_key is None or said_where_from(request.scope["headers"]):
        return
    sent = request.headers.get(FORM_HEADER, "")
    if not sent and not request.path.startswith(API):
        sent = (await request.form).get(FORM_FIELD, "")
    if not matches(sent, identity.form_key):
        noting.refused(What.REFUSED, reason="A form came without its token.")
        raise FormExpired


def _about(refusal: NotAllowed) -> dict[str, str]:
    job = refusal.job
    return {} if job is None else {"job": job.id, "command": job.command}


async def _turn_away(identity: Identity) -> Response | AnyResponse:
    if identity.refused or request.method not in SAFE_METHODS or request.path.startswith(API):
        return await not_signed_in()
    return await sign_in_first()


def _hold_back(person: Person) -> None:
    """At most so many requests of one person. Raises TooMany."""
    if person.owner or not person.name:  # whoever has a share link: many people, whose addresses are counted
        return
    wait = context_of(current_app).person_rates.take(person.name, time.monotonic())
    if wait:
        raise TooMany(wait)


async def _meet(need: Need | Right | None, person: Person) -> None:
    """Raises NotAllowed, or what a route says of something that is not there, if the need is not met."""
    match need:
        case Need.SIGNED_IN | Need.START:
            return
        case Need.COMMAND:
            _meet_command(person)
        case Need.AUDIT:
            if not authority().rights.may_audit(person):
                raise NotAllowed("read the audit")
        case Right():
            await _meet_job(need, person)
        case _:
            raise NotAllowed("use this address")


def _meet_command(person: Person) -> None:
    name = (request.view_args or {}).get("name", "")
    rights = authority().rights
    if not rights.may(person, Right.START, name) and not rights.may(person, Right.SEE, name):
        raise UnknownCommand(name)


async def _meet_job(right: Right, person: Person) -> None:
    """A job that somebody does not see is, for them, no job at all."""
    if person.owner:
        return
    job_id = (request.view_args or {})["job_id"]
    job = await runner().job(job_id)
    rights = authority().rights
    if not rights.may_with(person, Right.SEE, job):
        raise UnknownJob(job_id)
    if not rights.may_with(person, right, job):
        raise NotAllowed(f"{right} this job", job)
