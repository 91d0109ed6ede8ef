"""What the README tells people to type, click and look for is there."""

from __future__ import annotations

import re
import subprocess
import sys
from functools import cache

import pytest

from tests.rules.house import ROOT, typed

TEXT = (ROOT / "README.md").read_text(encoding="utf-8")
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")

NO_ROOMS = frozenset({".git", ".venv", "var", "test-results", "__pycache__"})


def told(pattern: str) -> list[str]:
    """What the pattern finds in what the README, and the Makefile's own words on top, tell people to type."""
    return sorted(set(re.findall(pattern, typed(TEXT) + MAKEFILE.split("\n\n")[0], re.MULTILINE)))


@cache
def help_of(*program: str) -> str:
    """What a program of ours says with ``--help``."""
    command = [sys.executable, *program, "--help"]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=60).stdout


def program_help() -> str:
    return help_of("app.py")


def all_help() -> str:
    """Of the server, and of the commands that the README uses beside it."""
    return program_help() + help_of("-m", "runner", "user", "add") + help_of("-m", "runner", "token", "add")


def test_the_first_commands_are_run_and_test() -> None:
    assert re.findall(r"^make \w+|^python\b|^git\b", typed(TEXT), re.MULTILINE)[:2] == ["make run", "make test"]


@pytest.mark.parametrize("target", told(r"^(?:# )?make ([a-z]+)"))
def test_each_make_target_exists(target: str) -> None:
    assert re.search(rf"^{target}:", MAKEFILE, re.MULTILINE)


@pytest.mark.parametrize("target", ["run", "test", "check", "bench", "clean"])
def test_each_target_of_the_contract_exists_and_is_told(target: str) -> None:
    assert re.search(rf"^{target}:", MAKEFILE, re.MULTILINE)
    assert f"make {target}" in TEXT


@pytest.mark.parametrize("flag", told(r"(?<![\w-])--[a-z][a-z-]+"))
def test_each_flag_exists(flag: str) -> None:
    assert re.search(rf"{flag}\b", all_help())


@pytest.mark.parametrize("flag", re.findall(r"^  (--[a-z-]+)", program_help(), re.MULTILINE))
def test_each_flag_is_told(flag: str) -> None:
    assert f"{flag} " in TEXT


@pytest.mark.parametrize("link", sorted(set(re.findall(r"\]\((?!https?:)([^)#]+)", TEXT))))
def test_each_link_leads_to_a_file(link: str) -> None:
    assert (ROOT / link).exists()


@pytest.mark.parametrize("room", re.findall(r"^\| `([^`]+)` \|", TEXT, re.MULTILINE))
def test_each_room_on_the_map_exists(room: str) -> None:
    assert (ROOT / room).exists()


def test_each_room_is_on_the_map() -> None:
    folders = [*ROOT.iterdir(), *(ROOT / "runner").iterdir()]
    rooms = {path.relative_to(ROOT).as_posix() + "/" for path in folders if path.is_dir()}
    hidden = {room for room in rooms if room.startswith(".") or room.rstrip("/").split("/")[-1] in NO_ROOMS}
    assert rooms - hidden <= set(re.findall(r"^\| `([^`]+)` \|", TEXT, re.MULTILINE))
