"""What is installed is stated with a reason, pinned, hashed, and no matter of one machine."""

from __future__ import annotations

import re

import pytest

from tests.rules.house import ROOT

ASKED = ("requirements.in", "requirements-dev.in")
PINNED = ("requirements.txt", "requirements-dev.txt")


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def asked(name: str) -> list[str]:
    """The lines that ask for a package."""
    return [line for line in read(name).splitlines() if re.match(r"\w", line)]


def pins(name: str) -> dict[str, str]:
    """Each package with the rest of its entry: version and hashes."""
    entries = read(name).replace("\\\n", " ")
    return dict(re.findall(r"^([a-z0-9-]+)(.*)$", entries, re.MULTILINE))


@pytest.mark.parametrize("name", ASKED)
def test_each_requirement_says_why(name: str) -> None:
    assert asked(name)
    assert not [line for line in asked(name) if not re.search(r"# \w.{10,}", line)]


@pytest.mark.parametrize("name", PINNED)
def test_each_pin_has_one_version_and_hashes(name: str) -> None:
    entry = re.compile(r"==[\w.]+( ;[^#]*)?(\s+--hash=sha256:[0-9a-f]{64})+\s*")
    assert pins(name)
    assert not [package for package, rest in pins(name).items() if not entry.fullmatch(rest)]


@pytest.mark.parametrize(("source", "compiled"), list(zip(ASKED, PINNED, strict=True)))
def test_what_is_asked_for_is_pinned(source: str, compiled: str) -> None:
    names = {re.split(r"\W", line.replace("-", "_"))[0].replace("_", "-") for line in asked(source)}
    assert names <= pins(compiled).keys()


@pytest.mark.parametrize("name", ASKED + PINNED)
def test_no_index_and_no_place_of_a_machine_is_named(name: str) -> None:
    assert not re.findall(r"://|file:|index|find-links|trusted|(?<!\w)/\w| @ ", read(name))


def test_both_files_agree_on_every_version() -> None:
    run, dev = pins("requirements.txt"), pins("requirements-dev.txt")
    assert {name: run[name] for name in run.keys() & dev.keys()} == {
        name: dev[name] for name in run.keys() & dev.keys()
    }
