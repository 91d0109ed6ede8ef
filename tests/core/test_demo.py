"""The demo catalogue: what each of its commands is, and that its scripts do what they promise."""

from __future__ import annotations

import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest

from runner.catalogue import ChoiceParameter, Command, IntegerParameter
from runner.demo import demo_text, fill_in, readable_log, write_demo_log
from runner.settings import Settings, load_settings


@pytest.fixture
def demo(tmp_path: Path) -> Settings:
    return load_settings(config=None, bind=None, data=str(tmp_path / "data"), environ={})


def filled_in(data: Path, logs: Path) -> dict[str, Any]:
    return fill_in(tomllib.loads(demo_text()), data, logs)


def run(command: Command, **values: object) -> subprocess.CompletedProcess[bytes]:
    """The command without its pauses: the last word of each script is one, in milliseconds."""
    argv = [*command.build(values).argv[:-1], "0"]
    return subprocess.run(argv, capture_output=True, check=True, timeout=60)


def test_it_has_the_eight_commands_under_their_command_lines(demo: Settings) -> None:
    log = demo.commands["cat-log"].argv[1]
    titles = [command.title for command in demo.commands.values()]
    assert titles[:8] == [
        "pwd",
        "ls -lR",
        "ps -Af",
        "someunknowncommand",
        f"cat {log}",
        f"tail --lines=5000 {log}",
        f"tail -f {log}",
        "docker",
    ]


def test_each_of_the_eight_runs_what_its_title_says(demo: Settings) -> None:
    eight = list(demo.commands.values())[:8]
    assert [" ".join(command.build({}).argv) for command in eight] == [command.title for command in eight]


def test_every_command_has_a_description_and_a_group_and_runs_with_its_defaults(demo: Settings) -> None:
    assert all(command.description and command.group for command in demo.commands.values())
    assert all(command.build({}).argv for command in demo.commands.values())


def test_the_counter_has_an_integer_and_the_folder_a_choice(demo: Settings) -> None:
    assert isinstance(demo.commands["count"].parameters["number"], IntegerParameter)
    assert isinstance(demo.commands["list-folder"].parameters["folder"], ChoiceParameter)


def test_the_counter_counts(demo: Settings) -> None:
    assert run(demo.commands["count"], number="3").stdout == b"1\n2\n3\n"


def test_the_two_streams_take_turns(demo: Settings) -> None:
    done = run(demo.commands["two-streams"])
    assert (done.stdout.count(b"step"), done.stderr.count(b"note: step")) == (6, 6)


def test_the_progress_bar_returns_its_carriage(demo: Settings) -> None:
    bar, ready = run(demo.commands["progress"]).stdout.split(b"\n", 1)
    assert (bar.count(b"\r"), ready) == (101, b"Ready.\n")


def test_the_colours_are_colours(demo: Settings) -> None:
    output = run(demo.commands["colours"]).stdout
    assert b"\x1b[31mred" in output
    assert b"\x1b[38;5;16m" in output


@pytest.mark.parametrize(
    ("there", "chosen"),
    [
        (["syslog", "dpkg.log"], "syslog"),
        (["dpkg.log", "messages"], "messages"),
        (["zebra.log", "auth.log", "wtmp"], "zebra.log"),
        (["auth.log", "wtmp"], None),
        ([], None),
    ],
)
def test_the_log_is_the_system_log_or_another(tmp_path: Path, there: list[str], chosen: str | None) -> None:
    for name in there:
        (tmp_path / name).write_text("a line\n")
    assert readable_log(tmp_path) == (tmp_path / chosen if chosen else None)


def test_without_a_readable_log_the_demo_writes_one(tmp_path: Path) -> None:
    data, logs = tmp_path / "data", tmp_path / "none"
    argv = filled_in(data, logs)["commands"]["cat-log"]["argv"]
    write_demo_log(data, logs)
    assert argv == ["cat", str(data / "demo.log")]
    assert Path(argv[1]).read_text().count("\n") == 400
    assert data.stat().st_mode & 0o777 == 0o700
    assert Path(argv[1]).stat().st_mode & 0o777 == 0o600


def test_a_readable_log_is_left_as_it_is_and_none_is_written(tmp_path: Path) -> None:
    (tmp_path / "syslog").write_text("a line\n")
    write_demo_log(tmp_path / "data", tmp_path)
    assert not (tmp_path / "data").exists()


def test_braces_in_a_path_are_no_parameters(tmp_path: Path) -> None:
    data = tmp_path / "{x}"
    command = filled_in(data, tmp_path)["commands"]["cat-log"]
    assert command["argv"][1] == f"{tmp_path}/{{{{x}}}}/demo.log"
    assert command["title"] == f"cat {data}/demo.log"
