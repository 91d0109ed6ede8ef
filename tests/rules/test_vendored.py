"""What is vendored is what its package has."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from tests.rules.house import ROOT

STATIC = ROOT / "static"


def stated() -> dict[str, str]:
    table = (STATIC / "VENDORED.md").read_text(encoding="utf-8")
    return dict(re.findall(r"^\| (\S+) \|.*\| `([0-9a-f]{64})` \|$", table, re.MULTILINE))


def checksum(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_each_vendored_file_is_the_one_that_is_stated() -> None:
    assert stated() == {name: checksum(STATIC / name) for name in stated()}


def test_every_script_is_vendored() -> None:
    """There is no custom JavaScript."""
    scripts = {path.name for path in ROOT.joinpath("static").rglob("*") if path.suffix in {".js", ".mjs"}}
    assert scripts == {"htmx.min.js"}
    assert scripts <= stated().keys()
