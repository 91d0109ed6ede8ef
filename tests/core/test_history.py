"""The index of all jobs: order, pages, filters, and every state there and back."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from runner.history import History
from runner.job import Finished, Job, Outcome, Output, Queued, Running, State, Stopping, new_id
from runner.rows import STEPS

ENDED = Finished(Outcome.FAILED, "It exited with status 3.", 11.0, 12.5, 3, None, 99.0, 100.0)


def job(command: str = "list", state: State = Queued(0)) -> Job:  # noqa: B008 - a frozen value
    return Job(new_id(), command, "List “files”", ("ls", "ä b", ""), {"path": "ä", "deep": 3}, 10.25, state)


async def put(history: History, *jobs: Job) -> list[str]:
    for each in jobs:
        await history.put(each)
    return [each.id for each in jobs]


async def pages(history: History, limit: int, state: str | None = None, command: str | None = None) -> list[list[str]]:
    """The ids of all pages, one after another."""
    found, before = list[list[str]](), None
    while True:
        page = await history.page(state, command, limit, before)
        found.append([each.id for each in page.jobs])
        before = page.next
        if before is None:
            return found


@pytest.mark.parametrize(
    "state",
    [
        Queued(0),
        Running(11.5),
        Stopping(11.5, Outcome.STOPPED),
        ENDED,
        Finished(Outcome.NOT_STARTED, "", None, 12.0),
        *(Finished(outcome, "why", 1.0, 2.0, None, 9) for outcome in Outcome),
    ],
)
async def test_every_state_comes_back_as_it_was_put(history: History, state: State) -> None:
    original = job(state=state)
    await history.put(original)
    assert await history.get(original.id) == original


async def test_what_was_written_comes_back(history: History) -> None:
    original = Job(new_id(), "c", "C", ("c",), {}, 1.0, ENDED, Output(2**40, 2**41, 7, 12.25), True, owner="Ann Ä")
    await history.put(original)
    assert await history.get(original.id) == original


async def test_putting_a_job_again_changes_its_state_and_not_its_place(history: History) -> None:
    first, second = job(), job()
    await put(history, first, second, first.became(ENDED))
    page = await history.page(None, None, 10, None)
    assert [each.id for each in page.jobs] == [second.id, first.id]
    assert page.jobs[1].state == ENDED


@pytest.mark.parametrize(("count", "sizes"), [(0, [0]), (1, [1]), (3, [3]), (4, [3, 1]), (6, [3, 3]), (7, [3, 3, 1])])
async def test_pages_have_every_job_once_newest_first(history: History, count: int, sizes: list[int]) -> None:
    ids = await put(history, *(job() for _ in range(count)))
    found = await pages(history, 3)
    assert [len(page) for page in found] == sizes
    assert [each for page in found for each in page] == ids[::-1]


async def test_a_new_job_does_not_move_the_pages_after(history: History) -> None:
    ids = await put(history, *(job() for _ in range(4)))
    first = await history.page(None, None, 2, None)
    await put(history, job())
    second = await history.page(None, None, 2, first.next)
    assert [each.id for each in (*first.jobs, *second.jobs)] == ids[::-1]


async def test_filters_hold_on_every_page(history: History) -> None:
    wanted = await put(history, *(job("a", ENDED) for _ in range(3)))
    await put(history, job("a"), job("b", ENDED), job("b"))
    assert [each for page in await pages(history, 2, "finished", "a") for each in page] == wanted[::-1]
    assert len((await history.page("queued", None, 10, None)).jobs) == 2
    assert len((await history.page(None, "b", 10, None)).jobs) == 2


async def test_nothing_fits_a_filter_of_an_unknown_word(history: History) -> None:
    await put(history, job("a"))
    for state, command in (("nonsense", None), (None, "nonsense"), (None, "a' OR '1'='1")):
        assert (await history.page(state, command, 10, None)).jobs == ()


async def test_unfinished_jobs_come_oldest_first(history: History) -> None:
    ids = await put(
        history, job(), job(state=Running(1.0)), job(state=ENDED), job(state=Stopping(1.0, Outcome.STOPPED))
    )
    assert [each.id for each in await history.unfinished()] == [ids[0], ids[1], ids[3]]


async def test_an_id_that_never_was_is_nothing(history: History) -> None:
    assert await history.get(new_id()) is None


async def test_it_is_all_there_after_opening_again(tmp_path: Path) -> None:
    first, original = History(tmp_path / "file"), job(state=ENDED)
    await first.open()
    _ = first.put(original)  # not awaited: closing writes what is left
    await first.close()
    second = History(tmp_path / "file")
    await second.open()
    assert await second.get(original.id) == original
    await second.close()


async def test_an_index_of_an_earlier_version_is_taken_over(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "history.sqlite3")) as old:
        old.executescript(STEPS[0])
        old.execute(
            "INSERT INTO jobs (id, command, title, argv, parameters, queued_at, state, outcome, ended_at, bytes)"
            " VALUES ('a', 'list', '', '[]', '{}', 1, 'finished', 'succeeded', 2, 300)"
        )
        old.commit()
    history = History(tmp_path / "history.sqlite3")
    await history.open()
    found = await history.get("a")
    assert found
    assert found.finished
    assert found.finished.stored_bytes == 300
    assert await history.begin_expiry(5.0, 0.0) == (300, 0)
    assert await history.overdue(5.0) == ["a"]
    await history.close()


async def test_an_index_of_a_later_version_is_refused(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "history.sqlite3")) as newer:
        newer.execute(f"PRAGMA user_version = {len(STEPS) + 1}")
    history = History(tmp_path / "history.sqlite3")
    with pytest.raises(sqlite3.DatabaseError, match="newer"):
        await history.open()
    await history.close()


async def test_some_jobs_are_found_newest_first(history: History) -> None:
    first, second, _third = await put(history, job(), job(), job())
    found = await history.some([first, "b" * 26, second])
    assert [each.id for each in found] == [second, first]
    assert await history.some([]) == []
