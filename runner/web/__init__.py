"""The web frame: pages, fragments, the JSON API and what guards them."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from jinja2 import StrictUndefined
from quart import Quart

from runner.service import Runner
from runner.settings import Settings
from runner.web import addresses, api, fragments, health, jobpage, log, pages, tail
from runner.web.audit.log import AuditLog
from runner.web.audit.pages import blueprint as audit_pages
from runner.web.auth.asking import of_every_page
from runner.web.auth.authority import Authority
from runner.web.auth.gate import admit
from runner.web.auth.noting import note_foreign
from runner.web.auth.signing import blueprint as signing_pages
from runner.web.compression import Compression
from runner.web.context import Context, attach
from runner.web.embedding import answer_preflight, embed
from runner.web.errors import register_errors
from runner.web.lifetime import Lifetime
from runner.web.mount import Mount
from runner.web.panels import routes as panels
from runner.web.panels import sharing, walls
from runner.web.security import Guard
from runner.web.static import StaticFiles, static_blueprint

BODY_BYTES = 1 << 20
SEND_SECONDS = 300

_PROJECT = Path(__file__).resolve().parent.parent.parent


def create_app(settings: Settings, style: Path | None = None) -> Quart:
    """The web app over a Runner of these settings, opened before serving and closed after it.

    ``style`` is a style sheet that every page and panel takes after Linefeed's own, for the look of another app.
    Raises OSError if it cannot be read.
    """
    app = Quart("linefeed", root_path=str(_PROJECT), static_folder=None, template_folder="templates")
    runner = Runner(settings)
    authority, audit = Authority(settings), AuditLog(settings.server.data.absolute() / "audit.jsonl")
    lifetime = Lifetime(runner, authority, audit)
    attach(app, Context(runner, lifetime, authority, audit))
    _configure(app)
    _live(app, lifetime)
    register_errors(app)
    for room in (api, log, health, pages, jobpage, tail, fragments, panels, sharing, walls):
        app.register_blueprint(room.blueprint)
    app.register_blueprint(audit_pages)
    app.register_blueprint(signing_pages)
    app.register_blueprint(static_blueprint(StaticFiles(_PROJECT / "static", style)))
    guarded = Guard(Compression(app.asgi_app), settings, partial(note_foreign, audit))  # type: ignore[arg-type] # Quart's own names for ASGI's parts
    app.asgi_app = Mount(guarded, settings.server.base_path)  # type: ignore[method-assign, assignment] # the way Quart names
    return app


def _configure(app: Quart) -> None:
    app.config["MAX_CONTENT_LENGTH"] = BODY_BYTES
    app.config["RESPONSE_TIMEOUT"] = SEND_SECONDS
    app.url_map.merge_slashes = False  # an address with a slash too many is unknown, not a redirect
    app.jinja_options = {
        "undefined": StrictUndefined,
        "autoescape": True,
        "trim_blocks": True,
        "lstrip_blocks": True,
    }
    app.add_template_global(addresses.address)


def _live(app: Quart, lifetime: Lifetime) -> None:
    app.before_serving(lifetime.open)
    app.before_request(lifetime.refuse_if_over)
    app.before_request(answer_preflight)
    app.before_request(admit)
    app.after_request(embed)
    app.context_processor(of_every_page)
    app.after_serving(lifetime.close)
