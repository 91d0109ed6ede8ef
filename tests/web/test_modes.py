"""What the server writes is for its owner alone, whatever the modes of its folder and of earlier files."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests.support.server import Server, command_toml, serve
from tests.support.signing import serve_to_people
from tests.support.waiting import until_now
from tests.web.people import PASSWORD

CATALOGUE = command_toml("say", "echo", "said") + command_toml("none", "/none")
OTHERS = 0o077


@contextmanager
def no_umask() -> Iterator[None]:
    """What is started meanwhile keeps no mode from others by itself."""
    before = os.umask(0)
    try:
        yield
    finally:
        os.umask(before)


def open_to_others(data: Path) -> set[str]:
    """What others could use of that below the folder; in a job's folder as if it were open."""
    found = {path: path.lstat().st_mode for path in data.rglob("*")}
    return {f"{path.relative_to(data)} {stat.filemode(mode)}" for path, mode in found.items() if mode & OTHERS}


def use(server: Server, name: str) -> None:
    """Sign in and run a job that writes, and one that cannot be started."""
    with httpx.Client(base_url=server.url, headers={"Sec-Fetch-Site": "same-origin"}, trust_env=False) as http:
        assert http.post("/sign-in", data={"name": name, "password": PASSWORD}).status_code == 303
        for command in ("say", "none"):
            path = http.post("/api/v1/jobs", json={"command": command}).headers["Location"]
            until_now(lambda path=path: http.get(path).json()["state"] == "finished")  # type: ignore[misc] # a default value has no type


def test_every_file_is_for_the_owner_alone_in_a_folder_that_is_not(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir(mode=0o755)
    data.chmod(0o755)
    with no_umask(), serve_to_people(CATALOGUE, tmp_path, ada=["see", "start"]) as server:
        use(server, "ada")
        made = {path.name for path in data.rglob("*")}
        assert made >= {
            "audit.jsonl", "device.key", "doorbell", "history.sqlite3", "history.sqlite3-wal", "history.sqlite3-shm",
            "job.json", "jobs", "lock", "sessions.json",
        }  # fmt: skip
        assert open_to_others(data) == set()
    assert stat.S_IMODE(data.stat().st_mode) == 0o755
    assert open_to_others(data) == set()


def test_a_history_that_others_could_read_is_theirs_no_more(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with serve(CATALOGUE, tmp_path) as server:
        server.process.kill()  # so that what SQLite has beside it stays
        server.process.wait()
    for path in data.glob("history.sqlite3*"):
        path.chmod(0o644)
    assert len(open_to_others(data)) == 3
    with serve(CATALOGUE, tmp_path):
        assert open_to_others(data) == set()


def test_the_start_names_a_data_folder_that_others_may_enter(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data").chmod(0o755)
    with serve(CATALOGUE, tmp_path) as server:
        server.leave()
        assert server.process.stderr is not None
        assert "has mode 0755" in server.process.stderr.read()
