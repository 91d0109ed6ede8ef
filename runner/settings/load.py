"""Settings from flags, environment, file and defaults, in this order; every fault in one run."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple, TypeVar

from runner.demo import demo_text, fill_in, write_demo_log
from runner.errors import BadConfiguration, Fault
from runner.settings.commands import read_commands
from runner.settings.environment import child_environment
from runner.settings.identity import read_auth
from runner.settings.network import UnixAddress, parse_listen
from runner.settings.quantities import Address, on_one_line, shown
from runner.settings.reach import refusal
from runner.settings.sections import (
    DEFAULT_BIND,
    DEFAULT_DATA,
    ServerSection,
    read_history,
    read_output,
    read_pool,
    read_server,
)
from runner.settings.table import Table, place
from runner.settings.values import ALLOWED_HOSTS, AuthMode, AuthSettings, ServerSettings, Settings

T = TypeVar("T")

DEMO = "demo catalogue"
"""Stands where a file's name would, when there is no file."""

FILE_BYTES = 4 << 20
"""The largest configuration file."""

_AT_LINE = re.compile(r" \(at (?:line (?P<line>[0-9]+), column [0-9]+|end of document)\)\Z")


class Given(NamedTuple):
    """What a flag or a variable says; ``source`` is its name."""

    source: str
    value: str


def load_settings(
    *,
    config: str | None,
    bind: str | None,
    data: str | None,
    no_token: bool = False,
    environ: Mapping[str, str] | None = None,
) -> Settings:
    """The settings for these flags (None: not given); the built-in demo catalogue if no file is named.

    A flag wins over its variable (``LINEFEED_CONFIG``, ``LINEFEED_BIND``, ``LINEFEED_DATA``; empty
    is not set), both win over the file. ``no_token`` makes the mode none, unless the file asks for
    people. ``environ`` is the server's environment if it is None. Raises BadConfiguration with every
    fault. Writes nothing, but for the demo's log when the demo catalogue has no readable log to show.
    """
    variables = os.environ if environ is None else environ
    loading = _Loading(variables)
    file = loading.given("--config", config, "LINEFEED_CONFIG")
    settings = loading.settings(
        file=file and file.value,
        bind=loading.given("--bind", bind, "LINEFEED_BIND"),
        data=loading.given("--data", data, "LINEFEED_DATA"),
        no_token=no_token,
    )
    if file is None and not loading.faults:
        loading.write_log(settings)
    if loading.faults:
        raise BadConfiguration(loading.faults)
    return settings


