"""A server for each module, browsers for all of them, and the client that a test is run with."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from functools import cached_property
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.support.api import Api, Spoken, spoken
from tests.support.browser import chromium
from tests.support.clients.chromium import ChromiumClient
from tests.support.clients.client import Client
from tests.support.clients.curl import CurlClient
from tests.support.clients.firefox import FirefoxClient
from tests.support.clients.lynx import LynxClient
from tests.support.clients.marionette import Firefox, firefox
from tests.support.clients.w3m import W3mClient
from tests.support.server import Server, command_toml, serve

COUNT = r'seq --format="number %g" "$1"; echo "kind $2, word $3"'
STEPS = 'for n in $(seq 10000); do echo "step $n"; echo "note $n" >&2; sleep 0.1; done'
BOTH = r'printf "out 1\nbytes \377\303\050\n"; printf "err 1\nerr 2\n" >&2'

PARAMETERS = """
[commands.count.parameters.upto]
type = "integer"
label = "Up to"
min = 1
max = 5000

[commands.count.parameters.kind]
type = "choice"
label = "Kind"
choices = ["plain", "bold"]
default = "plain"

[commands.count.parameters.word]
type = "text"
label = "Word"
pattern = "[a-z]+"
default = "yes"

[commands.speak.parameters.file]
type = "text"
label = "File"
"""

COMMANDS = "\n".join(
    [
        command_toml("count", "sh", "-c", COUNT, "sh", "{upto}", "{kind}", "{word}", title="Count"),
        command_toml("steps", "sh", "-c", STEPS, title="Steps", stop_grace="1s"),
        command_toml("both", "sh", "-c", BOTH, title="Both"),
        command_toml("many", "seq", "--format=line %g", "2500", title="Many"),
        command_toml("fail", "sh", "-c", "echo no >&2; exit 3", title="Fail"),
        command_toml("nap", "sleep", "600", title="Nap"),
        command_toml("speak", "cat", "{file}", title="Speak"),
        PARAMETERS,
    ]
)


class Programs:
    """The browsers, each started when it is first needed."""

    def __init__(self, stack: ExitStack, folder: Path) -> None:
        self._stack = stack
        self._folder = folder

    @cached_property
    def chromium(self) -> Browser:
        """The Chromium."""
        return self._stack.enter_context(chromium())

    @cached_property
    def firefox(self) -> Firefox:
        """The Firefox that runs script."""
        return self._stack.enter_context(firefox(self._folder / "with", script=True))

    @cached_property
    def firefox_plain(self) -> Firefox:
        """The Firefox whose profile has script switched off."""
        return self._stack.enter_context(firefox(self._folder / "without", script=False))


Make = Callable[[str, Path, Programs], Client]
CLIENTS: Mapping[str, Make] = {
    "chromium": lambda base, folder, programs: ChromiumClient(base, programs.chromium, script=True),
    "chromium-no-script": lambda base, folder, programs: ChromiumClient(base, programs.chromium, script=False),
    "firefox": lambda base, folder, programs: FirefoxClient(base, programs.firefox),
    "firefox-no-script": lambda base, folder, programs: FirefoxClient(base, programs.firefox_plain),
    "w3m": lambda base, folder, programs: W3mClient(base, folder),
    "lynx": lambda base, folder, programs: LynxClient(base, folder),
    "curl": lambda base, folder, programs: CurlClient(base, folder),
}


@pytest.fixture(scope="package")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Programs]:
    """The browsers of these tests."""
    with ExitStack() as stack:
        yield Programs(stack, tmp_path_factory.mktemp("profiles"))


@pytest.fixture(scope="module")
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with these commands, and with the module's ``SETTINGS`` if it has any."""
    settings = getattr(request.module, "SETTINGS", "")
    with serve(f"{settings}\n{COMMANDS}", tmp_path_factory.mktemp("server")) as running:
        yield running


@pytest.fixture
def api(server: Server) -> Iterator[Api]:
    """The server's API; every job is over afterwards."""
    api = Api(server.url)
    yield api
    for job in api.jobs():
        if job["state"] != "finished":
            api.stop(job["id"])
            api.ended(job["id"])
    api.close()


@pytest.fixture
def voice(api: Api, tmp_path: Path) -> Iterator[Spoken]:
    """A running job that says what the test wants."""
    with spoken(api, tmp_path) as job:
        yield job


@pytest.fixture(params=CLIENTS)
def client(request: pytest.FixtureRequest, server: Server, programs: Programs, tmp_path: Path) -> Iterator[Client]:
    """One person at one program."""
    folder = tmp_path / "client"
    folder.mkdir()
    person = CLIENTS[request.param](server.url, folder, programs)
    yield person
    person.close()
