"""For all tests: no app in this process logs a secret. Servers of their own: ``tests/support/server.py``."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.leaks import Watch, watched


@pytest.fixture(scope="session", autouse=True)
def watch() -> Iterator[Watch]:
    """Looks at what is logged, between the tests too."""
    with watched() as watch:
        yield watch
        watch.check()


@pytest.fixture(autouse=True)
def _no_secret_is_logged(watch: Watch) -> Iterator[None]:
    """The test fails, beside its own result, if a secret was logged."""
    yield
    watch.check()
