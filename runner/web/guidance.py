"""What an error page says beside the error itself: a heading in plain words, and what to do next. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from runner.errors import (
    BadCursor,
    LinefeedError,
    PinRefused,
    ShuttingDown,
    StartFailed,
    UnknownCommand,
    UnknownJob,
)


class Guidance(NamedTuple):
    """A page's heading, and a sentence of advice; either may be empty."""

    title: str = ""
    advice: str = ""


NO_GUIDANCE = Guidance()

_BY_TYPE: Mapping[type[LinefeedError], Guidance] = {
    BadCursor: Guidance("No such lines", "The job has not written that much. Its page shows what there is."),
    PinRefused: Guidance("Not pinned", "Unpin another job first, or keep this one longer instead."),
    ShuttingDown: Guidance("The server is leaving", "Nothing was started. Try again when it is back."),
    StartFailed: Guidance("Not started", "Who runs this server can read the reason in its log."),
    UnknownCommand: Guidance("No such command", "The catalogue may have changed; the dashboard has every command."),
    UnknownJob: Guidance(
        "No such job", "Its address may have been cut short, or the job is older than the history keeps."
    ),
}

_BY_STATUS: Mapping[int, Guidance] = {
    400: Guidance("This request is not right", "Go back and try a link or button of the page instead."),
    403: Guidance("Refused"),
    404: Guidance("Nothing is here", "The address may have been cut short or mistyped."),
    405: Guidance("Not this way", "This address is for another kind of request; start from the dashboard."),
    413: Guidance("Too large", "Send less at once."),
    500: Guidance("Something went wrong", "Trying again may help; if not, the id below finds the reason in the log."),
}


def guidance_for(error: LinefeedError | None, status: int) -> Guidance:
    """What helps with an error of ours, or with any answer of this status."""
    found = _BY_TYPE.get(type(error)) if error is not None else None
    return found or _BY_STATUS.get(status, NO_GUIDANCE)
