"""What ``python -m runner`` does, below its flags. A running server sees each change at the next request.

Each function takes the flags of its command. They raise BadConfiguration for what cannot be used, and OSError.
"""

from __future__ import annotations

import asyncio
import getpass
import re
import sys
import time
from argparse import Namespace
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from runner.errors import BadConfiguration, Fault
from runner.settings import Right, Settings, load_settings
from runner.settings.quantities import parse_duration, shown
from runner.web.auth.passwords import MOST_BYTES, Passwords, PasswordTooLong
from runner.web.auth.tokens import EVERY, Grant, Token, Tokens
from runner.web.auth.users import Users, canonical

SHORT = 8
"""Shorter passwords are taken, with a warning."""

_COMMAND = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")


def add_user(flags: Namespace) -> None:
    """Add somebody, or give them a new password."""
    name = _name(flags.name)
    users = _users(flags)
    stored = asyncio.run(_hashed(_new_password(name)))
    _make_folder(users.path.parent)
    new = users.put(name, stored)
    print(f"{name} can sign in now." if new else f"{name} has a new password; older sessions end.")


def remove_user(flags: Namespace) -> None:
    """Take somebody out."""
    name = _name(flags.name)
    users = _users(flags)
    if not users.remove(name):
        raise _fault("NAME", f"{users.path} has nobody named {name}")
    print(f"{name} can sign in no more; their sessions end.")


def list_users(flags: Namespace) -> None:
    """The name of each person, one a line."""
    users = _users(flags)
    users.path.stat()  # the store would only write into the log that there is no such file
    for name in sorted(users.load()):
        print(name)


def add_token(flags: Namespace) -> None:
    """Make a token and print it; nothing can show it again."""
    now = time.time()
    data, settings = _data(flags)
    grant = Grant(
        name=_name(flags.name),
        may=_rights(flags.may),
        commands=_commands(flags.commands, settings),
        expires=now + _duration(flags.expires),
    )
    _make_folder(data)
    text = _tokens(data).add(grant, now)
    print(f"The token, until {_when(grant.expires)}; it cannot be shown again:", file=sys.stderr)
    print(text)


def list_tokens(flags: Namespace) -> None:
    """Every token but its secret: a table with tabs."""
    now = time.time()
    rows = [_row(token, now) for token in _tokens(_data(flags)[0]).all()]
    for row in (("ID", "NAME", "MAY", "COMMANDS", "MADE", "EXPIRES"), *rows):
        print(*row, sep="\t")


def revoke_token(flags: Namespace) -> None:
    """End a token."""
    tokens = _tokens(_data(flags)[0])
    if not tokens.revoke(flags.id):
        raise _fault("ID", f"{tokens.path} has no token {shown(flags.id)}")
    print("The token is of no use any more.")


def _row(token: Token, now: float) -> tuple[str, ...]:
    over = " (over)" if token.expires <= now else ""
    expires = _when(token.expires) + over
    return token.id, token.name, _listed(token.may), _listed(token.commands), _when(token.made), expires


def _listed(words: Iterable[str]) -> str:
    return ",".join(sorted(words))


def _when(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _users(flags: Namespace) -> Users:
    if flags.users:
        return Users(Path.cwd() / flags.users)
    found = load_settings(config=flags.config, bind=None, data=None).auth.users
    if found is None:
        raise _fault("--users", "no users file is named, here or as auth.users in the file of --config")
    return Users(found)


def _tokens(data: Path) -> Tokens:
    return Tokens(data / "tokens.json")


def _data(flags: Namespace) -> tuple[Path, Settings | None]:
    """The data folder, and the settings unless the folder alone was named."""
    if flags.data and not flags.config:
        return Path.cwd() / flags.data, None
    settings = load_settings(config=flags.config, bind=None, data=flags.data)
    return settings.server.data, settings


def _make_folder(path: Path) -> None:
    path.mkdir(mode=0o700, parents=True, exist_ok=True)


def _name(given: str) -> str:
    name = canonical(given)
    if name is None:
        raise _fault("NAME", "is 1 to 64 of a-z 0-9 . _ @ - and begins with a letter or digit")
    return name


def _rights(given: str) -> frozenset[Right]:
    try:
        return frozenset(Right(word) for word in _words("--may", given))
    except ValueError:
        raise _fault("--may", f"{shown(given)} is not some of {', '.join(Right)}, with commas between") from None


def _commands(given: str, settings: Settings | None) -> frozenset[str]:
    names = frozenset(_words("--commands", given))
    for name in sorted(names - {EVERY}):
        if not _COMMAND.fullmatch(name):
            raise _fault("--commands", f"{shown(name)} is no name of a command")
        if settings is not None and name not in settings.commands:
            raise _fault("--commands", f"the catalogue has no command named {shown(name)}")
    return names


def _words(flag: str, given: str) -> list[str]:
    words = [word.strip() for word in given.split(",") if word.strip()]
    if not words:
        raise _fault(flag, "is empty")
    return words


def _duration(given: str) -> float:
    try:
        return parse_duration(given)
    except ValueError as error:
        raise _fault("--expires", str(error)) from None


def _new_password(name: str) -> str:
    password = _typed(name) if sys.stdin.isatty() else _piped()
    if not password:
        raise _fault("password", "is empty")
    if len(password) < SHORT:
        print(f"This password is short: {SHORT} characters are the least that is wise.", file=sys.stderr)
    return password


def _typed(name: str) -> str:
    password = getpass.getpass(f"Password of {name}: ")
    if getpass.getpass("Once more: ") != password:
        raise _fault("password", "was not the same twice")
    return password


def _piped() -> str:
    line = sys.stdin.buffer.readline(4 * MOST_BYTES)
    try:
        return line.removesuffix(b"\n").removesuffix(b"\r").decode()
    except UnicodeDecodeError:
        raise _fault("password", "is not UTF-8") from None


async def _hashed(password: str) -> str:
    try:
        return await Passwords().hash(password)
    except PasswordTooLong as error:
        raise _fault("password", str(error)) from None


def _fault(key: str, reason: str) -> BadConfiguration:
    return BadConfiguration([Fault("command line", key, reason)])
