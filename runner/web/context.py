"""How route functions get at what the app was made with."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import cast

from quart import Quart, current_app

from runner.service import Runner
from runner.web.holds import Holds
from runner.web.lifetime import Lifetime
from runner.web.sharing import SharedAnswers

_KEY = "linefeed"


@dataclass(frozen=True, slots=True)
class Context:
    """What one app has: made once, for as long as it lives."""

    runner: Runner
    lifetime: Lifetime
    holds: Holds = field(default_factory=Holds)
    shared_answers: SharedAnswers = field(default_factory=SharedAnswers)


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
