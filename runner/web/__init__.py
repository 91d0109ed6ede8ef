"""The web frame: pages, fragments, the JSON API and what guards them."""

from __future__ import annotations

from pathlib import Path

from jinja2 import StrictUndefined
from quart import Quart

from runner.service import Runner
from runner.settings import Settings
from runner.web import api, fragments, health, jobpage, log, pages, tail
from runner.web.compression import Compression
from runner.web.context import Context, attach
from runner.web.errors import register_errors
from runner.web.lifetime import Lifetime
from runner.web.security import Guard
from runner.web.static import StaticFiles, static_blueprint

BODY_BYTES = 1 << 20
SEND_SECONDS = 300

_PROJECT = Path(__file__).resolve().parent.parent.parent


def create_app(settings: Settings) -> Quart:
    """The web app over a Runner of these settings, opened before serving and closed after it."""
    app = Quart("linefeed", root_path=str(_PROJECT), static_folder=None, template_folder="templates")
    runner = Runner(settings)
    lifetime = Lifetime(runner)
    attach(app, Context(runner, lifetime))
    _configure(app)
    _live(app, lifetime)
    register_errors(app)
    for room in (api, log, health, pages, jobpage, tail, fragments):
        app.register_blueprint(room.blueprint)
    app.register_blueprint(static_blueprint(StaticFiles(_PROJECT / "static")))
    guarded = Guard(Compression(app.asgi_app), settings.server.allowed_hosts)  # type: ignore[arg-type] # Quart's own names for ASGI's parts
    app.asgi_app = guarded  # type: ignore[method-assign, assignment] # the way Quart names
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


def _live(app: Quart, lifetime: Lifetime) -> None:
    app.before_serving(lifetime.open)
    app.before_request(lifetime.refuse_if_over)
    app.after_serving(lifetime.close)
