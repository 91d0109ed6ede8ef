"""Who may ask, and what for: ``[auth]`` and ``[[rights]]``."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

from runner.catalogue import Command
from runner.settings.network import parse_header
from runner.settings.quantities import parse_duration, shown
from runner.settings.table import Table, filled, near, place, text
from runner.settings.values import AuthMode, AuthSettings, Right, Rule

EVERY = "*"
LEAST_SESSION = 60.0

_MODES_WITH_RIGHTS = (AuthMode.USERS, AuthMode.PROXY)
_ONLY_WITH = {
    "users": (AuthMode.USERS,),
    "user_header": (AuthMode.PROXY,),
    "groups_header": (AuthMode.PROXY,),
    "groups": _MODES_WITH_RIGHTS,
}


def read_auth(root: Table, commands: Mapping[str, Command]) -> AuthSettings:
    """``[auth]`` and the ``[[rights]]`` beside it, for this catalogue."""
    table, usual = root.table("auth"), AuthSettings()
    mode = table.take("mode", None, _parse_mode)
    groups = _read_groups(table.table("groups"))
    known = groups.keys() if mode is AuthMode.USERS else None
    auth = AuthSettings(
        mode=mode or usual.mode,
        users=table.take("users", usual.users, lambda value: Path.cwd() / place(value)),
        session=table.take("session", usual.session, _parse_session),
        user_header=table.take("user_header", usual.user_header, lambda value: parse_header(text(value))),
        groups_header=table.take("groups_header", usual.groups_header, lambda value: parse_header(text(value))),
        groups=groups,
        rules=tuple(_read_rule(entry, commands, known) for entry in root.entries("rights")),
    )
    if mode is not None or "mode" not in table:  # a mode that is a fault would bring faults that are none
        _check_mode(root, table, auth.mode)
    table.close()
    return auth


def _check_mode(root: Table, table: Table, mode: AuthMode) -> None:
    """What a mode cannot do with, and what it cannot do without."""
    for key, modes in _ONLY_WITH.items():
        if key in table and mode not in modes:
            table.fault(key, f"is only for mode {' or '.join(modes)}, and the mode is {mode}")
    if mode is AuthMode.USERS and "users" not in table:
        table.fault("users", "is missing; mode users needs the file of people and passwords")
    if mode not in _MODES_WITH_RIGHTS and "rights" in root:
        root.fault("rights", f"would bind nobody: the mode is {mode}; set auth.mode to users or proxy")


def _read_groups(table: Table) -> dict[str, frozenset[str]]:
    for name in table.values:
        if not name.strip():
            table.fault(name, "is no name for a group")
    return {name: frozenset(table.each(name, (), filled)) for name in table.values}


def _read_rule(table: Table, commands: Mapping[str, Command], groups: Collection[str] | None) -> Rule:
    """One entry; ``groups`` are those that there are, None if a proxy may name others."""
    people = table.each("people", (), filled)
    named = table.each("commands", (), lambda name: _parse_command(name, commands))
    grouped = table.each("command_groups", (), lambda group: _commands_of(group, commands))
    rule = Rule(
        people=frozenset(people) - {EVERY},
        groups=frozenset(table.each("groups", (), lambda name: _parse_group(name, groups))),
        everybody=EVERY in people,
        commands=frozenset(named).union(*grouped) - {EVERY},
        every_command=EVERY in named,
        may=frozenset(table.each("may", (), _parse_right)),
    )
    _check_rule(table, rule)
    table.close()
    return rule


def _check_rule(table: Table, rule: Rule) -> None:
    """What an entry says nothing about; a wrong value has its fault already."""
    if not (table.values.get("people") or table.values.get("groups")):
        table.fault("people", 'is missing, and so is groups; people = ["*"] is everybody who is signed in')
    if not table.values.get("may"):
        table.fault("may", f"must name at least one right of {', '.join(Right)}")
    elif rule.may != {Right.AUDIT} and not (table.values.get("commands") or table.values.get("command_groups")):
        table.fault("commands", 'is missing, and so is command_groups; commands = ["*"] is every command')


def _parse_mode(value: object) -> AuthMode:
    word = text(value)
    if word not in tuple(AuthMode):
        raise ValueError(f"must be one of {', '.join(AuthMode)}, not {shown(word)}")
    return AuthMode(word)


def _parse_session(value: object) -> float:
    seconds = parse_duration(value)
    if seconds < LEAST_SESSION:
        raise ValueError("must be at least 1m")
    return seconds


def _parse_right(word: str) -> Right:
    if word not in tuple(Right):
        raise ValueError(f"{shown(word)} is no right; the rights are {', '.join(Right)}")
    return Right(word)


def _parse_command(name: str, commands: Mapping[str, Command]) -> str:
    if name != EVERY and name not in commands:
        raise ValueError(f"{shown(name)} is no command of the catalogue{near(name, commands)}")
    return name


def _commands_of(group: str, commands: Mapping[str, Command]) -> frozenset[str]:
    """The names of the commands that stand under this heading."""
    found = frozenset(name for name, command in commands.items() if command.group and command.group == group)
    if not found:
        raise ValueError(f"no command has the group {shown(group)}")
    return found


def _parse_group(name: str, groups: Collection[str] | None) -> str:
    if groups is not None and name not in groups:
        raise ValueError(f"{shown(name)} is no group of auth.groups{near(name, groups)}")
    return filled(name)
