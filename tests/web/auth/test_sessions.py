"""Sessions: found by their cookie, listed and ended by their id, kept over a restart, bounded."""

from __future__ import annotations

import hashlib
import os
import stat
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from runner.web.auth import sessions as module
from runner.web.auth.secrets_file import SecretsFile
from runner.web.auth.sessions import MOST, MOST_OF_ONE, Maker, Sessions, mask, matches

NOW = 1_000_000.0
DAY = 86_400.0
ALICE = Maker("alice", "password", False, "192.0.2.1", "Browser/1", mark="m1", groups=frozenset({"staff"}))
OWNER = Maker("", "start token", True, "127.0.0.1", "curl")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "sessions.json"


@pytest.fixture
async def sessions(path: Path) -> Sessions:
    return await reopened(path)


def written(path: Path) -> str:
    return path.read_text(encoding="latin-1")


def damage(path: Path, content: bytes) -> None:
    path.write_bytes(content)


def state(path: Path) -> os.stat_result:
    return path.stat()


async def reopened(path: Path) -> Sessions:
    made = Sessions(path)
    await made.open()
    return made


async def test_a_cookie_finds_its_session(sessions: Sessions) -> None:
    value = sessions.create(ALICE, NOW, DAY)
    found = sessions.find(value, NOW + 1)
    assert found is not None
    assert (found.name, found.way, found.owner, found.address, found.agent) == (
        *("alice", "password", False),
        *("192.0.2.1", "Browser/1"),
    )
    assert (found.created, found.expires, found.used) == (NOW, NOW + DAY, NOW + 1)
    assert (found.mark, found.groups) == ("m1", frozenset({"staff"}))
    assert len(found.form_key) == 32


async def test_no_other_cookie_finds_it(sessions: Sessions) -> None:
    value = sessions.create(ALICE, NOW, DAY)
    stored = sessions.of("alice", NOW)[0]
    others = ["", value[:-1], value + "A", value.swapcase(), stored.id, stored.digest.hex(), "é" * 43, "\ud800" * 43]
    assert [sessions.find(each, NOW) for each in others] == [None] * len(others)


async def test_every_session_has_secrets_of_its_own(sessions: Sessions) -> None:
    values = {sessions.create(ALICE, NOW, DAY) for _ in range(40)}
    found = sessions.of("alice", NOW)
    assert len(values) == len({each.id for each in found}) == len({each.form_key for each in found}) == 40


async def test_a_session_ends_at_its_time(sessions: Sessions) -> None:
    value = sessions.create(ALICE, NOW, DAY)
    assert sessions.find(value, NOW + DAY - 1)
    assert sessions.find(value, NOW + DAY) is None
    assert not sessions.of("alice", NOW + DAY)
    sessions.create(OWNER, NOW + DAY, DAY)
    assert len(sessions) == 1


async def test_sessions_survive_a_restart_and_the_secret_is_nowhere(sessions: Sessions, path: Path) -> None:
    value, other = sessions.create(ALICE, NOW, DAY), sessions.create(OWNER, NOW, DAY)
    before = sessions.find(value, NOW + 5)
    await sessions.close()
    assert value not in written(path)
    assert state(path).st_mode == stat.S_IFREG | 0o600
    again = await reopened(path)
    assert again.find(value, NOW + 5) == before
    found = again.find(other, NOW)
    assert found is not None
    assert found.owner


async def test_an_ended_session_stays_ended(sessions: Sessions, path: Path) -> None:
    value, other = sessions.create(ALICE, NOW, DAY), sessions.create(ALICE, NOW, DAY)
    await sessions.close()
    found = sessions.find(value, NOW)
    assert found is not None
    assert not sessions.revoke(found.id, "bob")
    assert sessions.revoke(found.id, "alice")
    assert not sessions.revoke(found.id, "alice")
    await sessions.close()
    for each in (sessions, await reopened(path)):
        assert each.find(value, NOW) is None
        assert each.find(other, NOW)


async def test_all_of_a_person_end_but_one(sessions: Sessions, path: Path) -> None:
    values = [sessions.create(ALICE, NOW, DAY) for _ in range(3)]
    owner = sessions.create(OWNER, NOW, DAY)
    await sessions.close()
    here = sessions.find(values[1], NOW)
    assert here is not None
    assert sessions.revoke_all("alice", but=here.id) == 2
    assert [bool(sessions.find(each, NOW)) for each in (*values, owner)] == [False, True, False, True]
    await sessions.close()
    assert len(await reopened(path)) == 2
    assert sessions.revoke_all("alice") == 1
    assert sessions.revoke_all("nobody") == 0


async def test_the_least_recently_used_of_a_person_goes_first(sessions: Sessions) -> None:
    values = [sessions.create(ALICE, NOW + number, DAY) for number in range(MOST_OF_ONE)]
    other = sessions.create(replace(ALICE, name="bob"), NOW, DAY)
    assert sessions.find(values[0], NOW + 100)
    sessions.create(ALICE, NOW + 101, DAY)
    assert len(sessions.of("alice", NOW)) == MOST_OF_ONE
    assert sessions.find(values[0], NOW + 102)
    assert sessions.find(values[1], NOW + 102) is None
    assert sessions.find(other, NOW + 102)


