"""Static files and the health check."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from runner.web.static import StaticFiles
from tests.support.server import PROJECT
from tests.web.conftest import Ask

NAME = "htmx.min.js"


async def test_a_file_with_its_version_may_be_kept_for_ever(asked: Ask) -> None:
    answer = await asked("GET", StaticFiles(PROJECT / "static").url(NAME))
    assert answer.body == (PROJECT / "static" / NAME).read_bytes()
    assert answer.header("content-type") == "text/javascript; charset=utf-8"
    assert "immutable" in (answer.header("cache-control") or "")


@pytest.mark.parametrize("query", ["", "?v=0", "?v="])
async def test_without_its_version_it_is_checked_each_time(asked: Ask, query: str) -> None:
    answer = await asked("GET", f"/static/{NAME}{query}")
    again = await asked("GET", f"/static/{NAME}", [(b"if-none-match", (answer.header("etag") or "").encode())])
    assert answer.header("cache-control") == "no-cache"
    assert (again.status, again.body) == (304, b"")


async def test_a_file_is_ready_as_gzip(asked: Ask) -> None:
    asking = [(b"accept-encoding", b"gzip")]
    plain, packed = await asked("GET", f"/static/{NAME}"), await asked("GET", f"/static/{NAME}", asking)
    assert gzip.decompress(packed.body) == plain.body
    assert (packed.header("content-encoding"), packed.header("vary")) == ("gzip", "accept-encoding")
    assert packed.header("content-length") == str(len(packed.body))
    assert packed.header("etag") != plain.header("etag")


@pytest.mark.parametrize("asking", [[], [(b"accept-encoding", b"gzip")]])
async def test_each_form_of_a_file_is_known_by_its_own_tag(asked: Ask, asking: list[tuple[bytes, bytes]]) -> None:
    tag = (await asked("GET", f"/static/{NAME}", asking)).header("etag") or ""
    again = await asked("GET", f"/static/{NAME}", [*asking, (b"if-none-match", tag.encode())])
    other = await asked("GET", f"/static/{NAME}", [*asking, (b"if-none-match", b'"other"')])
    assert (again.status, again.header("etag"), again.header("vary")) == (304, tag, "accept-encoding")
    assert other.status == 200


async def test_a_small_file_is_not_compressed(asked: Ask) -> None:
    answer = await asked("GET", "/static/icon.svg", [(b"accept-encoding", b"gzip")])
    assert answer.body.startswith(b"<svg")


@pytest.mark.parametrize(
    "name", ["none.css", "VENDORED.md", "../app.py", "%2e%2e/app.py", "..%2Fapp.py", "", "//etc/passwd"]
)
async def test_nothing_else_is_served(asked: Ask, name: str) -> None:
    assert (await asked("GET", f"/static/{name}")).status == 404


def test_the_version_follows_the_content(tmp_path: Path) -> None:
    (tmp_path / "a.css").write_text("a{}")
    before = StaticFiles(tmp_path).url("a.css")
    (tmp_path / "a.css").write_text("b{}")
    assert StaticFiles(tmp_path).url("a.css") != before


async def test_health(asked: Ask) -> None:
    answer = await asked("GET", "/healthz")
    assert (answer.status, answer.body, answer.header("content-type")) == (200, b"ok\n", "text/plain; charset=utf-8")
