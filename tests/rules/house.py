"""What the rules look at: the files of the project, and what each Python module imports."""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

_MADE = frozenset({".git", ".venv", "var", "__pycache__", "test-results", ".hypothesis"})
_CACHES = frozenset({".mypy_cache", ".pytest_cache", ".ruff_cache"})
_BINARY = frozenset({".png", ".ico", ".gz", ".db", ".pyc"})


def files() -> list[Path]:
    """Every text file that belongs to the project, not what make and the tools made."""
    found = []
    for folder, folders, names in os.walk(ROOT):
        folders[:] = sorted(
            name for name in folders if name not in _MADE and not name.endswith(("_cache", "hypothesis"))
        )
        found += [Path(folder, name) for name in sorted(names) if Path(name).suffix not in _BINARY]
    return [path for path in found if path.parent != ROOT or not path.name.startswith(".git")]


def shown(path: Path) -> str:
    """The path as a person would name it."""
    return path.relative_to(ROOT).as_posix()


def module_name(path: Path) -> str:
    """``runner/web/api.py`` is ``runner.web.api``; a package is its folder."""
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


@cache
def modules() -> dict[str, ast.Module]:
    """Every module of the product, parsed: ``app`` and all of ``runner``."""
    paths = [ROOT / "app.py", *sorted((ROOT / "runner").rglob("*.py"))]
    return {module_name(path): ast.parse(path.read_text(encoding="utf-8"), path.name) for path in paths}


@cache
def imports(module: str) -> frozenset[str]:
    """The full names that a module imports, wherever in it; ``from a import b`` is ``a.b``."""
    return frozenset(name for node in ast.walk(modules()[module]) for name in _imported(node))


def own_imports(module: str) -> frozenset[str]:
    """The product's own modules that a module imports, or imports a name from; no packages of only a docstring."""
    known = modules()
    names = {name if name in known else name.rpartition(".")[0] for name in imports(module)} & known.keys()
    return frozenset(name for name in names if name != module and len(known[name].body) > 1)


def brings(module: str, *packages: str) -> list[str]:
    """What a module imports of these packages, or of what is inside them."""
    return sorted(name for name in imports(module) if any(is_in(name, package) for package in packages))


def is_in(name: str, package: str) -> bool:
    """Whether a dotted name is the package or inside it."""
    return name == package or name.startswith(package + ".")


def room(module: str) -> str:
    """The room of a module: ``runner.web.api`` is in ``web``, ``runner.job`` in ``job``."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else parts[0]


def typed(markdown: str) -> str:
    """What a page of Markdown tells people to type: its shell blocks, and what stands between single backticks."""
    blocks = re.findall(r"^```sh\n(.*?)^```", markdown, re.DOTALL | re.MULTILINE)
    without_blocks = re.sub(r"```.*?```", "", markdown, flags=re.DOTALL)
    return "\n".join(blocks + re.findall(r"`([^`\n]+)`", without_blocks))


def _imported(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        base = "." * node.level + (node.module or "")
        yield from (f"{base}.{alias.name}" for alias in node.names)
