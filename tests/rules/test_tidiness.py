"""Sizes, and what must stand in no file."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.rules.house import ROOT, files, shown

FUNCTION_LINES = 50
FILE_LINES = 300

EXEMPT: dict[str, str] = {}
"""``path`` or ``path:function`` that may be longer, with the reason."""

SOURCES = [path for path in files() if path.suffix == ".py"]


def functions(path: Path) -> Iterator[tuple[str, int]]:
    """Each function with its number of lines, from ``def`` to its last."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield f"{shown(path)}:{node.name}", (node.end_lineno or 0) - node.lineno + 1


@pytest.mark.parametrize("path", SOURCES, ids=shown)
def test_no_function_is_long(path: Path) -> None:
    assert not {name: lines for name, lines in functions(path) if lines > FUNCTION_LINES and name not in EXEMPT}


@pytest.mark.parametrize("path", SOURCES, ids=shown)
def test_no_file_is_long(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").count("\n")
    assert lines <= FILE_LINES or shown(path) in EXEMPT


def test_each_exemption_is_needed() -> None:
    long = {name for path in SOURCES for name, lines in functions(path) if lines > FUNCTION_LINES}
    long |= {shown(path) for path in SOURCES if path.read_text(encoding="utf-8").count("\n") > FILE_LINES}
    assert EXEMPT.keys() <= long


@pytest.mark.parametrize("path", files(), ids=shown)
def test_no_file_names_a_place_of_somebodys_machine(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not re.findall(r"(?<![\w.])/(?:work|root|home|Users|workspace)/\w+", text)
    assert str(ROOT) not in text


@pytest.mark.parametrize("path", SOURCES, ids=shown)
def test_nothing_is_left_for_later(path: Path) -> None:
    left = re.compile(r"\b(?:TO" + r"DO|FIX" + r"ME|XX" + r"X|NotImpl" + r"ementedError)\b")
    assert not left.findall(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", [path for path in SOURCES if shown(path).startswith("tests/")], ids=shown)
def test_no_test_is_skipped(path: Path) -> None:
    skipping = {"skip", "skipif", "xfail", "importorskip", "skipUnless"}
    names = {
        node.attr for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Attribute)
    }
    assert not names & skipping


@pytest.mark.parametrize("path", SOURCES, ids=shown)
def test_no_module_is_a_drawer_for_everything(path: Path) -> None:
    assert not {"utils", "helpers", "common", "manager", "misc"} & set(path.relative_to(ROOT).with_suffix("").parts)
