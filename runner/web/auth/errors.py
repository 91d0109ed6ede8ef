"""What the gate refuses, as types that carry data and a sentence."""

from __future__ import annotations

import math

from runner.errors import LinefeedError
from runner.job import Job


class NotAllowed(LinefeedError):
    """Somebody who is signed in asked for what no rule allows; ``job`` is the one it was about, if any."""

    def __init__(self, what: str, job: Job | None = None) -> None:
        super().__init__(f"You may not {what}.")
        self.job = job


class FormExpired(LinefeedError):
    """A form came without its token, or with that of another session."""

    def __init__(self) -> None:
        super().__init__(
            "Nothing says from which page this came: the form was open for too long, or was not made for you. "
            "Load its page again and send it anew."
        )


class TooMany(LinefeedError):
    """More requests than one person may send; ``retry_after`` is in whole seconds."""

    def __init__(self, wait: float) -> None:
        super().__init__("Too many requests at once. Wait a moment.")
        self.retry_after = math.ceil(wait)
