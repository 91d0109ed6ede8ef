"""Commands and settings made for a test."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from textwrap import dedent
from typing import Any

from runner.catalogue import Command
from runner.parameters import Parameter
from runner.settings import AuthMode, AuthSettings, OutputSettings, PoolSettings, ServerSettings, Settings

ENVIRONMENT = {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LANG": "C.UTF-8"}


def command(name: str, *argv: str, parameters: tuple[Parameter, ...] = (), **keys: Any) -> Command:
    """A command of these argv templates; ``keys`` are further fields of ``Command``."""
    declared: Mapping[str, Parameter] = {parameter.name: parameter for parameter in parameters}
    return Command(name=name, title=keys.pop("title", name), argv=argv, parameters=declared, env={}, **keys)


def python(code: str, name: str = "python", **keys: Any) -> Command:
    """A command that runs this Python code, unbuffered and without the site's packages."""
    source = dedent(code).strip().replace("{", "{{").replace("}", "}}")
    return command(name, sys.executable, "-I", "-S", "-u", "-c", source, **keys)


def settings_of(
    folder: Path,
    *commands: Command,
    pool: PoolSettings | None = None,
    output: OutputSettings | None = None,
    auth: AuthSettings | None = None,
) -> Settings:
    """Settings with these commands and their data in ``folder``; without ``auth`` everybody may do everything."""
    return Settings(
        server=ServerSettings(port=0, data=folder / "data"),
        pool=pool or PoolSettings(),
        output=output or OutputSettings(),
        commands={each.name: each for each in commands},
        environment=ENVIRONMENT,
        auth=auth or AuthSettings(AuthMode.NONE),
    )
