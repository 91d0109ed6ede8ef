"""Templates hold no code of their own, escape everything, and fragments say what they need."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from jinja2 import Environment, StrictUndefined, meta, nodes

from runner.settings import OutputSettings, PoolSettings, ServerSettings, Settings
from runner.web import create_app
from tests.rules.house import ROOT, shown

TEMPLATES = sorted(ROOT.joinpath("templates").rglob("*.html"))
FRAGMENTS = [path for path in TEMPLATES if path.parent.name == "fragments"]
PAGES = [path for path in TEMPLATES if path.parent.name == "pages"]

WRONG = {
    "inline script": r"<script(?![^>]*\ssrc=)|<script[^>]*>\s*[^<\s]",
    "inline style": r"<style\b|\sstyle\s*=",
    "inline handler": r"<[^>]*\son[a-z]+\s*=",
    "hx-on": r"hx-on",
    "evaluated value": r"\bjs:|javascript:|hx-vars",
    "trigger filter": r"hx-trigger=\"[^\"]*\[",
    "unescaped output": r"\|\s*safe\b|\{%-?\s*autoescape|\bMarkup\b",
    "something from elsewhere": r"(?:src|href)=\"(?:https?:)?//",
    "address without its prefix": r"(?:href|action|formaction|src|hx-(?:get|post))\s*=\s*[\"']?/(?!/)",
}
COMPUTES = (nodes.Compare, nodes.BinExpr)


PARSER = Environment(autoescape=True)


def test_there_are_templates_to_look_at() -> None:
    assert {"layout.html", "job.html", "lines.html"} <= {path.name for path in TEMPLATES}
    assert FRAGMENTS
    assert PAGES


@pytest.mark.parametrize("what", WRONG)
@pytest.mark.parametrize("path", TEMPLATES, ids=shown)
def test_a_template_holds_no(path: Path, what: str) -> None:
    assert not re.findall(WRONG[what], path.read_text(encoding="utf-8"), re.IGNORECASE)


@pytest.mark.parametrize("path", TEMPLATES, ids=shown)
def test_a_template_computes_nothing(path: Path) -> None:
    parsed = PARSER.parse(path.read_text(encoding="utf-8"))
    assert not [node.lineno for kind in COMPUTES for node in parsed.find_all(kind)]


@pytest.mark.parametrize("path", FRAGMENTS, ids=shown)
def test_a_fragment_names_first_what_it_needs(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    first = re.match(r"\{#-? (.+?) -?#\}\n", text)
    assert first, "the first line is no comment"
    named = set(re.findall(r"`(\w+)`", first[1]))
    needed = meta.find_undeclared_variables(PARSER.parse(text)) - PARSER.globals.keys()
    assert needed <= named


@pytest.mark.parametrize("path", PAGES, ids=shown)
def test_a_page_has_one_heading_and_a_title(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count("<h1") == 1
    assert "{% block title %}" in text


async def test_the_app_escapes_everything_and_lets_no_name_be_missing(tmp_path: Path) -> None:
    settings = Settings(ServerSettings(data=tmp_path), PoolSettings(), OutputSettings(), commands={}, environment={})
    app = create_app(settings)
    async with app.test_app():
        assert app.jinja_env.autoescape is True
        assert app.jinja_env.undefined is StrictUndefined
