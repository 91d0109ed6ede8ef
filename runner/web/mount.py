"""The outermost layer: the prefix under which a proxy serves the app."""

from __future__ import annotations

from runner.web.addresses import PREFIX
from runner.web.asgi import App, Receive, Scope, Send


class Mount:
    """An ASGI app around another one. ``prefix`` is ``""`` or ``/some/prefix``.

    A path below the prefix has it taken off: the proxy passed it on. Any other is taken as it is: the proxy took
    it off itself. Addresses that the app gives have the prefix either way.
    """

    def __init__(self, app: App, prefix: str) -> None:
        self._app = app
        self._prefix = prefix

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        token = PREFIX.set(self._prefix)
        try:
            await self._app(self._below(scope), receive, send)
        finally:
            PREFIX.reset(token)

    def _below(self, scope: Scope) -> Scope:
        path = scope["path"]
        if not self._prefix or not f"{path}/".startswith(f"{self._prefix}/"):
            return scope
        prefix = self._prefix.encode()
        raw = scope.get("raw_path") or b""
        raw = (raw.removeprefix(prefix) or b"/") if raw.startswith(prefix) else raw
        return {**scope, "path": path[len(self._prefix) :] or "/", "raw_path": raw, "root_path": ""}
