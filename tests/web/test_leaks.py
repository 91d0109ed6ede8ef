"""A secret in a log makes a test fail, whoever logs it and however the test ends."""

from __future__ import annotations

import logging
import secrets
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from runner.web.auth.sessions import mask
from tests.support.leaks import leaks_in, watched
from tests.support.server import READY, command_toml, serve, start_app
from tests.web.people import PASSWORD

VALUE = secrets.token_urlsafe(32)
FORM_TOKEN = mask(b"k" * 32)
LEAKS = {
    "API token": f"No such token: lf_{VALUE}",
    "printed address": f"GET /?token={VALUE} 303",
    "start token": f"it is {VALUE}",
    "half of the start token": f"it is {VALUE[:20]}…",
    "password": f"ada typed {PASSWORD}",
    "hash": f"line 2 is {PasswordHasher(1, 64, 1).hash('x')}",
    "session": f"Cookie: a=b; linefeed_session_8000={VALUE}",
    "browser": f"linefeed_browser={VALUE[:22]}",
    "header": f"Authorization: Basic {VALUE}",
    "header as ASGI has it": f"(b'authorization', b'Bearer {VALUE}')",
    "bearer": f"bearer {VALUE}",
    "form": f"body: command=nap&_token={FORM_TOKEN}",
    "form token": f"not right: {FORM_TOKEN}",
}
HARMLESS = [
    "No API token is taken: tokens.json is damaged",
    'WWW-Authenticate: Bearer realm="Linefeed"',
    "    start_token = secrets.token_urlsafe(32)",
    "    _token=_token, linefeed_session",
    "-" * 86,
    "    " + "a_name_" * 12 + "ab",
]


@pytest.mark.parametrize("line", LEAKS.values(), ids=list(LEAKS))
def test_a_secret_is_found_in_its_line(line: str) -> None:
    (found,) = leaks_in(f"warning: all is well\n{line}\nmore", VALUE)
    assert found.endswith(f": {line}")


@pytest.mark.parametrize("line", HARMLESS)
def test_a_line_without_a_secret_is_left_alone(line: str) -> None:
    assert not leaks_in(line, VALUE)


def test_a_server_that_wrote_a_secret_fails_whoever_reads_it(tmp_path: Path) -> None:
    process = start_app("--data", str(tmp_path), "--bind", f"Bearer {VALUE}")
    assert process.stderr is not None
    assert VALUE in process.stderr.read()
    with pytest.raises(AssertionError, match=rf"a header: .*{VALUE}"):
        process.communicate()


def test_a_test_that_fails_itself_keeps_its_failure(tmp_path: Path) -> None:
    with (
        pytest.raises(AssertionError, match="did not start") as failure,
        serve(command_toml("x", "true"), tmp_path, "--bind", f"Bearer {VALUE}"),
    ):
        pass
    (note,) = failure.value.__notes__
    assert "a header: " in note


def test_the_printed_address_is_no_leak(tmp_path: Path) -> None:
    process = start_app("--data", str(tmp_path), "--bind", "127.0.0.1:0", no_token=False)
    assert process.stdout is not None
    line = process.stdout.readline()
    process.terminate()
    process.communicate()
    assert line.startswith(READY)
    assert leaks_in(line)


def test_a_record_with_a_secret_fails_once() -> None:
    logger = logging.Logger("linefeed")
    with watched() as watch:
        logger.addHandler(watch)  # this one alone: the handlers of this test would find it too
        logger.error("all is %s", "well")
        watch.check()
        logger.error("taken: %s", VALUE, exc_info=RuntimeError(f"Bearer {VALUE}"))
        with pytest.raises(AssertionError, match=rf"test_leaks\.py:\d+: a header: RuntimeError: Bearer {VALUE}"):
            watch.check()
        watch.check()
