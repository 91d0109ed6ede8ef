"""Badges: a state as an image or a line of text, for pages that can show nothing else."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote
from xml.etree import ElementTree

import pytest
from quart import Quart

from runner.service import Runner
from runner.settings import Settings
from runner.web import create_app
from runner.web.context import context_of
from tests.support.asgi import Answer, ask
from tests.support.commands import command, settings_of
from tests.support.jobs import end_of, start_job

WIKI, OTHER = "https://wiki.example.org", "https://other.example.org"
HOSTILE = '<script>alert(1)</script> & "quoted" \']]>'
TITLES = [
    HOSTILE, "</svg><img src=x onerror=alert(1)>", "&lt;b&gt;", "</title><script>x</script>", "<!--", "<![CDATA[",
    "ü𝄞漢", "{{ 7 * 7 }}", "\u202eabc", "a" * 80, "<" * 80, "\t\n", " ",
]  # fmt: skip
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A site may embed, and another one the badges of one command."""
    plain = settings_of(
        tmp_path,
        command("nothing", "true"),
        command("fails", "false"),
        command("other", "true", frame_ancestors=(OTHER,)),
        command("hostile", "true", title=HOSTILE),
    )
    return replace(plain, server=replace(plain.server, frame_ancestors=(WIKI,)))


@pytest.fixture
async def app(settings: Settings) -> AsyncIterator[Quart]:
    """The app."""
    web = create_app(settings)
    async with web.test_app():
        yield web


async def finished(app: Quart, name: str) -> str:
    """The path of a finished job."""
    runner: Runner = context_of(app).runner
    job = await start_job(runner, name)
    await end_of(runner, job)
    return f"/jobs/{job.id}"


def texts(answer: Answer) -> list[str]:
    """What an image says; it is XML, of elements that only draw."""
    drawn = ElementTree.fromstring(answer.body)  # noqa: S314 - our own
    assert {each.tag.removeprefix(SVG) for each in drawn.iter()} == {"svg", "title", "rect", "path", "g", "text"}
    assert not [name for each in drawn.iter() for name in each.attrib if name.startswith("on") or "href" in name]
    return [each.text or "" for each in drawn.iter(f"{SVG}text")]


async def test_a_badge_says_what_and_how(app: Quart) -> None:
    for name, image, line in (
        ("nothing", "✓ Succeeded", "nothing: Succeeded, 0 lines\n"),
        ("fails", "✗ Failed", "fails: Failed, 0 lines\n"),
    ):
        for path in (await finished(app, name), f"/commands/{name}"):
            svg, txt = await ask(app, "GET", f"{path}/badge.svg"), await ask(app, "GET", f"{path}/badge.txt")
            assert (svg.status, svg.header("content-type")) == (200, "image/svg+xml; charset=utf-8")
            assert (txt.status, txt.header("content-type")) == (200, "text/plain; charset=utf-8")
            assert (texts(svg), txt.body.decode()) == ([name, image], line)


async def test_a_command_that_has_not_run_says_so(app: Quart) -> None:
    assert texts(await ask(app, "GET", "/commands/nothing/badge.svg")) == ["nothing", "not run yet"]
    assert (await ask(app, "GET", "/commands/nothing/badge.txt")).body == b"nothing: not run yet\n"


async def test_a_title_is_text_whatever_it_is(app: Quart) -> None:
    assert texts(await ask(app, "GET", "/commands/hostile/badge.svg"))[0] == HOSTILE[:39] + "…"
    for title in TITLES:
        query = f"?title={quote(title)}"
        shown = texts(await ask(app, "GET", f"/commands/nothing/badge.svg{query}"))[0]
        assert shown == (title if len(title) <= 40 else shown)
        assert len(shown) <= 40
        line = await ask(app, "GET", f"/commands/nothing/badge.txt{query}")
        assert line.body.decode() == f"{title}: not run yet\n"


async def test_control_characters_are_no_broken_image(app: Quart) -> None:
    for code in (0, 1, 8, 11, 27, 127, 0xFFFE, 0xFFFF):
        texts(await ask(app, "GET", f"/commands/nothing/badge.svg?title=a{quote(chr(code))}b"))


async def test_nobody_takes_one_for_anything_else_or_keeps_it(app: Quart) -> None:
    for ending in ("svg", "txt"):
        answer = await ask(app, "GET", f"/commands/nothing/badge.{ending}")
        assert answer.header("x-content-type-options") == "nosniff"
        assert answer.header("cache-control") == "no-store"
        assert "frame-ancestors 'none'" in (answer.header("content-security-policy") or "")


async def resource_policy(app: Quart, path: str, referer: str | None) -> str | None:
    headers = [] if referer is None else [(b"referer", referer.encode())]
    answer = await ask(app, "GET", path, headers)
    assert answer.status == 200
    assert "Referer" in (answer.header("vary") or "")
    return answer.header("cross-origin-resource-policy")


@pytest.mark.parametrize(("name", "listed", "strange"), [("nothing", WIKI, OTHER), ("other", OTHER, WIKI)])
async def test_only_pages_of_listed_sites_may_show_one(app: Quart, name: str, listed: str, strange: str) -> None:
    for path in (f"/commands/{name}/badge.svg", await finished(app, name) + "/badge.svg"):
        for referer in (listed, f"{listed}/", f"{listed}/wiki/page?x=https://evil.example"):
            assert await resource_policy(app, path, referer) == "cross-origin"
        for other in (
            None, "", "null", strange, f"{strange}/?{listed}", f"{listed}.evil.example/", f"{listed}:444/",
            f"{listed}@evil.example/", listed.replace("https", "http"), f"x{listed}", "http://[", "http://[::1", "//",
            "https://\x7f", f"{listed}\\@evil.example/",
        ):  # fmt: skip
            assert (other, await resource_policy(app, path, other)) == (other, "same-origin")


async def test_a_badge_that_cannot_be_had_is_an_error(app: Quart) -> None:
    for path, status in (
        (f"/jobs/{'a' * 26}/badge.svg", 404),
        ("/commands/none/badge.txt", 404),
        ("/commands/nothing/badge.png", 404),
        (f"/commands/nothing/badge.svg?title={'x' * 81}", 400),
    ):
        assert (await ask(app, "GET", path)).status == status
