"""Who comes with a share link: somebody who may look at what it is for, whoever they are otherwise."""

from __future__ import annotations

import time

from quart import current_app, request

from runner.errors import UnknownJob
from runner.settings import Right, Rule
from runner.web.audit.entry import What
from runner.web.auth import noting
from runner.web.auth.errors import TooMany
from runner.web.auth.identity import Identity, scope_of
from runner.web.auth.needs import SHAREABLE
from runner.web.auth.person import Person
from runner.web.auth.shares import Kind, ShareRefused, Subject, kind_of
from runner.web.context import authority, context_of, runner
from runner.web.security.network import counted_as
from runner.web.security.peer import client_of

PARAMETER = "share"
WAY = "share link"


def has_link() -> bool:
    """Whether this request comes with a share link, at an address where one counts."""
    return request.endpoint in SHAREABLE and PARAMETER in request.args


async def identity_by_link() -> Identity:
    """Who comes with it. Raises ShareRefused, ShareOver; TooMany after many wrong ones of one address."""
    try:
        return Identity(await _person(request.args.get(PARAMETER, "")))
    except ShareRefused:
        noting.refused(What.REFUSED, reason="A share link was not right.")
        _count_wrong()
        raise


async def _person(token: str) -> Person:
    where, now = request.view_args or {}, time.time()
    kind, shares = kind_of(token), authority().shares
    if kind is Kind.JOB and "job_id" in where:
        shares.check(token, Subject(kind, where["job_id"]), now)
        return Person("", WAY, only_job=where["job_id"])
    if kind is Kind.LATEST:
        command = where["name"] if "name" in where else await _command_of(where["job_id"])
        shares.check(token, Subject(kind, command), now)
        if "job_id" not in where:
            return Person("", WAY, scope=_only_see(command))
        latest = await runner().latest(command)
        if latest is None:
            raise UnknownJob(where["job_id"])
        return Person("", WAY, only_job=latest.id)
    raise ShareRefused


async def _command_of(job_id: str) -> str:
    try:
        return (await runner().job(job_id)).command
    except UnknownJob:
        raise ShareRefused from None


def _only_see(command: str) -> Rule:
    return Rule(frozenset(), frozenset(), False, frozenset({command}), False, frozenset({Right.SEE}))


def _count_wrong() -> None:
    """Nobody is kept from a right link by another's wrong ones: only wrong ones are counted, and told to wait."""
    key = counted_as(client_of(scope_of(request)))
    wait = 0.0 if key is None else context_of(current_app).wrong_links.take(key, time.monotonic())
    if wait:
        raise TooMany(wait)
