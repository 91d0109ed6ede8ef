"""Who may know whom. A room that is new here needs a place in ``LAYERS`` first."""

from __future__ import annotations

import ast
import sys
from graphlib import TopologicalSorter

import pytest

from tests.rules.house import brings, imports, is_in, modules, own_imports, room

LAYERS = (
    {"errors", "shim"},
    {"parameters", "catalogue", "job", "lines", "demo"},
    {"settings", "segments", "spool", "folder", "doorbell", "process"},
    {"pool", "rows", "history", "expiry", "endings", "live", "archive", "recovery", "scheduler"},
    {"service"},
    {"web"},
    {"administration"},
    {"app", "__main__"},
)
"""From below to above. A room knows those below it, and those beside it where no circle comes of it."""

PURE = ("errors", "parameters", "catalogue", "job", "lines")
DOES_IO = ("asyncio", "os", "shutil", "socket", "sqlite3", "subprocess", "tempfile", "threading", "time")
OF_THE_WEB = ("quart", "jinja2", "markupsafe", "hypercorn", "werkzeug", "runner.web")
KNOWS_THE_WEB = ("web", "administration", "__main__")
KNOWS_SIGNALS = ("shim", "process", "app")
READS_CONFIGURATION = ("settings",)
STORES = ("spool", "cluster")
KNOWS_STORES = ("app", "service", "scheduler", "archive", "live", "recovery", "process")
WEB_TALKS_TO = ("service", "errors", "job", "lines", "parameters", "catalogue", "settings", "web")

ALL = sorted(modules())
PRODUCT = [name for name in ALL if name != "runner"]


def layer(name: str) -> int:
    found = [number for number, rooms in enumerate(LAYERS) if room(name) in rooms]
    assert found, f"{name} has no place in LAYERS yet"
    return found[0]


def is_core(name: str) -> bool:
    return is_in(name, "runner") and room(name) not in KNOWS_THE_WEB


@pytest.mark.parametrize("name", PRODUCT)
def test_a_module_knows_only_what_is_below_or_beside_it(name: str) -> None:
    own = layer(name)
    above = [other for other in own_imports(name) if layer(other) > own]
    assert not above, f"{name} imports {above}, which stands above it"


def test_no_modules_know_each_other_in_a_circle() -> None:
    TopologicalSorter({name: own_imports(name) for name in PRODUCT}).prepare()


@pytest.mark.parametrize("name", ALL)
def test_no_import_is_relative(name: str) -> None:
    assert not [other for other in imports(name) if other.startswith(".")]


@pytest.mark.parametrize("name", [name for name in ALL if is_core(name)])
def test_the_core_knows_nothing_of_the_web(name: str) -> None:
    assert not brings(name, *OF_THE_WEB)


@pytest.mark.parametrize("name", [name for name in PRODUCT if room(name) in PURE])
def test_the_pure_modules_do_no_io_and_have_no_clock(name: str) -> None:
    assert not brings(name, *DOES_IO)


@pytest.mark.parametrize("name", [name for name in PRODUCT if room(name) not in KNOWS_SIGNALS])
def test_only_shim_process_and_app_know_signals(name: str) -> None:
    assert not brings(name, "signal", "os.kill", "os.killpg")
    assert not attributes(name) & {"os.kill", "os.killpg"}


@pytest.mark.parametrize("name", [name for name in PRODUCT if room(name) not in READS_CONFIGURATION])
def test_only_settings_reads_configuration_and_environment(name: str) -> None:
    environment = {"os.environ", "os.environb", "os.getenv", "os.getenvb"}
    assert not brings(name, "tomllib", "configparser", *environment)
    assert not attributes(name) & environment


@pytest.mark.parametrize("name", [name for name in ALL if is_in(name, "runner.shim")])
def test_the_shim_needs_only_the_standard_library(name: str) -> None:
    foreign = [other for other in imports(name) if not is_in(other, "runner.shim") and other != "runner"]
    assert not [other for other in foreign if other.split(".")[0] not in sys.stdlib_module_names]


@pytest.mark.parametrize("name", [name for name in ALL if is_in(name, "runner.web")])
def test_the_web_talks_to_the_service_and_the_values(name: str) -> None:
    assert not [other for other in own_imports(name) if room(other) not in WEB_TALKS_TO]


@pytest.mark.parametrize("name", [name for name in PRODUCT if room(name) not in KNOWS_STORES + STORES])
def test_only_app_and_service_name_a_store(name: str) -> None:
    assert not [other for other in own_imports(name) if room(other) in STORES]


def attributes(name: str) -> set[str]:
    """Every ``module.name`` that is spelled out in a module."""
    nodes = ast.walk(modules()[name])
    return {
        f"{node.value.id}.{node.attr}"
        for node in nodes
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
    }
