"""The demo that Linefeed grew from, feature by feature: each works here, better. (Ctrl-C: ``test_server_death``.)"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from runner.parameters import IntegerParameter
from runner.service import Runner
from runner.settings import Settings, load_settings
from tests.support.commands import command, python, settings_of
from tests.support.jobs import end_of, lines_of, start_job
from tests.support.processes import marked
from tests.support.waiting import until
from tests.web.conftest import Ask

STREAMS = "import os; os.write(1, b'to stdout\\n'); os.write(2, b'to stderr\\n')"
TREE = "import subprocess, time; subprocess.Popen(['sleep', '98765.4321']); time.sleep(600)"  # until it is stopped


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """What the demo was used for."""
    number = IntegerParameter(name="n", label="Up to", min=0, max=1_000_000)
    return settings_of(
        tmp_path,
        command("count", "seq", "{n}", parameters=(number,)),
        command("unknown", "someunknowncommand"),
        python(STREAMS, "streams"),
        python(TREE, "tree", stop_grace=0.2),
        command("glob", "echo", "*"),
    )


def test_the_same_eight_commands_are_in_the_drop_down(tmp_path: Path) -> None:
    titles = [
        each.title for each in load_settings(config=None, bind=None, data=str(tmp_path), environ={}).commands.values()
    ]
    asked = ["pwd", "ls -lR", "ps -Af", "someunknowncommand", "docker"]
    assert [title for title in titles if title in asked] == [title for title in asked if title in titles]
    assert {title.partition("/")[0] for title in titles} >= {*asked, "cat ", "tail --lines=5000 ", "tail -f "}


async def test_streams_are_labelled_lines_counted_and_the_outcome_is_in_words(asked: Ask, runner: Runner) -> None:
    job = await start_job(runner, "streams")
    await end_of(runner, job)
    page = (await asked("GET", f"/jobs/{job.id}")).body.decode()
    assert "stderr: </span>to stderr" in page
    assert "2 lines" in page
    assert "Succeeded" in page


async def test_the_receipt_stands_above_and_the_output_holds_only_what_was_written(asked: Ask, runner: Runner) -> None:
    job = await start_job(runner, "count", n=2)
    await end_of(runner, job)
    page = (await asked("GET", f"/jobs/{job.id}")).body.decode()
    assert page.index("seq 2") < page.index('id="log"')
    assert await lines_of(runner, job) == [b"1", b"2"]


async def test_a_second_reader_takes_nothing_from_the_first(runner: Runner) -> None:
    job = await start_job(runner, "count", n=50)
    await end_of(runner, job)
    assert await lines_of(runner, job) == await lines_of(runner, job)


async def test_stop_is_by_job_and_takes_the_whole_tree(asked: Ask, runner: Runner) -> None:
    job = await start_job(runner, "tree")
    await until(lambda: marked("98765.4321"), 10)
    assert (await asked("POST", f"/jobs/{job.id}/stop")).status == 303
    assert (await end_of(runner, job)).outcome == "stopped"
    assert not marked("98765.4321")
    assert (await asked("POST", "/jobs/1/stop")).status == 404


async def test_starting_one_job_stops_no_other(runner: Runner) -> None:
    first = await start_job(runner, "tree")
    await end_of(runner, await start_job(runner, "count", n=1))
    assert (await runner.job(first.id)).state.name == "running"


async def test_there_is_no_shell(runner: Runner) -> None:
    job = await start_job(runner, "glob")
    await end_of(runner, job)
    assert await lines_of(runner, job) == [b"*"]


async def test_an_unknown_command_is_told_in_words(runner: Runner) -> None:
    end = await end_of(runner, await start_job(runner, "unknown"))
    assert (end.outcome, end.reason) == ("not_started", "There is no program “someunknowncommand” on the server.")


async def test_the_end_comes_with_the_last_line_and_the_exit_code(runner: Runner) -> None:
    job = await start_job(runner, "count", n=20_000)
    assert (await end_of(runner, job)).exit_code == 0
    assert len(await lines_of(runner, job)) == 20_000


async def test_output_that_went_leaves_a_sentence_with_what_ran(asked: Ask, runner: Runner) -> None:
    job = await start_job(runner, "count", n=1)
    await end_of(runner, job)
    shutil.rmtree(runner.settings.server.data / "jobs" / job.id)
    assert (await asked("GET", f"/jobs/{job.id}/lines?after=0")).status == 200
    assert (await asked("GET", f"/api/v1/jobs/{job.id}/lines")).status == 410


async def test_everything_comes_from_the_server_itself(asked: Ask) -> None:
    page = (await asked("GET", "/")).body.decode()
    assert "https://" not in page
    assert page.count("<script") == 1
