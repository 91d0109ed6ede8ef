"""Small files with secrets, and what can happen to them."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from runner.web.auth.secrets_file import MOST_BYTES, SecretsFile
from tests.support.waiting import until_now


@pytest.fixture
def file(tmp_path: Path) -> SecretsFile:
    return SecretsFile(tmp_path / "secrets")


def settle(file: SecretsFile) -> None:
    """Until the file is old enough to be trusted to show its next change."""
    until_now(lambda: not file.changed())


def test_a_file_is_young_at_first_then_trusted(file: SecretsFile) -> None:
    def is_looked_at_twice() -> bool:
        file.replace(b"x")
        return file.changed() and file.changed()

    assert any(is_looked_at_twice() for _ in range(20))  # a machine that stood still may let it grow old between
    settle(file)
    assert not file.changed()


def test_every_change_shows(file: SecretsFile) -> None:
    file.replace(b"one")
    settle(file)
    file.path.write_bytes(b"two")
    assert file.changed()
    settle(file)
    file.path.chmod(0o644)
    assert file.changed()
    settle(file)
    file.path.unlink()
    assert file.changed()
    assert not file.changed()
    file.replace(b"two")
    assert file.changed()


def test_it_is_replaced_whole_for_the_owner_alone(file: SecretsFile) -> None:
    for content in (b"one", b"", b"x" * 100_000):
        file.replace(content)
        assert file.read() == content
        assert file.path.stat().st_mode == stat.S_IFREG | 0o600
    assert os.listdir(file.path.parent) == ["secrets"]


def test_what_a_killed_writer_left_is_no_hindrance(file: SecretsFile, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.write_bytes(b"kept")
    (tmp_path / ".secrets.new").symlink_to(outside)
    file.replace(b"new")
    assert (file.read(), outside.read_bytes()) == (b"new", b"kept")


def test_a_failed_replacement_leaves_the_old_one(file: SecretsFile, tmp_path: Path) -> None:
    file.path.mkdir()
    with pytest.raises(IsADirectoryError):
        file.replace(b"new")
    assert os.listdir(tmp_path) == ["secrets"]


def test_what_root_makes_is_for_the_owner_of_the_folder_and_stays_whose_it_was(file: SecretsFile) -> None:
    folder = file.path.parent
    if os.geteuid() == 0:
        os.chown(folder, 12_345, 23_456)
    with file.locked():
        file.replace(b"one")
    assert _owner(file.path) == _owner(folder)
    file.replace(b"two")
    assert _owner(file.path) == _owner(folder)


def _owner(path: Path) -> tuple[int, int]:
    return path.stat().st_uid, path.stat().st_gid


def test_too_large_or_no_plain_file_is_an_error(file: SecretsFile, tmp_path: Path) -> None:
    with open(file.path, "wb") as opened:
        opened.truncate(MOST_BYTES + 1)
    with pytest.raises(OSError, match="larger than 16 MiB"):
        file.read()
    os.mkfifo(tmp_path / "fifo")
    for name in ("fifo", "."):
        with pytest.raises(OSError, match=r"no plain file|directory"):
            SecretsFile(tmp_path / name).read()
