"""The users file, as people and programs change it."""

from __future__ import annotations

import asyncio
import os
import stat
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from argon2.profiles import CHEAPEST

from runner.web.auth.passwords import Passwords
from runner.web.auth.users import Users, canonical
from tests.support.waiting import until_now

HASHER = PasswordHasher.from_parameters(CHEAPEST)
HASH = HASHER.hash("right")
OTHER = HASHER.hash("other")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "users"


@pytest.fixture
def users(path: Path) -> Users:
    write(path, f"# people\n\nalice:{HASH}\nbob:{HASH}\n")
    return Users(path)


@pytest.fixture
def passwords() -> Iterator[Passwords]:
    made = Passwords(CHEAPEST)
    yield made
    made.close()


def write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
    path.chmod(0o600)


async def test_the_name_in_any_case_and_the_password_sign_in(users: Users, passwords: Passwords) -> None:
    assert await users.check("Alice", "right", passwords) == "alice"
    assert await users.check("alice", "wrong", passwords) is None
    assert await users.check("carol", "right", passwords) is None
    assert await users.check("../alice", "right", passwords) is None


async def test_a_name_that_nobody_has_is_as_much_work(users: Users) -> None:
    worked = []

    class Noting(Passwords):
        def _fits(self, stored: str, encoded: bytes) -> bool:
            worked.append(stored)
            return super()._fits(stored, encoded)

    passwords = Noting(CHEAPEST)
    for name in ("alice", "carol", "", "a b", "x" * 1_000):
        assert await users.check(name, "wrong", passwords) is None
    assert len(worked) == 5
    passwords.close()


def test_a_change_of_the_file_counts_at_once(users: Users, path: Path) -> None:
    until_now(lambda: users.load() is users.load())
    assert users.has("bob")
    before = path.stat()
    write(path, f"alice:{HASH}\ncar:{HASH}\n# people\n\n")  # as long as before
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert path.stat().st_size == before.st_size
    assert not users.has("bob")
    assert users.has("car")


def test_a_file_that_did_not_change_is_not_read_again(users: Users) -> None:
    until_now(lambda: users.load() is users.load())  # a file this young is read each time


def test_a_removed_person_is_gone_and_the_rest_stays(users: Users, path: Path) -> None:
    assert users.remove("bob")
    assert not users.has("bob")
    assert not users.remove("bob")
    assert path.read_text() == f"# people\n\nalice:{HASH}\n"


def test_put_adds_or_replaces_in_place(users: Users, path: Path) -> None:
    assert users.put("carol", OTHER)
    assert not users.put("alice", OTHER)
    assert path.read_text() == f"# people\n\nalice:{OTHER}\nbob:{HASH}\ncarol:{OTHER}\n"


def test_put_makes_the_file_for_the_owner_alone(path: Path) -> None:
    assert Users(path).put("alice", HASH)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert Users(path).load() == {"alice": HASH}
    assert os.listdir(path.parent) == ["users"]


def test_a_group_that_could_read_it_still_can_and_others_not_any_more(users: Users, path: Path) -> None:
    path.chmod(0o664)
    users.put("carol", HASH)
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_the_mark_changes_with_the_password(users: Users) -> None:
    before, bobs = users.mark("alice"), users.mark("bob")
    users.put("alice", OTHER)
    assert before
    assert users.mark("alice") not in (None, before)
    assert users.mark("bob") == bobs
    assert users.mark("carol") is None


@pytest.mark.parametrize(
    "line",
    ["carol", "carol:", "carol:plain", ":" + HASH, "Carol:" + HASH, "car ol:" + HASH, f"carol:{HASH}:1", "\x00"],
    ids=range(8),  # a hash is another one in each run
)
def test_a_broken_line_is_told_by_its_number_and_signs_nobody_in(
    path: Path, line: str, caplog: pytest.LogCaptureFixture
) -> None:
    write(path, f"alice:{HASH}\n{line}\nbob:{HASH}\n")
    users = Users(path)
    assert set(users.load()) == {"alice", "bob"}
    assert [each.getMessage() for each in caplog.records if "line 2 " in each.getMessage()]
    assert HASH not in caplog.text


def test_a_name_that_stands_there_twice_cannot_sign_in(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    write(path, f"alice:{HASH}\nalice:{OTHER}\nbob:{HASH}\n")
    assert set(Users(path).load()) == {"bob"}
    assert "alice stands in it twice" in caplog.text


@pytest.mark.parametrize("mode", [0o644, 0o604, 0o620, 0o602])
def test_a_file_that_others_can_read_or_change_is_a_warning(
    users: Users, path: Path, mode: int, caplog: pytest.LogCaptureFixture
) -> None:
    users.load()
    assert not caplog.records
    path.chmod(mode)
    assert users.has("alice")
    assert users.has("alice")
    assert {(each.levelname, "0600" in each.getMessage()) for each in caplog.records} == {("WARNING", True)}


def test_no_file_or_no_plain_file_has_nobody_and_says_why(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert not Users(tmp_path / "none").load()
    os.mkfifo(tmp_path / "fifo")
    assert not Users(tmp_path / "fifo").load()
    assert not Users(tmp_path).load()
    assert [each.levelname for each in caplog.records] == ["ERROR"] * 3


def test_a_file_that_goes_and_comes_again(users: Users, path: Path) -> None:
    kept = path.read_text()
    path.unlink()
    assert not users.has("alice")
    write(path, kept)
    assert users.has("alice")


def test_a_symbolic_link_is_read_but_not_written_through(users: Users, path: Path, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(path)
    assert Users(link).has("alice")
    with pytest.raises(OSError, match="symbolic link"):
        Users(link).put("eve", HASH)
    assert not users.has("eve")


async def test_an_outdated_hash_is_renewed_at_sign_in(path: Path, passwords: Passwords) -> None:
    old = PasswordHasher(time_cost=2, memory_cost=64, parallelism=1).hash("right")
    write(path, f"# people\nalice:{old}\nbob:{HASH}\n")
    users = Users(path)
    assert await users.check("alice", "wrong", passwords) is None
    assert users.load()["alice"] == old
    assert await users.check("alice", "right", passwords) == "alice"
    assert not passwords.outdated(users.load()["alice"])
    assert await users.check("alice", "right", passwords) == "alice"
    assert list(users.load()) == ["alice", "bob"]


async def test_writers_at_the_same_time_lose_nothing(path: Path) -> None:
    names = [f"person{number}" for number in range(40)]
    await asyncio.gather(*(asyncio.to_thread(Users(path).put, name, HASH) for name in names))
    assert set(Users(path).load()) == set(names)


def test_a_reader_never_sees_half_a_file(users: Users, path: Path) -> None:
    halves: list[int] = []
    over = threading.Event()

    def read() -> None:
        while not over.is_set():
            if not {"alice", "bob"} <= Users(path).load().keys():
                halves.append(1)

    reader = threading.Thread(target=read)
    reader.start()
    for number in range(100):
        users.put("carol", (HASH, OTHER)[number % 2])
    over.set()
    reader.join()
    assert not halves


@pytest.mark.parametrize("name", ["a", "0", "A.b_c@d-e", "a" * 64])
def test_names_that_can_be(name: str) -> None:
    assert canonical(name) == name.lower()


@pytest.mark.parametrize("name", ["", ".a", "-a", "a" * 65, "a b", "a\n", "a:b", "é", "\u212aate", "a/b", "#a"])
def test_names_that_nobody_has(name: str) -> None:
    assert canonical(name) is None
