"""``python -m runner``, as people and scripts run it."""

from __future__ import annotations

import os
import pty
import re
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from runner.__main__ import main
from runner.settings import Right
from runner.web.auth.passwords import Passwords
from runner.web.auth.tokens import Tokens
from runner.web.auth.users import Users
from tests.rules.house import ROOT

WITHIN_S = 60

CONFIGURATION = """
[server]
data = "{folder}/data"

[commands.build]
argv = ["true"]
"""


@pytest.fixture
def users(tmp_path: Path) -> Path:
    return tmp_path / "etc" / "users"


def run(*words: str, typed: bytes = b"") -> tuple[int, str, str]:
    """Exit status, standard output, standard error."""
    done = subprocess.run(
        [sys.executable, "-m", "runner", *words],
        cwd=ROOT,
        input=typed,
        capture_output=True,
        check=False,
        timeout=WITHIN_S,
    )
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def inside(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    """The same within this process, which is quicker."""
    try:
        status = main(words)
    except SystemExit as leaving:
        status = int(str(leaving.code))
    said = capsys.readouterr()
    return status, said.out, said.err


async def is_password(users: Path, name: str, password: str) -> bool:
    passwords = Passwords()
    try:
        return await Users(users).check(name, password, passwords) == name
    finally:
        passwords.close()


async def test_a_person_is_added_listed_and_removed(users: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, said, warned = run("user", "add", "Alice", "--users", str(users), typed=b"correct horse\nmore\n")
    assert (status, said, warned) == (0, "alice can sign in now.\n", "")
    assert await is_password(users, "alice", "correct horse")
    assert stat.S_IMODE(os.stat(users).st_mode) == 0o600
    assert inside(capsys, "user", "list", "--users", str(users)) == (0, "alice\n", "")
    assert inside(capsys, "user", "remove", "alice", "--users", str(users))[0] == 0
    assert not Users(users).has("alice")
    status, _, warned = inside(capsys, "user", "remove", "alice", "--users", str(users))
    assert (status, warned.count("\n"), "nobody named alice" in warned) == (2, 1, True)


async def test_a_terminal_is_asked_twice_and_shows_nothing(users: Path) -> None:
    terminal, theirs = pty.openpty()
    words = [sys.executable, "-m", "runner", "user", "add", "bob", "--users", str(users)]
    asked = subprocess.Popen(words, cwd=ROOT, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True)  # noqa: ASYNC220 - nothing else runs in this loop
    os.close(theirs)
    shown = _answer(terminal, b"Password of bob: ", b"s3cret-word\n")
    shown += _answer(terminal, b"Once more: ", b"s3cret-word\n")
    shown += _rest(terminal)
    assert asked.wait(WITHIN_S) == 0
    assert b"s3cret" not in shown
    assert await is_password(users, "bob", "s3cret-word")


def _answer(terminal: int, question: bytes, answer: bytes) -> bytes:
    shown = b""
    while question not in shown:
        shown += os.read(terminal, 1_024)
    os.write(terminal, answer)
    return shown


def _rest(terminal: int) -> bytes:
    shown = b""
    try:
        while part := os.read(terminal, 1_024):
            shown += part
    except OSError:  # the other end is closed
        pass
    os.close(terminal)
    return shown


def test_a_password_among_the_arguments_is_refused_and_not_repeated(
    users: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for words in (("s3cret",), ("--password", "s3cret"), ("--password=s3cret",)):
        status, said, warned = inside(capsys, "user", "add", "bob", "--users", str(users), *words)
        assert (status, said, warned.count("\n")) == (2, "", 1)
        assert "s3cret" not in warned
    assert not users.exists()


@pytest.mark.parametrize("typed", [b"\n", b"\xff\n", b"a" * 1_025 + b"\n"])
def test_what_cannot_be_a_password_changes_nothing(users: Path, typed: bytes) -> None:
    status, said, warned = run("user", "add", "bob", "--users", str(users), typed=typed)
    assert (status, said, warned.count("\n")) == (2, "", 1)
    assert not users.exists()


@pytest.mark.parametrize(
    "words",
    [
        ("user", "add", "-bob", "--users", "users"),
        ("user", "add", "../bob", "--users", "users"),
        ("user", "add"),
        ("user",),
        (),
        ("user", "drop", "bob"),
        ("user", "list", "--users", "/nonexistent/users"),
        ("user", "list", "--config", "/nonexistent/linefeed.toml"),
        ("token", "list", "--config", "/nonexistent/linefeed.toml"),
        ("token", "add", "ci", "--data", "data"),
        ("token", "add", "ci", "--data", "data", "--commands", "*", "--may", "everything"),
        ("token", "add", "ci", "--data", "data", "--commands", "*", "--may", ","),
        ("token", "add", "ci", "--data", "data", "--commands", "a b", "--may", "see"),
        ("token", "add", "ci", "--data", "data", "--commands", "*", "--may", "see", "--expires", "soon"),
        ("token", "add", "ci", "--data", "data", "--commands", "*", "--may", "see", "--expires", "4000d"),
        ("token", "add", "c i", "--data", "data", "--commands", "*", "--may", "see"),
        ("token", "revoke", "abc", "--data", "data"),
        ("token", "list", "--data", "file/below"),
    ],
)
def test_a_mistake_is_one_line_and_makes_no_file(
    words: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").touch()
    status, said, warned = inside(capsys, *words)
    assert (status, said, warned.count("\n")) == (2, "", 1), warned
    assert re.match(r"[^:]+: [^:]+: .+", warned)
    assert os.listdir(tmp_path) == ["file"]


def test_a_token_is_printed_once_listed_and_revoked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = tmp_path / "data"
    words = ("--data", str(data), "--may", "see,start", "--commands", "build,deploy", "--expires", "2d")
    status, text, warned = run("token", "add", "ci", *words)
    assert (status, warned.count("\n")) == (0, 1)
    assert stat.S_IMODE(data.stat().st_mode) == 0o700
    now = time.time()
    tokens = Tokens(data / "tokens.json")
    person = tokens.find(text.strip(), now)
    assert person is not None
    assert person.scope is not None
    assert person.scope.may == {Right.SEE, Right.START}
    assert person.scope.commands == {"build", "deploy"}
    assert tokens.find(text.strip(), now + 2 * 86_400 - 60)
    assert not tokens.find(text.strip(), now + 2 * 86_400 + 60)
    listed = inside(capsys, "token", "list", "--data", str(data))[1].splitlines()
    assert [line.split("\t")[1:4] for line in listed] == [
        ["NAME", "MAY", "COMMANDS"],
        ["ci", "see,start", "build,deploy"],
    ]
    assert text.strip()[3:] not in "".join(listed)
    assert inside(capsys, "token", "revoke", listed[1].split("\t")[0], "--data", str(data))[0] == 0
    assert tokens.find(text.strip(), now) is None


def test_the_configuration_says_where_the_data_is_and_which_commands_there_are(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "linefeed.toml"
    file.write_text(CONFIGURATION.format(folder=tmp_path))
    words = ("--config", str(file), "--may", "see")
    status, text, _ = inside(capsys, "token", "add", "ci", *words, "--commands", "build")
    assert status == 0
    assert Tokens(tmp_path / "data" / "tokens.json").find(text.strip(), time.time())
    status, _, warned = inside(capsys, "token", "add", "ci", *words, "--commands", "bulid")
    assert (status, "no command named" in warned) == (2, True)


def test_a_damaged_file_of_tokens_is_told_and_kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "tokens.json").write_text("{")
    words = ("--data", str(tmp_path), "--may", "see", "--commands", "*")
    status, said, warned = inside(capsys, "token", "add", "ci", *words)
    assert (status, said, warned.count("\n"), "is damaged" in warned) == (2, "", 1, True)
    assert (tmp_path / "tokens.json").read_text() == "{"
