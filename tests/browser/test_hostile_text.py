"""A thousand hostile texts as output, as values and in queries: each is on the page as text, and none is more."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Browser

from tests.support.api import Api
from tests.support.hostile_text import CANARY, EVERY_WAY, Hostile, batches, on_page, receipt
from tests.support.server import command_toml, serve
from tests.support.witness import Witness

POUR = """
import json, os, sys, time
told = json.load(open(sys.argv[1]))
for stream, text in told["written"]:
    os.write(stream, text.encode())
if told["stays"]:
    time.sleep(600)  # so that its last lines stay unfinished; it ends with the server
"""
"""Writes what it is told through a FIFO, which a test opens when its page is there."""

FIELDS = 100
TOGETHER = 500
"""Texts of one job: their lines are fewer than a page shows at once."""

IN_A_QUERY = 50
UNFINISHED = 70
BETWEEN = "\x1b[m\x02"
"""Ends whatever the text before it began, and is seen as ␂."""

STREAMS = {"out": 1, "err": 2}
LINES = """([stream, css]) => [...document.querySelectorAll(`#log .run.${stream}${css}`)].map(run => {
    const bare = run.cloneNode(true);
    bare.querySelectorAll('.label').forEach(label => label.remove());
    return bare.textContent;
}).join('')"""
POST = """fields => {
    const form = Object.assign(document.createElement('form'), {method: 'post', action: '/jobs'});
    for (const [name, value] of fields)
        form.append(Object.assign(document.createElement('input'), {type: 'hidden', name, value}));
    document.body.append(form);
    form.submit();
}"""


@dataclass(frozen=True, slots=True)
class Poured:
    """A job that writes hostile texts, each second one to stderr, once it is told to."""

    id: str
    fifo: Path
    texts: Sequence[Hostile]

    def of(self, stream: str) -> Sequence[Hostile]:
        """What goes to this stream."""
        return self.texts[STREAMS[stream] - 1 :: 2]

    def shown(self, stream: str, only: str) -> list[str]:
        """The lines that a page shows of this stream, of those that have ``only`` in them."""
        pairs = [zip(each.written.split("\n"), each.shown.split("\n"), strict=True) for each in self.of(stream)]
        return [shown for lines in pairs for written, shown in lines if only in written]

    def pour(self) -> None:
        """Let it write each text as a line, or as several, and end."""
        self._tell([(number % 2 + 1, f"{each.written}\n") for number, each in enumerate(self.texts)], stays=False)

    def pour_unfinished(self) -> None:
        """Let it write all of a stream's texts as one line without an end, and stay."""
        lines = [(STREAMS[name], BETWEEN.join(each.unfinished[0] for each in self.of(name))) for name in STREAMS]
        self._tell(lines, stays=True)

    def _tell(self, written: list[tuple[int, str]], stays: bool) -> None:
        self.fifo.write_text(json.dumps({"written": written, "stays": stays}))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the server and its jobs keep their files."""
    return tmp_path_factory.mktemp("hostile")


@pytest.fixture(scope="module")
def api(folder: Path) -> Iterator[Api]:
    """The API of a server that asks nobody who they are: a text that gets through could do anything."""
    pour = command_toml("pour", sys.executable, "-I", "-S", "-c", POUR, "{file}", stop_grace="1s")
    names = [f"p{number}" for number in range(FIELDS)]
    fields = command_toml("fields", "true", *(f"{{{name}}}" for name in names))
    kind = '{ type = "text", required = false, allow_dash = true }'
    fields += "".join(f"parameters.{name} = {kind}\n" for name in names)
    config = f'[pool]\nrunning = 40\n{pour}parameters.file = {{ type = "text" }}\n{fields}'
    with serve(config, folder) as server, closing(Api(server.url)) as api:
        yield api


@pytest.fixture
def witness(browser: Browser, api: Api) -> Iterator[Witness]:
    """A page that notes what gets through."""
    with closing(Witness(browser, api.url)) as noting:
        yield noting


def poured(api: Api, folder: Path, texts: Sequence[Hostile]) -> Poured:
    """A job that is about to write these texts."""
    fifo = folder / f"voice-{len(list(folder.iterdir()))}"
    os.mkfifo(fifo)
    return Poured(api.start("pour", file=str(fifo)), fifo, texts)


@pytest.fixture(scope="module")
def jobs(api: Api, folder: Path) -> list[Poured]:
    """Jobs that have written all thousand."""
    made = [poured(api, folder, texts) for texts in batches(TOGETHER)]
    for job in made:
        job.pour()
        api.ended(job.id)
    return made


def assert_lines(witness: Witness, job: Poured, only: str = "") -> None:
    """Each line of the job (that has ``only`` in it) is on the page as it should be, and nothing came of any."""
    for stream in STREAMS:
        text: str = witness.page.evaluate(LINES, [stream, ":not(.open)"])
        assert text.removesuffix("\n").split("\n") == job.shown(stream, only)
    assert witness.found() == []


def test_lines_that_come_while_the_page_is_open(witness: Witness, api: Api, folder: Path) -> None:
    for texts in batches(TOGETHER):
        job = poured(api, folder, texts)
        witness.visit(f"/jobs/{job.id}")
        job.pour()
        witness.page.wait_for_selector('#status[data-state="finished"]')
        assert_lines(witness, job)


@pytest.mark.parametrize("place", ["", "/panel", "/tail", "?after=0&follow=0", "?before=100000", "?line=1-999"])
def test_lines_of_a_page(witness: Witness, jobs: list[Poured], api: Api, place: str) -> None:
    for job in jobs:
        witness.visit(f"/jobs/{job.id}" + place.replace("999", str(api.job(job.id)["lines"])))
        assert_lines(witness, job)


@pytest.mark.parametrize("only", [CANARY, "<", "&", '"'])
def test_lines_that_were_looked_for(witness: Witness, jobs: list[Poured], only: str) -> None:
    for job in jobs:
        witness.visit(f"/jobs/{job.id}?{urlencode({'q': only})}")
        assert_lines(witness, job, only)
        assert witness.page.locator("mark.hit").count() > 50


def test_a_raw_log_is_what_was_written_and_no_page(witness: Witness, jobs: list[Poured]) -> None:
    for job in jobs:
        for stream, name in (("out", "stdout"), ("err", "stderr")):
            witness.visit(f"/jobs/{job.id}/log?stream={name}")
            wanted = "".join(f"{each.written}\n" for each in job.of(stream))
            assert witness.text("body *") == [on_page(wanted)]
            assert witness.page.evaluate("document.contentType") == "text/plain"
            assert [each for each in witness.found() if "pre style=" not in each] == []  # the browser's own


def test_lines_that_are_not_finished(witness: Witness, api: Api, folder: Path) -> None:
    for texts in batches(UNFINISHED):
        job = poured(api, folder, texts)
        witness.visit(f"/jobs/{job.id}")
        job.pour_unfinished()
        for stream in STREAMS:
            witness.page.wait_for_selector(f"#open .{stream}")
            wanted = "␂".join(each.unfinished[1] for each in job.of(stream))
            assert witness.page.evaluate(LINES, [stream, ".open"]) == f"{wanted}\n"
        assert witness.found() == []


def test_values_of_a_job(witness: Witness, api: Api) -> None:
    for texts in batches(FIELDS):
        values = {f"p{number}": each.value for number, each in enumerate(texts)}
        job = api.start("fields", **values)
        what = receipt(["true", *values.values()])
        witness.visit(f"/jobs/{job}")
        assert witness.text(".receipt code") == [what]
        assert witness.found() == []
        witness.visit("/jobs")
        assert what.startswith(witness.text(f"#job-{job} code")[0].removesuffix("…"))
        assert witness.found() == []


def test_values_that_a_form_is_filled_in_with(witness: Witness) -> None:
    for texts in batches(IN_A_QUERY):
        query = urlencode({f"p{number}": each.written for number, each in enumerate(texts)})
        assert witness.visit(f"/commands/fields?{query}") == 200
        assert witness.attribute("main form input:not([type=hidden])", "value")[:IN_A_QUERY] == kept(texts)
        assert witness.found() == []


def test_values_that_are_refused_and_kept(witness: Witness, api: Api) -> None:
    for texts in batches(FIELDS):
        before = len(api.jobs())
        witness.visit("/commands/fields")
        fields = [[f"p{number}", each.written] for number, each in enumerate(texts)]
        with witness.page.expect_navigation() as leaving:
            witness.page.evaluate(POST, [["command", "fields"], [f"{CANARY}<b>", "no such field"], *fields])
        assert leaving.value.status == 422
        assert witness.attribute("main form input:not([type=hidden])", "value") == kept(texts)
        assert f"{CANARY}<b>: unknown parameter" in witness.text(".alert li")
        assert witness.found() == []
        assert len(api.jobs()) == before


def kept(texts: Sequence[Hostile]) -> list[str]:
    """What the fields of a form have that gives these values back."""
    return [on_page(each.written) for each in texts]


def test_texts_that_are_looked_for(witness: Witness, jobs: list[Poured]) -> None:
    for each in EVERY_WAY[::2]:
        witness.visit(f"/jobs/{jobs[0].id}?{urlencode({'q': each.written})}")
        assert witness.attribute("#find", "value") == [on_page(each.written)]
        assert witness.found() == []


@pytest.mark.parametrize(
    "place",
    [
        "/?{}", "/jobs?command={}", "/jobs?state={}", "/jobs?before={}", "/commands?command={}", "/commands/{}",
        "/jobs/{}", "/{}", "/sign-in?next={}", "/audit?who={}&what={}&command={}",
    ],
)  # fmt: skip
def test_texts_in_an_address(witness: Witness, place: str) -> None:
    for each in EVERY_WAY[::6]:
        sent = urlencode({"": each.value})[1:]
        witness.visit(place.format(sent, sent, sent))
        assert witness.found() == []
