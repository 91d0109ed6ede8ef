"""What one app knows of identity: its mode, its stores and its rules, in one place."""

from __future__ import annotations

import hashlib
import hmac
import secrets

from runner.settings import AuthMode, Settings
from runner.web.auth.pace import Pace
from runner.web.auth.passwords import Passwords
from runner.web.auth.person import Person
from runner.web.auth.rights import Rights
from runner.web.auth.sessions import Session, Sessions
from runner.web.auth.shares import Shares
from runner.web.auth.throttle import DeviceCookies, Throttle
from runner.web.auth.tokens import Tokens
from runner.web.auth.users import Users

START_TOKEN_BYTES = 32

NOBODY_IS_ASKED = Person("", "", owner=True)
"""Everybody, where ``auth.mode`` is ``none``."""


class Authority:
    """Made once for an app. The files of its stores are in the data folder, which ``open`` needs to be there."""

    def __init__(self, settings: Settings) -> None:
        data = settings.server.data.absolute()
        self.settings = settings.auth
        self.mode = settings.auth.mode
        self.rights = Rights(settings.auth.rules)
        self.start_token = secrets.token_urlsafe(START_TOKEN_BYTES) if self.mode is AuthMode.TOKEN else None
        self.sessions = Sessions(data / "sessions.json")
        self.tokens = Tokens(data / "tokens.json")
        self.shares = Shares(data / "shares.json")
        self.devices = DeviceCookies(data / "device.key")
        self.passwords = Passwords()
        self.throttle = Throttle()
        self.refusals = Pace()
        self.users = Users(settings.auth.users) if settings.auth.users else None
        self._form_secret = secrets.token_bytes(32)

    async def open(self) -> None:
        """Read what earlier servers left. Raises OSError."""
        await self.sessions.open()
        await self.shares.open()

    async def close(self) -> None:
        """Write down what is not written yet."""
        await self.sessions.close()
        self.passwords.close()

    def by_bearer(self, text: str, now: float) -> Person | None:
        """Who an ``Authorization: Bearer`` is of, or None."""
        if self.start_token is not None and hmac.compare_digest(text.encode(), self.start_token.encode()):
            return Person("", "start token", owner=True)
        return self.tokens.find(text, now)

    def by_session(self, session: Session) -> Person | None:
        """Who a session is of; None if this mode has no such sessions, or the person is gone."""
        if session.owner:
            return Person("", session.way, owner=True) if self.mode is AuthMode.TOKEN else None
        if session.mark != self.mark_of(session.name):
            return None
        return Person(session.name, session.way, self.groups_of(session.name))

    def mark_of(self, name: str) -> str | None:
        """What a session of this person must be marked with to count: another one after each new password."""
        return self.users.mark(name) if self.users is not None else None

    def by_proxy(self, name: str, groups: frozenset[str]) -> Person:
        """Who a proxy says it is."""
        return Person(name, "proxy", groups | self.groups_of(name))

    def groups_of(self, name: str) -> frozenset[str]:
        """The groups of the configuration that have this person."""
        return frozenset(group for group, members in self.settings.groups.items() if name in members)

    def form_key(self, kind: str, text: str) -> bytes:
        """The key of form tokens for somebody who has no session: ``kind`` and ``text`` say who that is."""
        return hmac.digest(self._form_secret, f"{kind}:{text}".encode(), hashlib.sha256)
