"""The catalogue's part of the file: ``[commands.NAME]`` and its parameters."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping

from runner.catalogue import Command, OnServerExit, Parameter, check_argv
from runner.settings.parameters import read_parameter
from runner.settings.quantities import parse_duration, parse_origin, shown
from runner.settings.sections import MOST_RUNNING
from runner.settings.table import Table, filled, integer, place, text, words

LATER = frozenset({"silence_timeout", "terminal", "order", "input", "confirm", "user"})
RESERVED = frozenset({"command"})
"""Names of the start form itself."""

_COMMAND = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_PARAMETER = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,62}")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def read_commands(table: Table) -> dict[str, Command]:
    """Every command by name, in the file's order."""
    commands = {}
    for name, entry in table.tables():
        if not _COMMAND.fullmatch(name):
            table.fault(name, "is no name for a command: 1 to 63 of a-z, 0-9 and -, and no - at the beginning")
        commands[name] = _read_command(name, entry)
    return commands


def _read_command(name: str, table: Table) -> Command:
    parameters = _read_parameters(table.table("parameters"))
    command = Command(
        name=name,
        title=table.take("title", name, filled),
        description=table.take("description", "", text),
        group=table.take("group", "", text),
        argv=_read_argv(table, parameters),
        parameters=parameters,
        env=_read_env(table.table("env")),
        directory=table.take("directory", None, _parse_directory),
        timeout=table.take("timeout", None, _parse_timeout),
        stop_grace=table.take("stop_grace", 5.0, parse_duration),
        running=table.take("running", None, integer(1, MOST_RUNNING)),
        on_server_exit=table.take("on_server_exit", OnServerExit.STOP, _parse_on_server_exit),
        frame_ancestors=_read_frame_ancestors(table),
    )
    table.close(LATER)
    return command


def _read_argv(table: Table, parameters: Mapping[str, Parameter]) -> tuple[str, ...]:
    argv = table.require("argv", None, words)
    if argv is None:
        return ()
    for reason in check_argv(argv, parameters):
        table.fault("argv", reason)
    return argv


def _read_parameters(table: Table) -> dict[str, Parameter]:
    parameters = {}
    for name, entry in table.tables():
        if not _PARAMETER.fullmatch(name):
            table.fault(name, "is no name for a parameter: 1 to 63 of A-Z, a-z, 0-9, _ and -, a letter first")
        if name in RESERVED:
            table.fault(name, "is a name that the start form uses itself; choose another")
        parameters[name] = read_parameter(name, entry)
    return parameters


def _read_frame_ancestors(table: Table) -> tuple[str, ...] | None:
    """None if the file says nothing of it: an empty list is nobody."""
    origins = table.each("frame_ancestors", (), parse_origin)
    return origins if "frame_ancestors" in table else None


def _read_env(table: Table) -> dict[str, str]:
    for name in table.values:
        if not _VARIABLE.fullmatch(name):
            table.fault(name, "is no name for a variable: A-Z, a-z, 0-9 and _, and no digit at the beginning")
        elif name.startswith("LINEFEED_"):
            table.fault(name, "is reserved; names that begin with LINEFEED_ are Linefeed's own")
    return {name: table.take(name, "", text) for name in table.values}


def _parse_directory(value: object) -> str | None:
    return os.path.abspath(place(value))


def _parse_on_server_exit(value: object) -> OnServerExit:
    word = text(value)
    try:
        return OnServerExit(word)
    except ValueError:
        raise ValueError(f"must be one of {', '.join(OnServerExit)}, not {shown(word)}") from None


def _parse_timeout(value: object) -> float | None:
    seconds = parse_duration(value)
    if seconds == 0:
        raise ValueError("must be more than nothing; leave it out for no limit")
    return seconds