class _Loading:
    """One run of loading: gathers the faults."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.environ = environ
        self.faults: list[Fault] = []

    def given(self, flag: str, value: str | None, variable: str) -> Given | None:
        if value is not None:
            return Given(flag, value)
        text = self.environ.get(variable)
        return Given(variable, text) if text else None

    def settings(self, file: str | None, bind: Given | None, data: Given | None, no_token: bool) -> Settings:
        name = DEMO if file is None else on_one_line(file)
        folder = self.override(data, "server.data", place) if data else None
        if file is None:
            document: dict[str, object] = fill_in(tomllib.loads(demo_text()), Path.cwd() / (folder or DEFAULT_DATA))
        else:
            document = self.document(file, name)
        root = Table(document, "", lambda key, reason: self.faults.append(Fault(name, key, on_one_line(reason))))
        table = root.table("server")
        section = read_server(table)
        server = self.server(
            section, Given(data.source if data else name, folder or section.data), self.address(section, bind)
        )
        commands = read_commands(root.table("commands"))
        settings = Settings(
            server=server,
            pool=read_pool(root.table("pool")),
            output=read_output(root.table("output")),
            history=read_history(root.table("history")),
            commands=commands,
            environment=child_environment(self.environ),
            auth=self.auth(read_auth(root, commands), no_token),
        )
        root.close()
        self.check_proxies(table, settings)
        self.check_reach(settings, bind.source if bind else name)
        return settings

    def document(self, file: str, name: str) -> dict[str, object]:
        try:
            return read_document(file)
        except _Unreadable as error:
            self.faults.append(Fault(name, error.key, error.reason))
            return {}

    def override(self, given: Given, key: str, convert: Callable[[str], T]) -> T | None:
        try:
            return convert(given.value)
        except ValueError as error:
            self.faults.append(Fault(given.source, key, str(error)))
            return None

    def address(self, section: ServerSection, bind: Given | None) -> Address | UnixAddress:
        if bind is None:
            return section.bind
        return self.override(bind, "server.bind", parse_listen) or DEFAULT_BIND

    def server(self, section: ServerSection, data: Given, bind: Address | UnixAddress) -> ServerSettings:
        folder = Path.cwd() / data.value
        if not _could_be_folder(folder):
            self.faults.append(Fault(data.source, "server.data", f"{shown(data.value)} is not a folder"))
        certificate, key = section.pair or (None, None)
        there = ServerSettings(
            data=folder,
            allowed_hosts=ALLOWED_HOSTS if section.allowed_hosts is None else section.allowed_hosts,
            frame_ancestors=section.frame_ancestors,
            base_path=section.base_path,
            trusted_proxies=tuple(each for each in section.trusted_proxies if each is not None),
            proxy_on_socket=None in section.trusted_proxies,
            certificate=certificate,
            key=key,
        )
        if isinstance(bind, UnixAddress):
            return replace(there, socket=bind.path)
        hosts = there.allowed_hosts
        if section.allowed_hosts is None and bind.name not in hosts:
            hosts = (*hosts, bind.name)
        return replace(there, host=bind.host, port=bind.port, allowed_hosts=hosts)

    def auth(self, auth: AuthSettings, no_token: bool) -> AuthSettings:
        if not no_token:
            return auth
        if auth.mode in (AuthMode.USERS, AuthMode.PROXY):
            reason = f"the file says {auth.mode}, and the flag would let everybody in; leave the flag out"
            self.faults.append(Fault("--no-token", "auth.mode", reason))
        return replace(auth, mode=AuthMode.NONE)

    def check_proxies(self, table: Table, settings: Settings) -> None:
        if settings.auth.mode is AuthMode.PROXY and not table.values.get("trusted_proxies"):
            table.fault("trusted_proxies", "is missing; with auth.mode proxy it says whose word is taken")

    def check_reach(self, settings: Settings, source: str) -> None:
        """Only the address that would be used must be one that may be listened on."""
        reason = refusal(settings.server, settings.auth.mode)
        if reason is not None:
            self.faults.append(Fault(source, "server.bind", reason))

    def write_log(self, settings: Settings) -> None:
        try:
            write_demo_log(settings.server.data)
        except OSError as error:
            self.faults.append(Fault(DEMO, "server.data", f"cannot be written: {error.strerror}"))


def _could_be_folder(path: Path) -> bool:
    """Whether the path, or as much of it as is there already, is a folder."""
    there = next((each for each in (path, *path.parents) if os.path.exists(each)), path)
    return os.path.isdir(there)


class _Unreadable(Exception):
    def __init__(self, key: str, reason: str) -> None:
        super().__init__(reason)
        self.key = key
        self.reason = reason


def read_document(file: str) -> dict[str, object]:
    """The TOML document in a file; a syntax error has ``line N`` as its key, an unreadable file ``file``."""
    try:
        with open(file, "rb") as opened:
            raw = opened.read(FILE_BYTES + 1)
    except (OSError, ValueError) as error:
        raise _Unreadable("file", f"cannot be read: {getattr(error, 'strerror', None) or error}") from None
    if len(raw) > FILE_BYTES:
        raise _Unreadable("file", f"is larger than {FILE_BYTES >> 20} MiB")
    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        line = 1 + raw.count(b"\n", 0, error.start)
        raise _Unreadable(f"line {line}", "is not UTF-8") from None
    return _parse_document(text)


def _parse_document(text: str) -> dict[str, object]:
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise _Unreadable("file", "is nested too deeply") from None
    except ValueError as error:
        message = str(error)
    at = _AT_LINE.search(message)
    if at is None:  # the only other ValueError is Python's limit for digits
        raise _Unreadable("file", "has a number with too many digits")
    line = at["line"] or str(max(1, text.count("\n") + (not text.endswith("\n"))))
    raise _Unreadable(f"line {line}", f"is no TOML: {on_one_line(_AT_LINE.sub('', message))}")
