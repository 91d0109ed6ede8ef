"""How long a job's output is kept, as its page says it. Pure; the time is an argument."""

from __future__ import annotations

from dataclasses import dataclass

from runner.job import Job
from runner.web import addresses, wording


@dataclass(frozen=True, slots=True)
class KeepView:
    """Until when the output is kept, and where the buttons post to; an empty address is no button."""

    text: str
    keep_url: str
    pin_url: str
    pin_label: str


def keep_view(job: Job, now: float) -> KeepView | None:
    """What is said of a finished job's output; None while the job runs and when its output is gone."""
    end = job.finished
    if end is None or end.expired_at is not None:
        return None
    if end.pinned:
        return KeepView("kept until it is unpinned", "", addresses.action(job.id, "unpin"), "Unpin")
    if end.expires_at is None:
        return None
    text = f"kept until {wording.clock_time(end.expires_at, now)}, longer if it is read"
    return KeepView(text, addresses.action(job.id, "keep"), addresses.action(job.id, "pin"), "Pin")
