"""How route functions get at what the app was made with."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import cast

from quart import Quart, current_app

from runner.service import Runner
from runner.web.audit.log import AuditLog
from runner.web.auth.authority import Authority
from runner.web.holds import Holds
from runner.web.lifetime import Lifetime
from runner.web.security.rates import RateLimit
from runner.web.sharing import SharedAnswers
from runner.web.turns import Turns

WRONG_LINKS = 20
WRONG_LINKS_A_SECOND = 0.2
"""How many share links that are not right one address may send, at once and lasting."""

_KEY = "linefeed"


@dataclass(frozen=True, slots=True)
class Context:
    """What one app has: made once, for as long as it lives."""

    runner: Runner
    lifetime: Lifetime
    authority: Authority
    audit: AuditLog
    holds: Holds = field(default_factory=Holds)
    shared_answers: SharedAnswers = field(default_factory=SharedAnswers)
    person_rates: RateLimit = field(default_factory=RateLimit)
    wrong_links: RateLimit = field(default_factory=lambda: RateLimit(WRONG_LINKS_A_SECOND, WRONG_LINKS))
    searches: Turns = field(default_factory=Turns)

    @property
    def start_token(self) -> str | None:
        """What signs in who started the server; None in the other modes."""
        return self.authority.start_token


def attach(app: Quart, context: Context) -> None:
    """Give ``app`` its context."""
    app.extensions[_KEY] = context


def context_of(app: Quart) -> Context:
    """What ``app`` was made with."""
    return cast(Context, app.extensions[_KEY])


def runner() -> Runner:
    """The Runner of the app that answers this request."""
    return context_of(current_app).runner


def holds() -> Holds:
    """The count of held polls of the app that answers this request."""
    return context_of(current_app).holds


def shared_answers() -> SharedAnswers:
    """The API's encoded answers of the app that answers this request."""
    return context_of(current_app).shared_answers


def searches() -> Turns:
    """Who may search now, in the app that answers this request."""
    return context_of(current_app).searches


def authority() -> Authority:
    """What the app that answers this request knows of identity."""
    return context_of(current_app).authority


def audit_log() -> AuditLog:
    """The audit of the app that answers this request."""
    return context_of(current_app).audit
