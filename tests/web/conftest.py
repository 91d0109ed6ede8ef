"""A web app over a real Runner, for tests that ask it in process."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
from quart import Quart

from runner.parameters import ChoiceParameter, IntegerParameter
from runner.service import Runner
from runner.settings import Settings
from runner.web import create_app
from runner.web.context import context_of
from tests.support.asgi import Answer, ask
from tests.support.commands import command, python, settings_of
from tests.support.described import description, write_down_keys

Ask = Callable[..., Coroutine[Any, Any, Answer]]

TALK = """
import os
for number in range(3):
    os.write(1, b"out %d\\n" % number)
    os.write(2, b"err %d\\n" % number)
"""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A small catalogue and a folder of its own."""
    count = IntegerParameter(name="n", label="Up to", min=0, max=1_000_000)
    word = ChoiceParameter(name="word", label="Word", choices=("yes", "no"), default="yes")
    return settings_of(
        tmp_path,
        command("count", "seq", "{n}", parameters=(count,), title="Count", description="Counts", group="Numbers"),
        command("echo", "echo", "{word}", parameters=(word,)),
        command("nothing", "true"),
        command("wait", "sleep", "600", stop_grace=2.0),
        command("missing", "no-such-program-anywhere"),
        python(TALK, "talk"),
        python("import os, time; os.write(1, b'ready\\n'); time.sleep(600)", "chat", stop_grace=2.0),  # until stopped
        python("import os; os.write(1, b'bad \\xff\\xfe and \\r and \\x1b[31m\\nopen \\xe2\\x82')", "bytes"),
    )


@pytest.fixture
async def app(settings: Settings) -> AsyncIterator[Quart]:
    """The app, started as a server would start it."""
    web = create_app(settings)
    write_down_keys(web)
    async with web.test_app():
        yield web


@pytest.fixture
def runner(app: Quart) -> Runner:
    """The Runner behind the app."""
    return context_of(app).runner


@pytest.fixture
def asked(app: Quart) -> Ask:
    """``await asked(method, target, headers, body)``. Each answer of the API must be one that its description has."""

    async def asked(method: str, target: str, *rest: object) -> Answer:
        answer = await ask(app, method, target, *rest)  # type: ignore[arg-type] # what `ask` takes, as the test gives it
        description(app).check(method, target, answer)
        return answer

    return asked
