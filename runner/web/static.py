"""Static files: read and compressed once at start, known by their content, served from memory."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from quart import Blueprint, Response, request
from werkzeug.exceptions import NotFound

from runner.web import addresses
from runner.web.compression import LEAST_BYTES, accepts_gzip, pack

_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".ico": "image/x-icon",
    ".js": "text/javascript; charset=utf-8",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
}

FOR_EVER = "public, max-age=31536000, immutable"
CHECK_EACH_TIME = "no-cache"

OWN_STYLE = "own.css"
"""Under what name a style sheet from elsewhere is served."""

LEVEL = 9
"""It is done once, so it may take its time."""


@dataclass(frozen=True, slots=True)
class StaticFile:
    """One file; ``version`` changes with its content. ``packed`` is it as gzip, None if that saves nothing."""

    content: bytes
    packed: bytes | None
    content_type: str
    version: str


class StaticFiles:
    """The files below a folder, by their path in it. Only files of known types are served.

    ``style`` is a style sheet from elsewhere, which every page takes after our own; None for none.
    """

    def __init__(self, folder: Path, style: Path | None = None) -> None:
        self._files = {
            path.relative_to(folder).as_posix(): _read(path)
            for path in sorted(folder.rglob("*"))
            if path.is_file() and path.suffix in _TYPES
        }
        if style is not None:
            self._files[OWN_STYLE] = _read(style)

    @property
    def style_url(self) -> str:
        """The address of that style sheet; empty if there is none."""
        return self.url(OWN_STYLE) if OWN_STYLE in self._files else ""

    def get(self, name: str) -> StaticFile | None:
        """The file of this name, or None."""
        return self._files.get(name)

    def url(self, name: str) -> str:
        """The address of a file, with its version, so that it may be kept for ever. Raises KeyError."""
        return addresses.query(f"/static/{name}", {"v": self._files[name].version})


def static_blueprint(files: StaticFiles) -> Blueprint:
    """The routes of ``files``, and ``static_url()`` and ``style_url()`` for templates."""
    blueprint = Blueprint("static", __name__)

    @blueprint.get("/static/<path:name>")
    async def static_file(name: str) -> Response:
        file = files.get(name)
        if file is None:
            raise NotFound
        return _answer(file)

    blueprint.add_app_template_global(files.url, "static_url")
    blueprint.add_app_template_global(lambda: files.style_url, "style_url")
    return blueprint


def _answer(file: StaticFile) -> Response:
    # Two forms of one file are two entities, so they have different tags.
    packed = file.packed if accepts_gzip(request.headers.getlist("Accept-Encoding")) else None
    tag = file.version if packed is None else f"{file.version}-gzip"
    fresh = request.if_none_match.contains_weak(tag)
    content = file.content if packed is None else packed
    response = Response(b"" if fresh else content, 304 if fresh else 200, content_type=file.content_type)
    response.set_etag(tag)
    if packed is not None:
        response.headers["Content-Encoding"] = "gzip"
    response.headers["Cache-Control"] = FOR_EVER if request.args.get("v") == file.version else CHECK_EACH_TIME
    return response


def _read(path: Path) -> StaticFile:
    content = path.read_bytes()
    packed = pack(content, LEVEL)
    saves = len(content) >= LEAST_BYTES and len(packed) < len(content)
    version = hashlib.sha256(content).hexdigest()[:16]
    return StaticFile(content, packed if saves else None, _TYPES[path.suffix], version)
