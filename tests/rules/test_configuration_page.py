"""Each key of the configuration file is on its page of the documentation."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest

from tests.rules.house import ROOT, is_in, modules

PAGE = ROOT / "docs" / "configuration.md"
READERS = frozenset({"take", "require", "each", "table", "entries"})
"""The methods by which ``runner.settings.table.Table`` is asked for a key."""


def asked_keys() -> Iterator[str]:
    """Every key that the settings ask a table for, by the words of the code."""
    for name, tree in modules().items():
        if is_in(name, "runner.settings"):
            yield from (key for node in ast.walk(tree) if (key := asked_key(node)))


def asked_key(node: ast.AST) -> str | None:
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute) or not node.args:
        return None
    first = node.args[0]
    if node.func.attr in READERS and isinstance(first, ast.Constant) and isinstance(first.value, str):
        return first.value
    return None


KEYS = sorted(set(asked_keys()))


def test_the_keys_are_found_in_the_code() -> None:
    assert {
        "server",
        "bind",
        "data",
        "running",
        "max_bytes",
        "argv",
        "stop_grace",
        "parameters",
        "rights",
        "may",
    } <= set(KEYS)


@pytest.mark.parametrize("key", KEYS)
def test_each_key_is_documented(key: str) -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert re.search(rf"`[^`\n]*\b{key}\b[^`\n]*`|^{key} =", page, re.MULTILINE)


@pytest.mark.parametrize("variable", ["LINEFEED_CONFIG", "LINEFEED_BIND", "LINEFEED_DATA"])
def test_each_variable_is_documented(variable: str) -> None:
    assert variable in PAGE.read_text(encoding="utf-8")
