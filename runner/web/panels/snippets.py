"""What somebody copies into a page of theirs to show a job there."""

from __future__ import annotations

import time
from dataclasses import dataclass

from runner.job import Job
from runner.web import addresses, wording
from runner.web.auth.shares import Kind, Share
from runner.web.context import authority, runner
from runner.web.embedding import own_origin
from runner.web.forms import OptionView
from runner.web.panels.sharing import LASTS, USUAL, shares_of, subjects_of


@dataclass(frozen=True, slots=True)
class SnippetView:
    """One way to show it: its name, when to take it, and the text to copy."""

    name: str
    hint: str
    text: str
    rows: int


@dataclass(frozen=True, slots=True)
class ShareView:
    """One link that counts; ``url`` is its whole address."""

    id: str
    what: str
    url: str
    maker: str
    ends: str


@dataclass(frozen=True, slots=True)
class EmbedView:
    """The box on a job's page. ``share_url`` is empty for who may make no links; ``origins`` who may embed."""

    snippets: tuple[SnippetView, ...]
    shares: tuple[ShareView, ...]
    kinds: tuple[OptionView, ...]
    lasts: tuple[OptionView, ...]
    share_url: str
    revoke_url: str
    close_url: str
    origins: str


def embed_view(job: Job, may_share: bool) -> EmbedView:
    """The box for a job."""
    subjects = subjects_of(job) if may_share else []
    shares = shares_of(job) if may_share else []
    words = {Kind.JOB: ("job", "This job"), Kind.LATEST: ("latest", "The latest of this command")}
    command = runner().commands.get(job.command)
    own = command.frame_ancestors if command is not None else None
    origins = runner().settings.server.frame_ancestors if own is None else own
    return EmbedView(
        snippets=tuple(_snippets(job)),
        shares=tuple(_share_view(share, words[share.kind][1]) for share in shares),
        kinds=tuple(OptionView(*words[subject.kind], selected=False) for subject in subjects),
        lasts=tuple(OptionView(hours, text, hours == USUAL) for hours, text in LASTS.items()),
        share_url=addresses.action(job.id, "shares") if may_share else "",
        revoke_url=addresses.action(job.id, "shares/revoke"),
        close_url=addresses.job(job.id),
        origins=", ".join(origins),
    )


def _snippets(job: Job) -> list[SnippetView]:
    own = own_origin()
    job_path, command_path = addresses.job_path(job.id), addresses.command_path(job.command)
    panel = own + addresses.panel(job_path, size="tail")
    fragment = own + addresses.panel_fragment(command_path, size="tail")
    image = own + addresses.badge(command_path, "svg")
    return [
        SnippetView(
            "Frame",
            "For any page. Options go into the address: size=badge, line, tail or full, lines, theme, title, numbers, "
            "times, buttons, ground, ink, accent.",
            f'<iframe src="{panel}" title="{_attribute(job.title)}" width="100%" height="320" '
            # Its links open pages, which a browser shows only outside the sandbox.
            'sandbox="allow-scripts allow-same-origin allow-forms allow-popups '
            'allow-popups-to-escape-sandbox"></iframe>',
            4,
        ),
        SnippetView(
            "htmx",
            "For a page that has htmx 4 itself. From another origin it needs a share link, as its address shows it.",
            '<meta name="htmx-config" content=\'{"mode":"cors"}\'>\n'
            f'<div hx-get="{fragment}" hx-trigger="load" hx-swap="outerHTML"></div>',
            3,
        ),
        SnippetView(
            "Quart",
            "For a Quart app that has Linefeed under a prefix; examples/embedding/mounted.py is a whole one.",
            "from runner.settings import load_settings\nfrom runner.web import create_app\n\n"
            "linefeed = create_app(load_settings(config='linefeed.toml', bind=None, data=None))",
            4,
        ),
        SnippetView(
            "Badge",
            "For Markdown: the state of the command’s latest job. With badge.txt it is a line of text.",
            f"![{job.title}]({image})",
            2,
        ),
    ]


def _attribute(text: str) -> str:
    """A text as it may stand in an attribute of the snippet, which is shown escaped once more."""
    return text.replace("&", "&amp;").replace('"', "&quot;")


def _share_view(share: Share, what: str) -> ShareView:
    path = addresses.job_path(share.name) if share.kind is Kind.JOB else addresses.command_path(share.name)
    return ShareView(
        id=share.id,
        what=what,
        url=own_origin() + addresses.panel(path, share=authority().shares.token_of(share)),
        maker=share.maker,
        ends=wording.clock_time(share.expires, time.time()),
    )
