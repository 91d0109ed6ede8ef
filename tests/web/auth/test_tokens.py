"""API tokens: made once, found by their hash, over at their time or at once."""

from __future__ import annotations

import asyncio
import json
import os
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from runner.settings import Right
from runner.web.auth import tokens as module
from runner.web.auth.tokens import DamagedTokens, Grant, Tokens, TooManyTokens

NOW = 1_000_000.0
DAY = 86_400.0
GRANT = Grant("ci", frozenset({Right.SEE, Right.START}), frozenset({"build", "deploy"}), NOW + DAY)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "tokens.json"


@pytest.fixture
def tokens(path: Path) -> Tokens:
    return Tokens(path)


def test_a_token_says_who_it_is_and_what_it_may(tokens: Tokens) -> None:
    text = tokens.add(GRANT, NOW)
    person = tokens.find(text, NOW)
    assert person is not None
    assert (person.name, person.way, person.owner) == ("token:ci", "API token", False)
    assert person.scope is not None
    assert person.scope.commands == {"build", "deploy"}
    assert not person.scope.every_command
    assert person.scope.may == {Right.SEE, Right.START}
    assert not person.scope.people | person.scope.groups
    assert not person.scope.everybody


def test_a_star_is_every_command(tokens: Tokens) -> None:
    person = tokens.find(tokens.add(replace(GRANT, commands=frozenset({"*"})), NOW), NOW)
    assert person is not None
    assert person.scope is not None
    assert (person.scope.commands, person.scope.every_command) == (frozenset(), True)


def test_only_its_hash_is_kept_for_the_owner_alone(tokens: Tokens, path: Path) -> None:
    text = tokens.add(GRANT, NOW)
    assert len(text) == 46
    assert text.startswith("lf_")
    assert text[3:] not in path.read_text()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    entry = json.loads(path.read_text())["tokens"][0]
    assert entry.keys() == {"id", "name", "sha256", "may", "commands", "made", "expires"}


def test_no_other_text_is_a_token(tokens: Tokens) -> None:
    text = tokens.add(GRANT, NOW)
    stored = tokens.all()[0]
    others = [
        "",
        text[:-1],
        text + "A",
        text.upper(),
        stored.id,
        stored.sha256,
        "lf_" + "\ud800" * 43,
        "lf_" + "A" * 43,
    ]
    assert [tokens.find(each, NOW) for each in others] == [None] * len(others)


def test_it_is_over_at_its_time_and_goes_when_another_is_made(tokens: Tokens) -> None:
    text = tokens.add(GRANT, NOW)
    assert tokens.find(text, NOW + DAY - 1)
    assert tokens.find(text, NOW + DAY) is None
    assert len(tokens.all()) == 1
    tokens.add(replace(GRANT, name="new", expires=NOW + 3 * DAY), NOW + 2 * DAY)
    assert [each.name for each in tokens.all()] == ["new"]


def test_made_or_revoked_elsewhere_it_counts_at_once(tokens: Tokens, path: Path) -> None:
    first = tokens.add(GRANT, NOW)
    for _ in range(20):
        text = Tokens(path).add(GRANT, NOW)
        assert tokens.find(text, NOW)
        assert Tokens(path).revoke(Tokens(path).all()[-1].id)
        assert tokens.find(text, NOW) is None
    assert tokens.find(first, NOW)


def test_what_is_not_there_is_not_revoked(tokens: Tokens, path: Path) -> None:
    assert not tokens.revoke("x")
    assert not path.exists()
    tokens.add(GRANT, NOW)
    assert not tokens.revoke("x")
    assert len(tokens.all()) == 1


@pytest.mark.parametrize(
    "content", [b"{", b"[]", b"\xff", b'{"tokens": [{"id": "x"}]}', b'{"tokens": 1}', b"null", b'{"tokens": [1]}']
)
def test_a_damaged_file_lets_nobody_in_and_is_not_written_over(
    tokens: Tokens, path: Path, content: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    text = tokens.add(GRANT, NOW)
    assert tokens.find(text, NOW)
    path.write_bytes(content)
    assert tokens.find(text, NOW) is None
    assert "No API token is taken" in caplog.text
    with pytest.raises(DamagedTokens):
        tokens.add(GRANT, NOW)
    with pytest.raises(DamagedTokens):
        tokens.revoke("x")
    assert path.read_bytes() == content


def test_a_right_that_is_none_is_damage(tokens: Tokens, path: Path) -> None:
    text = tokens.add(GRANT, NOW)
    path.write_text(path.read_text().replace('"start"', '"everything"'))
    assert tokens.find(text, NOW) is None


def test_no_file_has_no_tokens(tokens: Tokens, path: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert tokens.find("lf_" + "A" * 43, NOW) is None
    assert not tokens.all()
    assert not caplog.records
    os.mkfifo(path)
    assert tokens.find("lf_" + "A" * 43, NOW) is None
    assert "is no plain file" in caplog.text


def test_there_is_a_most(tokens: Tokens, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST", 3)
    for _ in range(3):
        tokens.add(GRANT, NOW)
    with pytest.raises(TooManyTokens):
        tokens.add(GRANT, NOW)
    assert tokens.add(replace(GRANT, expires=NOW + 2 * DAY), NOW + DAY)


async def test_writers_at_the_same_time_lose_nothing(tokens: Tokens, path: Path) -> None:
    texts = await asyncio.gather(*(asyncio.to_thread(Tokens(path).add, GRANT, NOW) for _ in range(40)))
    assert all(tokens.find(each, NOW) for each in texts)


def test_a_file_that_others_can_read_is_a_warning(tokens: Tokens, path: Path, caplog: pytest.LogCaptureFixture) -> None:
    text = tokens.add(GRANT, NOW)
    path.chmod(0o644)
    assert tokens.find(text, NOW)
    assert "0600" in caplog.text
