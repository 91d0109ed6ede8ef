"""What each route asks of who calls it. A route that has no line here is refused to everybody."""

from __future__ import annotations

from enum import Enum, auto

from runner.settings import Right


class Need(Enum):
    """What a route needs that is no right on a job of its address."""

    NOTHING = auto()
    """Anybody at all may ask."""

    SIGNED_IN = auto()
    """Somebody who is signed in; what the answer shows is what this person may see."""

    COMMAND = auto()
    """The right to start or see the command of the address."""

    START = auto()
    """The right to start the command that the body names; ``acting.start`` asks for it."""

    AUDIT = auto()
    """The right to read the audit."""


NEEDS: dict[str, Need | Right] = {
    "health.healthz": Need.NOTHING,
    "static.static_file": Need.NOTHING,
    "signing.sign_in_page": Need.NOTHING,
    "signing.sign_in": Need.NOTHING,
    "signing.sign_out": Need.SIGNED_IN,
    "signing.sessions_page": Need.SIGNED_IN,
    "signing.end_session": Need.SIGNED_IN,
    "signing.end_all_sessions": Need.SIGNED_IN,
    "pages.dashboard": Need.SIGNED_IN,
    "pages.pick_command": Need.SIGNED_IN,
    "pages.command_form": Need.COMMAND,
    "pages.start_job": Need.START,
    "pages.job_list": Need.SIGNED_IN,
    "fragments.recent_jobs": Need.SIGNED_IN,
    "fragments.lines": Right.SEE,
    "jobpage.job_page": Right.SEE,
    "panels.job_panel": Right.SEE,
    "panels.job_fragment": Right.SEE,
    "panels.job_badge": Right.SEE,
    "panels.job_badge_text": Right.SEE,
    "panels.command_panel": Need.COMMAND,
    "panels.command_fragment": Need.COMMAND,
    "panels.command_badge": Need.COMMAND,
    "panels.command_badge_text": Need.COMMAND,
    "panels.start_in_panel": Need.START,
    "panels.colours": Need.NOTHING,
    "walls.wall": Need.SIGNED_IN,
    "walls.wall_fragment": Need.SIGNED_IN,
    "sharing.share": Right.SHARE,
    "sharing.revoke": Right.SHARE,
    "jobpage.keep_job": Right.SEE,
    "jobpage.stop_job": Right.STOP,
    "jobpage.pin_job": Right.STOP,
    "jobpage.unpin_job": Right.STOP,
    "tail.tail": Right.SEE,
    "log.log": Right.DOWNLOAD,
    "audit.audit_page": Need.AUDIT,
    "api.openapi": Need.SIGNED_IN,
    "api.list_commands": Need.SIGNED_IN,
    "api.list_jobs": Need.SIGNED_IN,
    "api.start_job": Need.START,
    "api.show_job": Right.SEE,
    "api.read_lines": Right.SEE,
    "api.stop_job": Right.STOP,
}
"""By the endpoint's name. A right is one on the job of the address, which must be seen as well."""

SHAREABLE = frozenset(
    {
        "fragments.lines",
        "panels.job_panel",
        "panels.job_fragment",
        "panels.job_badge",
        "panels.job_badge_text",
        "panels.command_panel",
        "panels.command_fragment",
        "panels.command_badge",
        "panels.command_badge_text",
    }
)
"""The endpoints at which a share link counts. Elsewhere it says nothing."""
