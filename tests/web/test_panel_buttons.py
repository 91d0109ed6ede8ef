"""Starting and stopping from within a panel: for the own site only, and back to the panel as it was."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urlencode

import pytest

from runner.parameters import IntegerParameter, TextParameter
from runner.service import Runner
from runner.settings import PoolSettings, Settings
from tests.support.asgi import Answer
from tests.support.commands import command, settings_of
from tests.support.jobs import end_of, start_job
from tests.web.conftest import Ask

OWN = (b"sec-fetch-site", b"same-origin")
KIND = (b"content-type", b"application/x-www-form-urlencoded")
OPTIONS = "size=line&theme=dark&title=A+%26+b&ground=aabbcc"
HOSTILE = [
    "//evil.example/", "https://evil.example/", "/\\evil.example", "\\\\evil.example", "javascript:alert(1)",
    "/%2f/evil.example", "/%5cevil.example", "/\tx", "/\n/evil.example", "/%0d%0aLocation:%20//evil.example",
    "evil.example", "?x", "#x", "/" + "x" * 3_000, "/ü", "data:text/html,x", " /jobs", "http:/jobs", "///evil.example",
]  # fmt: skip
"""Ways back that lead, or might lead, away."""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """One job runs, one may wait."""
    number = IntegerParameter(name="n", label="Up to", min=0, max=1_000)
    note = TextParameter(name="note", label="Note", required=False)
    return settings_of(
        tmp_path,
        command("count", "seq", "{n}", parameters=(number, note), title="Count"),
        command("wait", "sleep", "600", stop_grace=2.0),
        pool=PoolSettings(running=1, queue=1),
    )


async def sent(asked: Ask, path: str, **fields: str) -> Answer:
    """The answer to a form of our own page."""
    return await asked("POST", path, (OWN, KIND), urlencode(fields).encode())


def framed(answer: Answer) -> bool:
    return "frame-ancestors 'self'" in (answer.header("content-security-policy") or "")


async def test_a_start_leads_back_to_the_panel_as_it_was(asked: Ask, runner: Runner) -> None:
    answer = await sent(asked, f"/commands/count/panel?{OPTIONS}", n="4", note="", _form="start")
    assert (answer.status, answer.header("location")) == (303, f"/commands/count/panel?{OPTIONS}")
    job = await runner.latest("count")
    assert job is not None
    assert job.argv == ("seq", "4")
    await end_of(runner, job)


async def test_the_form_of_a_panel_is_filled_in_by_its_address(asked: Ask) -> None:
    page = (await asked("GET", f"/commands/count/panel?form=1&n=7&{OPTIONS}")).body.decode()
    assert 'name="n" value="7"' in page
    assert 'action="/commands/count/panel?size=line&amp;theme=dark&amp;title=A+%26+b&amp;ground=aabbcc"' in page
    assert 'target="_self"' in page
    assert "<script" not in page


async def test_a_wrong_form_comes_back_with_reasons_and_all_that_was_typed(asked: Ask, runner: Runner) -> None:
    answer = await sent(asked, f"/commands/count/panel?{OPTIONS}", n="5000", note="<b>keep me</b>", x="1")
    assert (answer.status, framed(answer)) == (422, True)
    page = answer.body.decode()
    assert "Nothing was started." in page
    assert "must be at most 1000" in page
    assert 'value="5000"' in page
    assert "&lt;b&gt;keep me&lt;/b&gt;" in page
    assert await runner.latest("count") is None


async def test_wrong_options_start_nothing(asked: Ask, runner: Runner) -> None:
    assert (await sent(asked, "/commands/count/panel?size=huge", n="1")).status == 400
    assert await runner.latest("count") is None


async def test_a_full_queue_is_a_sentence_in_the_frame(asked: Ask, runner: Runner) -> None:
    for _ in range(2):
        assert (await sent(asked, "/commands/wait/panel?size=tail")).status == 303
    answer = await sent(asked, "/commands/wait/panel?size=tail")
    assert (answer.status, framed(answer), answer.header("retry-after")) == (429, True, "5")
    assert 'class="linefeed-panel trouble"' in answer.body.decode()
    assert "1 job is waiting already. Try again when some have run." in answer.body.decode()
    for job in (await runner.jobs()).jobs:
        await runner.stop(job.id, force=True)


@pytest.mark.parametrize(
    "headers",
    [
        [(b"sec-fetch-site", b"cross-site")],
        [(b"sec-fetch-site", b"same-site")],
        [(b"origin", b"https://evil.example")],
        [(b"origin", b"null")],
        [(b"sec-fetch-site", b"same-origin"), (b"origin", b"http://localhost.evil.example")],
    ],
)
async def test_another_site_starts_and_stops_nothing(
    asked: Ask, runner: Runner, headers: list[tuple[bytes, bytes]]
) -> None:
    job = await start_job(runner, "wait")
    for path in ("/commands/wait/panel?size=line", f"/jobs/{job.id}/stop"):
        assert (await asked("POST", path, (*headers, KIND), b"back=/")).status == 403
    assert [each.state.name for each in (await runner.jobs()).jobs] == ["running"]


async def test_the_stop_form_leads_back_to_the_panel_as_it_was(asked: Ask, runner: Runner) -> None:
    job = await start_job(runner, "wait")
    bases = (f"/jobs/{job.id}/panel", "/commands/wait/panel")
    for base, answer in [(base, await asked("GET", f"{base}?{OPTIONS}")) for base in bases]:
        back = re.search(r'name="back" value="([^"]*)"', answer.body.decode())
        assert back is not None
        assert back[1].replace("&amp;", "&") == f"{base}?{OPTIONS}"
        stopped = await sent(asked, f"/jobs/{job.id}/stop", back=f"{base}?{OPTIONS}")
        assert (stopped.status, stopped.header("location")) == (303, f"{base}?{OPTIONS}")
    assert (await end_of(runner, job)).outcome == "stopped"


async def test_a_stop_leads_nowhere_else(asked: Ask, runner: Runner) -> None:
    job = await start_job(runner, "wait")
    for back in HOSTILE:
        answer = await sent(asked, f"/jobs/{job.id}/stop", back=back)
        assert (back, answer.status, answer.header("location")) == (back, 303, "/")
    assert (await sent(asked, f"/jobs/{job.id}/stop", back="")).header("location") == f"/jobs/{job.id}"
    assert (await sent(asked, f"/jobs/{job.id}/stop")).header("location") == f"/jobs/{job.id}"
