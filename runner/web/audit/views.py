"""What the audit's page is given, already worded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from runner.job import is_id
from runner.web import addresses, wording
from runner.web.audit.entry import Damaged, Entry, Result, What
from runner.web.audit.reading import Found, Wanted
from runner.web.forms import OptionView
from runner.web.views import BRIEF, Look

PATH = "/audit"

SHOWN = 60
"""So much of a name is shown, in characters: anybody may try to sign in with a long one. The file has all of it."""

_LOOKS = {
    Result.OK: Look("succeeded", "✓", "Done"),
    Result.REFUSED: Look("stopped", "⊘", "Refused"),
    Result.FAILED: Look("failed", "✗", "Failed"),
    Result.ASKED: Look("queued", "…", "Asked for"),
}

_WORDS = {
    What.START: "Start",
    What.STOP: "Stop",
    What.FORCE_STOP: "Stop by force",
    What.KEEP: "Keep longer",
    What.PIN: "Pin",
    What.UNPIN: "Unpin",
    What.SIGN_IN: "Sign in",
    What.SIGN_OUT: "Sign out",
    What.REVOKE_SESSION: "Revoke a session",
    What.REFUSED: "Refused request",
    What.INPUT: "Input",
    What.DOWNLOAD: "Download",
}


@dataclass(frozen=True, slots=True)
class EntryView:
    """One row; ``url`` is that of the job, if it was about one.

    ``about`` is the command or else the job; ``damaged`` has the text of a line that is no entry.
    """

    look: Look
    iso: str = ""
    time: str = ""
    who: str = ""
    way: str = ""
    address: str = ""
    what: str = ""
    about: str = ""
    url: str = ""
    parameters: str = ""
    reason: str = ""
    damaged: str = ""


@dataclass(frozen=True, slots=True)
class AuditView:
    """A page of the audit. ``older`` is empty at its beginning, ``newest`` on its first page.

    ``stopped`` says how much was looked through if that was too little to fill the page.
    """

    entries: tuple[EntryView, ...]
    wanted: Wanted
    whats: tuple[OptionView, ...]
    filtered: bool
    older: str
    newest: str
    stopped: str


def audit_view(found: Found, wanted: Wanted, before: int | None, scanned: int) -> AuditView:
    """What was found before an offset; ``scanned`` is the most that is looked through, in bytes."""
    chosen = {"who": wanted.who or None, "command": wanted.command or None, "job": wanted.job or None}
    chosen["what"] = wanted.what
    return AuditView(
        entries=tuple(map(_entry_view, found.entries)),
        wanted=wanted,
        whats=(
            OptionView("", "Anything", wanted.what is None),
            *(OptionView(what, label, what is wanted.what) for what, label in _WORDS.items()),
        ),
        filtered=not wanted.anything,
        older="" if found.next is None else addresses.query(PATH, {**chosen, "before": found.next}),
        newest="" if before is None else addresses.query(PATH, chosen),
        stopped=wording.size(scanned) if found.stopped else "",
    )


def _entry_view(entry: Entry | Damaged) -> EntryView:
    if isinstance(entry, Damaged):
        return EntryView(Look("failed", "!", "Damaged"), damaged=entry.text)
    return EntryView(
        look=_LOOKS[entry.result],
        iso=entry.time,
        time=entry.time.replace("T", " ").replace("Z", " UTC"),
        who=wording.cut(entry.who, SHOWN) or "nobody",
        way=wording.cut(entry.way, SHOWN),
        address=wording.cut(entry.address, SHOWN),
        what=_WORDS[entry.what],
        about=wording.cut(entry.command or entry.job, SHOWN),
        url=addresses.job(entry.job) if is_id(entry.job) else "",
        parameters=_brief(entry.parameters),
        reason=entry.reason,
    )


def _brief(parameters: Mapping[str, object]) -> str:
    """As much of them as stands in a list; values as JSON, so that none can look like another parameter."""
    return wording.cut(" ".join(f"{name}={_json(value)}" for name, value in parameters.items()), BRIEF)


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
