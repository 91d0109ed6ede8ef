"""Where settings come from, and quantities. What may be wrong with them is in test_settings_faults.py."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.catalogue import ChoiceParameter, Command, IntegerParameter, OnServerExit, Parameter, TextParameter
from runner.settings import HistorySettings, OutputSettings, PoolSettings, ServerSettings, Settings, load_settings
from runner.settings.environment import DEFAULT_PATH
from runner.settings.quantities import BYTES, SECONDS, Address, parse_bind, parse_duration, parse_host, parse_size

ROOT = Path(__file__).resolve().parents[2]

EVERYTHING = """
[server]
bind = "[::1]:0"
data = "jobs"
allowed_hosts = ["Example.org", "[0::1]"]
frame_ancestors = ["https://Example.org", "http://example.org:8080"]
[pool]
running = 1
queue = 0
[output]
max_bytes = "64KiB"
max_lines = 100
idle_expiry = "5s"
total_bytes = "1MiB"
[history]
keep = "7d"
[commands.list-files]
title = "List files"
description = "Everything"
group = "Files"
argv = ["ls", "{path}", "{depth}", "{order}"]
timeout = "10m"
stop_grace = "250ms"
running = 2
on_server_exit = "keep"
env = { LANG = "C" }
directory = "/srv"
frame_ancestors = ["https://Wiki.example.org"]
[commands.list-files.parameters.path]
type = "text"
label = "Folder"
description = "Which"
default = "-"
required = false
min_length = 1
max_length = 9
pattern = ".*"
allow_dash = true
[commands.list-files.parameters.depth]
type = "integer"
min = -1
max = 5
[commands.list-files.parameters.order]
type = "choice"
choices = ["up", "down"]
default = "up"
"""


def write(folder: Path, text: str) -> str:
    path = folder / "site.toml"
    path.write_text(text, encoding="utf-8")
    return str(path)


def load(
    config: str | None = None,
    bind: str | None = None,
    data: str | None = None,
    environ: Mapping[str, str] | None = None,
) -> Settings:
    return load_settings(config=config, bind=bind, data=data, environ=environ or {})


def outcome(parse: Callable[[object], float], value: object) -> str:
    try:
        return f"is {parse(value)}"
    except ValueError as error:
        return str(error)


def test_every_key_of_a_file_is_read(tmp_path: Path) -> None:
    settings = load(write(tmp_path, EVERYTHING))
    assert settings.server == ServerSettings(
        host="::1",
        port=0,
        data=Path.cwd() / "jobs",
        allowed_hosts=("example.org", "[::1]"),
        frame_ancestors=("https://example.org", "http://example.org:8080"),
    )
    assert settings.pool == PoolSettings(running=1, queue=0)
    assert settings.output == OutputSettings(max_bytes=65_536, max_lines=100, idle_expiry=5.0, total_bytes=1 << 20)
    assert settings.history == HistorySettings(keep=7 * 86_400.0)


def test_every_key_of_a_command_is_read(tmp_path: Path) -> None:
    command = load(write(tmp_path, EVERYTHING)).commands["list-files"]
    parameters: dict[str, Parameter] = {
        "path": TextParameter(
            name="path",
            label="Folder",
            description="Which",
            default="-",
            required=False,
            min_length=1,
            max_length=9,
            pattern=".*",
            allow_dash=True,
        ),
        "depth": IntegerParameter(name="depth", label="Depth", min=-1, max=5),
        "order": ChoiceParameter(name="order", label="Order", choices=("up", "down"), default="up"),
    }
    assert command == Command(
        name="list-files",
        title="List files",
        description="Everything",
        group="Files",
        argv=("ls", "{path}", "{depth}", "{order}"),
        parameters=parameters,
        env={"LANG": "C"},
        directory="/srv",
        timeout=600.0,
        stop_grace=0.25,
        running=2,
        on_server_exit=OnServerExit.KEEP,
        frame_ancestors=("https://wiki.example.org",),
    )


def test_an_empty_file_means_the_defaults(tmp_path: Path) -> None:
    settings = load(write(tmp_path, ""))
    assert settings.server == ServerSettings(data=Path.cwd() / "var")
    assert settings.pool == PoolSettings(4, 100)
    assert settings.output == OutputSettings(256 << 20, 10_000_000, 3_600.0, 4 << 30)
    assert settings.history == HistorySettings(90 * 86_400.0)
    assert settings.commands == {}


def test_a_small_command_has_defaults(tmp_path: Path) -> None:
    command = load(write(tmp_path, '[commands.a]\nargv = ["a"]')).commands["a"]
    assert command == Command(name="a", title="a", argv=("a",), parameters={}, env={})


def test_a_command_that_no_site_may_embed_is_none_that_says_nothing_of_it(tmp_path: Path) -> None:
    text = '[commands.a]\nargv = ["a"]\nframe_ancestors = []\n[commands.b]\nargv = ["b"]'
    commands = load(write(tmp_path, text)).commands
    assert (commands["a"].frame_ancestors, commands["b"].frame_ancestors) == ((), None)


def test_commands_keep_the_order_of_the_file(tmp_path: Path) -> None:
    text = "".join(f'[commands.{name}]\nargv = ["x"]\n' for name in "zebra")
    assert list(load(write(tmp_path, text)).commands) == list("zebra")


def test_without_a_file_the_demo_is_served(tmp_path: Path) -> None:
    assert "someunknowncommand" in load(data=str(tmp_path)).commands


def test_flags_win_over_variables_and_variables_over_the_file(tmp_path: Path) -> None:
    file = write(tmp_path, '[server]\nbind = "127.0.0.1:1"\ndata = "/one"')
    environ = {"LINEFEED_CONFIG": file, "LINEFEED_BIND": "127.0.0.1:2", "LINEFEED_DATA": "/two"}
    from_variables = load(environ=environ).server
    from_flags = load(bind="127.0.0.1:3", data="/three", environ=environ).server
    assert (from_variables.port, from_variables.data) == (2, Path("/two"))
    assert (from_flags.port, from_flags.data) == (3, Path("/three"))
    assert load(file).server.port == 1


def test_an_empty_variable_is_not_set(tmp_path: Path) -> None:
    file = write(tmp_path, "")
    environ = {"LINEFEED_CONFIG": "", "LINEFEED_BIND": "", "LINEFEED_DATA": ""}
    assert load(file, environ=environ).server == load(file).server


def test_a_file_may_name_any_address_that_a_flag_replaces(tmp_path: Path) -> None:
    file = write(tmp_path, '[server]\nbind = "0.0.0.0:80"')
    assert load(file, bind="localhost:0").server.host == "localhost"


def test_the_bound_address_is_an_allowed_host_unless_the_file_says_which(tmp_path: Path) -> None:
    listed = write(tmp_path, '[server]\nallowed_hosts = ["a.example"]')
    assert "127.0.0.9" in load(data=str(tmp_path), bind="127.0.0.9:1").server.allowed_hosts
    assert load(listed, bind="127.0.0.9:1").server.allowed_hosts == ("a.example",)


def test_children_get_only_the_listed_variables() -> None:
    kept = {"PATH": "/bin", "HOME": "/h", "LC_ALL": "C", "TZ": "UTC"}
    dropped = {"SECRET": "x", "LINEFEED_BIND": "", "PYTHONPATH": "y", "USER": "\udcff"}
    assert load(environ=kept | dropped).environment == kept
    assert load(environ={"PATH": ""}).environment == {"PATH": DEFAULT_PATH}


def test_the_example_loads_and_its_defaults_are_the_defaults(tmp_path: Path) -> None:
    example = load(str(ROOT / "examples" / "catalogue.toml"))
    plain = load(write(tmp_path, ""))
    assert (example.server, example.pool) == (plain.server, plain.pool)
    assert (example.output, example.history) == (plain.output, plain.history)
    types = {each.type for command in example.commands.values() for each in command.parameters.values()}
    assert types == {"text", "integer", "choice"}


def test_every_key_is_in_the_documentation() -> None:
    documented = set(re.findall(r"`([a-z_]+)`", (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")))
    document = tomllib.loads(EVERYTHING)
    sections = [document[name] for name in ("server", "pool", "output", "history")]
    sections.append(document["commands"]["list-files"])
    sections += document["commands"]["list-files"]["parameters"].values()
    assert {key for section in sections for key in section} <= documented


@given(st.integers(0, 3650), st.sampled_from(sorted(SECONDS)))
def test_a_duration_is_its_number_of_units(number: int, unit: str) -> None:
    assert parse_duration(f"{number}{unit}") == pytest.approx(number * SECONDS[unit])


@given(st.integers(0, 1024), st.sampled_from(sorted(BYTES)))
def test_a_size_is_its_number_of_units(number: int, unit: str) -> None:
    assert parse_size(f"{number}{unit}") == number * BYTES[unit] == parse_size(number * BYTES[unit])


@given(st.ip_addresses(network="127.0.0.0/8") | st.just("localhost"), st.integers(0, 65_535))
def test_a_loopback_address_reads_back(host: object, port: int) -> None:
    address = parse_bind(f"{host}:{port}")
    assert (address, address.is_loopback) == (Address(str(host), port), True)
    assert parse_host(address.name) == address.name


@given(st.ip_addresses(v=6), st.integers(0, 65_535))
def test_an_ipv6_address_reads_back(host: object, port: int) -> None:
    address = parse_bind(f"[{host}]:{port}")
    assert address == Address(str(host), port)
    assert parse_bind(f"{address.name}:{port}") == address


@given(st.text() | st.integers() | st.floats() | st.booleans() | st.none())
def test_anything_is_a_quantity_or_refused_with_a_reason(value: object) -> None:
    for parse in (parse_duration, parse_size):
        assert outcome(parse, value).startswith(("is ", "must be "))
