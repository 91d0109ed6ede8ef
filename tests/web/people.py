"""People of a test's app: a users file, rules, and requests in their names."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from argon2 import PasswordHasher
from quart import Quart

from runner.settings import AuthMode, AuthSettings, Right, Rule
from runner.web.auth.sessions import Maker
from runner.web.context import context_of

PASSWORD = "a right password"
_HASH = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1).hash(PASSWORD)

OWN_SITE = (b"sec-fetch-site", b"same-origin")


def users_file(folder: Path, names: Iterable[str]) -> Path:
    """A users file in which everybody has ``PASSWORD``."""
    path = folder / "users"
    path.write_text("".join(f"{name}:{_HASH}\n" for name in names))
    path.chmod(0o600)
    return path


def rule(*may: Right, people: Iterable[str] = (), groups: Iterable[str] = (), commands: Iterable[str] = ("*",)) -> Rule:
    """A rule for these people and groups; ``*`` is everybody, or every command."""
    named, covered = frozenset(people), frozenset(commands)
    return Rule(
        people=named - {"*"},
        groups=frozenset(groups),
        everybody="*" in named,
        commands=covered - {"*"},
        every_command="*" in covered,
        may=frozenset(may),
    )


def users_auth(folder: Path, names: Iterable[str], *rules: Rule) -> AuthSettings:
    """Settings under which these people sign in with a password."""
    return AuthSettings(AuthMode.USERS, users=users_file(folder, names), rules=rules)


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A session that a test has made; ``headers`` are a browser's that sends it."""

    headers: tuple[tuple[bytes, bytes], ...]
    form_key: bytes


def sign_in(app: Quart, name: str, *, owner: bool = False) -> SignedIn:
    """A fresh session of this person."""
    authority = context_of(app).authority
    maker = Maker(name, "password", owner, "127.0.0.1", "test", authority.mark_of(name) or "")
    value = authority.sessions.create(maker, time.time(), 3_600.0)
    session = authority.sessions.find(value, time.time())
    assert session is not None
    return SignedIn(((b"cookie", f"linefeed_session={value}".encode()),), session.form_key)