async def test_when_all_is_full_the_busiest_person_loses_one(sessions: Sessions) -> None:
    for number in range(MOST - 10):
        sessions._add(session_of(number))
    busiest = [sessions.create(replace(ALICE, name="busy"), NOW + number, DAY) for number in range(10)]
    value = sessions.create(ALICE, NOW, DAY)
    assert len(sessions) == MOST
    assert sessions.find(value, NOW)
    assert sessions.find(busiest[0], NOW) is None
    assert sessions.find(busiest[1], NOW)
    await sessions.close()


async def test_a_long_or_broken_name_of_a_browser_is_cut(sessions: Sessions, path: Path) -> None:
    value = sessions.create(replace(ALICE, agent="\ud800" + "x" * 1_000), NOW, DAY)
    await sessions.close()
    found = (await reopened(path)).find(value, NOW)
    assert found is not None
    assert found.agent == "?" + "x" * 199


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"\xff\xfe", b'{"sessions": [{"id": "x"}]}', b'{"sessions": 3}', b"\0" * 100]
)
async def test_a_damaged_file_is_put_aside(path: Path, content: bytes, caplog: pytest.LogCaptureFixture) -> None:
    damage(path, content)
    sessions = await reopened(path)
    assert len(sessions) == 0
    assert written(path.with_name("sessions.json.damaged")) == content.decode("latin-1")
    assert "is damaged" in caplog.text
    value = sessions.create(ALICE, NOW, DAY)
    await sessions.close()
    assert (await reopened(path)).find(value, NOW)


async def test_reading_writes_nothing(sessions: Sessions, path: Path) -> None:
    value = sessions.create(ALICE, NOW, DAY)
    await sessions.close()
    before = state(path)
    for number in range(100):
        assert sessions.find(value, NOW + number)
    await sessions.close()
    after = state(path)
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


async def test_writing_is_done_in_a_thread_and_many_changes_are_few_writes(
    sessions: Sessions, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads: list[int] = []
    write = SecretsFile.replace

    def noted(self: SecretsFile, content: bytes) -> None:
        threads.append(threading.get_ident())
        write(self, content)

    monkeypatch.setattr(SecretsFile, "replace", noted)
    for _ in range(40):
        sessions.create(ALICE, NOW, DAY)
    await sessions.close()
    assert 1 <= len(threads) <= 2
    assert threading.get_ident() not in threads


async def test_a_folder_that_cannot_be_written_is_logged_and_sessions_go_on(
    sessions: Sessions, path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    os.rmdir(path.parent)
    value = sessions.create(ALICE, NOW, DAY)
    await sessions.close()
    assert "cannot be written" in caplog.text
    assert sessions.find(value, NOW)
    path.parent.mkdir()
    sessions.create(ALICE, NOW, DAY)
    await sessions.close()
    assert (await reopened(path)).find(value, NOW)


async def test_ten_thousand_sessions_are_found_as_fast_as_one(sessions: Sessions) -> None:
    for number in range(MOST):
        sessions._add(session_of(number))
    value = sessions.create(ALICE, NOW, DAY)
    before = time.process_time()
    for _ in range(1_000):
        assert sessions.find(value, NOW)
    assert time.process_time() - before < 0.2
    await sessions.close()


def session_of(number: int) -> module.Session:
    return module.Session(
        *(hashlib.sha256(b"%d" % number).digest(), f"{number}", f"person{number}", "password", False, frozenset()),
        *("", "", "", NOW, NOW + DAY, bytes(32)),
    )


def test_a_form_token_is_another_each_time_and_right_each_time() -> None:
    key, other = os.urandom(32), os.urandom(32)
    tokens = {mask(key) for _ in range(100)}
    assert len(tokens) == 100
    assert all(matches(each, key) for each in tokens)
    assert not any(matches(each, other) for each in tokens)
    shared = [sum(one == two for one, two in zip(mask(key), mask(key), strict=True)) for _ in range(100)]
    assert sum(shared) / 100 < 6  # of 86 characters, 1.3 are alike by chance


@pytest.mark.parametrize("text", ["", "A" * 86, "A" * 85, "A" * 87, "é" * 86, "=" * 86, "\ud800", "A" * 10_000])
def test_what_is_no_form_token_is_none(text: str) -> None:
    assert not matches(text, b"k" * 32)


def test_a_form_token_cut_or_changed_is_wrong() -> None:
    key = os.urandom(32)
    token = mask(key)
    changed = token[:40] + ("A" if token[40] != "A" else "B") + token[41:]
    assert [matches(each, key) for each in (changed, token[:-1], token + "A", token[::-1])] == [False] * 4
