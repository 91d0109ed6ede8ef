"""A wall: the newest jobs of many commands in one page with one poller, for a screen that is read from afar."""

from __future__ import annotations

import asyncio
import hashlib
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass

from quart import Blueprint, Response

from runner.job import Job
from runner.settings import Right
from runner.web import addresses, queries
from runner.web.auth.asking import may, rights_on, visible
from runner.web.browser import browser_of
from runner.web.context import holds, runner
from runner.web.errors import BadRequest
from runner.web.fragments import environment
from runner.web.logview import HOLD_SECONDS, LiveView
from runner.web.panels.making import content_of
from runner.web.panels.options import PanelOptions, Size
from runner.web.panels.views import NO_RIGHTS, Asked, PanelView, PollView, Subject, panel_view
from runner.web.rendering import page, refresh_to

MOST = 100
"""Commands on one wall."""

REFRESH_SECONDS = 5
LOOK_SECONDS = 0.2
"""How often a held poll looks whether anything changed: in memory, and once for all tiles."""

SELDOM_SECONDS = 2.0
"""The same for who sees only some jobs."""

PACE_SECONDS = 0.3
"""How long news gather before they are sent."""

LIVE, SLOW = "load, every 3s", "every 3s"
_LINE = PanelOptions(size=Size.LINE)
_SEPARATOR = "-"
_SEEN_BYTES = 4
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")

blueprint = Blueprint("walls", __name__)


@dataclass(frozen=True, slots=True)
class TileView:
    """One command on the wall; ``panel`` is None, and ``url`` empty, if there is none of this name for who looks."""

    id: str
    name: str
    url: str
    panel: PanelView | None


@dataclass(frozen=True, slots=True)
class WallView:
    """All tiles, or those that changed, and the one poller."""

    tiles: tuple[TileView, ...]
    poll: PollView


@blueprint.get("/wall")
async def wall() -> Response:
    """The wall of these commands, or of all that may be seen."""
    names = _names()
    jobs = await _jobs(names)
    view = await _view(names, jobs, names)
    again = addresses.query("/wall", {"commands": queries.text("commands"), "r": queries.refreshed() + 1})
    return await page("wall", wall=view, live=_live(), refresh=refresh_to(REFRESH_SECONDS, again))


@blueprint.get("/fragments/wall")
async def wall_fragment() -> Response:
    """The tiles that changed since ``seen``, and the next poller; waits for some."""
    names = _names()
    seen = dict(zip(names, (queries.text("seen") or "").split(_SEPARATOR), strict=False))
    may_wait = await _wait(names, seen)
    jobs = await _jobs(names)
    news = [name for name in names if _seen(jobs.get(name)) != seen.get(name)]
    view = await _view(names, jobs, news, slow=not (may_wait or news))
    html = environment().get_template("fragments/wall_news.html").render(wall=view, live=_live(), form_token="")  # nosec B106 # none
    return Response(html, content_type="text/html; charset=utf-8")


async def _wait(names: list[str], seen: Mapping[str, str]) -> bool:
    """Until a tile has news, and a little longer; whether this browser may wait at all."""
    # What somebody sees who does not see every job of a command is looked up on the disk.
    everything = visible() is None
    with holds().hold(browser_of()) as may_wait:
        give_up_at = time.monotonic() + (HOLD_SECONDS if may_wait else 0.0)
        while time.monotonic() < give_up_at:
            if runner().leaving or await _has_news(names, seen):
                break
            await asyncio.sleep(LOOK_SECONDS if everything else SELDOM_SECONDS)
        await asyncio.sleep(PACE_SECONDS)
    return may_wait


async def _has_news(names: list[str], seen: Mapping[str, str]) -> bool:
    jobs = await _jobs(names)
    return any(_seen(jobs.get(name)) != seen.get(name) for name in names)


async def _jobs(names: list[str]) -> dict[str, Job | None]:
    """The newest job of each command that this person may know of."""
    allowed = visible()
    return {name: await runner().latest(name, allowed) for name in names if _is_known(name)}


async def _view(names: list[str], jobs: Mapping[str, Job | None], news: list[str], slow: bool = False) -> WallView:
    seen = _SEPARATOR.join(_seen(jobs.get(name)) for name in names)
    poll = PollView(addresses.wall_fragment(",".join(names), seen), SLOW if slow else LIVE)
    return WallView(tuple([await _tile(name, jobs) for name in news]), poll)


async def _tile(name: str, jobs: Mapping[str, Job | None]) -> TileView:
    if name not in jobs:
        return TileView(f"tile-{name}", name, "", None)
    command, job = runner().commands[name], jobs[name]
    subject = Subject(addresses.command_path(name), command.title, latest=False)
    asked = Asked(subject, _LINE, rights_on(job) if job else NO_RIGHTS, framed=False)
    panel = panel_view(asked, await content_of(job, _LINE), time.time())
    return TileView(f"tile-{name}", command.title, (job and addresses.job(job.id)) or addresses.command(name), panel)


def _names() -> list[str]:
    """The commands of the wall, each once. Raises BadRequest if there are too many, or one is no name."""
    sent = queries.text("commands")
    if not sent:
        return [name for name in runner().commands if _is_known(name)][:MOST]
    names = list(dict.fromkeys(name.strip() for name in sent.split(",") if name.strip()))
    if len(names) > MOST or not all(_NAME.fullmatch(name) for name in names):
        reason = f"must be at most {MOST} names of commands with commas between them"
        raise BadRequest(f"The query is not right: commands {reason}.", {"commands": reason})
    return names


def _is_known(name: str) -> bool:
    return name in runner().commands and (may(Right.SEE, name) or may(Right.START, name))


def _seen(job: Job | None) -> str:
    """A short word that is another one whenever the tile has something new to show."""
    if job is None:
        return "none"
    words = f"{job.id} {job.output.lines} {job.output.bytes} {job.state.name}"
    return hashlib.blake2s(words.encode(), digest_size=_SEEN_BYTES).hexdigest()


def _live() -> LiveView:
    return LiveView.at(time.time(), "later")
