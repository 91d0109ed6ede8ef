"""What somebody may see of the jobs: of some commands, and of their own. Pages of it are exact, and no more work."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runner.errors import UnknownJob
from runner.history import History
from runner.job import Finished, Job, Outcome, Queued, Running, State, Visible, new_id
from runner.rows import PUT, STEPS, job_of, page_query, row_of
from tests.core.conftest import RunnerOf
from tests.support.commands import command

ENDED = Finished(Outcome.SUCCEEDED, "", 11.0, 12.0)
STATES: dict[str, State] = {"queued": Queued(0), "running": Running(11.0), "finished": ENDED}
MANY = 20_000
PAGE = 50


def job(name: str, owner: str = "", state: State = ENDED) -> Job:
    return Job(new_id(), name, name, (name,), {}, 10.0, state, owner=owner)


def visible(*commands: str, owner: str | None = None) -> Visible:
    return Visible(frozenset(commands), owner)


def index_of(jobs: list[Job], path: str | Path = ":memory:") -> sqlite3.Connection:
    """An index of these jobs, as the History makes it, on a connection of the test's own."""
    db = sqlite3.connect(path)
    db.executescript("".join(STEPS))
    db.executemany(PUT, map(row_of, jobs))
    return db


def page(db: sqlite3.Connection, *asked: Any) -> list[str]:
    """The ids that the query for a page finds; ``asked`` as ``page_query`` has it."""
    return [job_of(row).id for row in db.execute(*page_query(*asked))]


@pytest.mark.parametrize(
    ("who", "seen"),
    [
        (Visible(None), "abcd"),
        (Visible(None, "ann"), "abcd"),
        (visible(), ""),
        (visible("list"), "ab"),
        (visible("list", owner="ann"), "abc"),
        (visible(owner="bob"), "b"),
        (visible(owner="Ann"), ""),
        (visible(owner=""), ""),
        (visible("lis", "list'"), ""),
    ],
)
async def test_who_sees_what(history: History, who: Visible, seen: str) -> None:
    jobs = [job("list", "ann"), job("list", "bob"), job("wipe", "ann"), job("wipe")]
    for each in jobs:
        await history.put(each)
    included = [each.id for each in jobs if who.includes(each)]
    assert included == [jobs["abcd".index(letter)].id for letter in seen]
    found = await history.page(None, None, 10, None, who)
    assert [each.id for each in found.jobs] == included[::-1]


@pytest.mark.parametrize(
    ("who", "name", "seen"),
    [
        (visible("list"), "list", "ab"),
        (visible("list", owner="ann"), "list", "ab"),
        (visible("list", owner="ann"), "wipe", "c"),
        (visible("list"), "wipe", ""),
        (visible("list", "wipe"), "wipe", "cd"),
    ],
)
@pytest.mark.parametrize("state", [None, "finished"])
async def test_a_command_that_was_asked_for_is_seen_as_far_as_it_is_visible(
    history: History, who: Visible, name: str, seen: str, state: str | None
) -> None:
    jobs = [job("list", "ann"), job("list", "bob"), job("wipe", "ann"), job("wipe")]
    for each in jobs:
        await history.put(each)
    found = await history.page(state, name, 10, None, who)
    assert [each.id for each in reversed(found.jobs)] == [jobs["abcd".index(letter)].id for letter in seen]


texts = st.sampled_from(["", "a", "b", "ä'\"%"])
made = st.builds(job, texts, texts, st.sampled_from(list(STATES.values())))
seeing = st.one_of(
    st.none(), st.builds(Visible, st.one_of(st.none(), st.frozensets(texts)), st.one_of(st.none(), texts))
)
some_state = st.one_of(st.none(), st.sampled_from(sorted(STATES)))


@settings(deadline=None, max_examples=200)
@given(st.lists(made, max_size=25), seeing, some_state, st.one_of(st.none(), texts), st.integers(1, 8), st.data())
def test_a_page_has_what_a_plain_filter_has(
    jobs: list[Job], who: Visible | None, state: str | None, name: str | None, limit: int, data: st.DataObject
) -> None:
    before = data.draw(st.one_of(st.none(), st.integers(0, len(jobs) - 1)) if jobs else st.none())
    wanted = [
        each.id
        for each in reversed(jobs[:before])
        if state in (None, each.state.name) and name in (None, each.command) and (who is None or who.includes(each))
    ]
    with closing(index_of(jobs)) as db:
        assert page(db, state, name, limit, None if before is None else jobs[before].id, who) == wanted[:limit]


@pytest.mark.parametrize("who", [visible("list"), visible(owner="ann"), visible("list", owner="ann")])
@pytest.mark.parametrize(("count", "sizes"), [(0, [0]), (1, [1]), (2, [2]), (3, [2, 1]), (4, [2, 2]), (5, [2, 2, 1])])
async def test_pages_count_only_what_is_visible(history: History, who: Visible, count: int, sizes: list[int]) -> None:
    ids = []
    for _ in range(count):
        for each in (job("wipe"), job("list", "ann"), job("wipe", "bob")):
            await history.put(each)
            ids += [each.id] if each.owner == "ann" else []
    found, before = list[list[str]](), None
    while before or not found:
        part = await history.page(None, None, 2, before, who)
        found.append([each.id for each in part.jobs])
        before = part.next
    assert [len(each) for each in found] == sizes
    assert [each for part in found for each in part] == ids[::-1]


async def test_thousands_of_visible_commands_are_no_trouble(history: History) -> None:
    await history.put(mine := job("c4999"))
    await history.put(job("other"))
    found = await history.page(None, None, 10, None, visible(*(f"c{number}" for number in range(5000))))
    assert [each.id for each in found.jobs] == [mine.id]


Work = Callable[..., int]


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """``work(state, command, before, visible)``: steps of SQLite's machine for a page, in hundreds, among ``MANY``.

    The oldest ten jobs are of a rare command, ten more are Ann's; three run. Two commands have a third of the others
    each, some more have the rest.
    """
    rare = [job("rare") for _ in range(10)] + [job("c0", "ann") for _ in range(10)]
    jobs = rare + [job(("c0", "c1", f"c{number % 48}")[number % 3], "bob") for number in range(MANY)]
    jobs += [job("c0", "bob", Running(1.0)) for _ in range(3)]
    with closing(index_of(jobs, tmp_path_factory.mktemp("index") / "file")) as db:

        def count(state: str | None, name: str | None, before: int | None, who: Visible | None) -> int:
            steps = 0

            def step() -> None:
                nonlocal steps
                steps += 1

            db.set_progress_handler(step, 100)
            page(db, state, name, PAGE + 1, None if before is None else jobs[before].id, who)
            db.set_progress_handler(None, 0)
            return steps

        yield count


@pytest.mark.parametrize("state", [None, "finished", "running", "nonsense"])
@pytest.mark.parametrize("before", [None, MANY // 2])
@pytest.mark.parametrize(
    "who",
    [
        visible(),
        visible("rare"),
        visible(owner="ann"),
        visible("rare", "gone", owner="ann"),
        visible(*(f"c{number}" for number in range(48)), owner="bob"),
    ],
)
def test_jobs_that_are_not_visible_are_no_work(work: Work, state: str | None, before: int | None, who: Visible) -> None:
    assert work(state, None, before, who) < 300  # a walk over all of them is more than 2000


@pytest.mark.parametrize("state", [None, "finished", "running"])
@pytest.mark.parametrize("name", ["rare", "c0"])
@pytest.mark.parametrize(
    "who", [None, visible("rare", "c0"), visible("rare", owner="ann"), visible("c1", owner="ann"), visible()]
)
def test_a_command_that_was_asked_for_is_no_more_work(
    work: Work, state: str | None, name: str, who: Visible | None
) -> None:
    assert work(state, name, None, who) < 150


@pytest.mark.parametrize("state", [None, "finished", "running"])
@pytest.mark.parametrize("name", [None, "list"])
@pytest.mark.parametrize("before", [None, "a" * 26])
def test_who_sees_every_command_is_asked_nothing_more(state: str | None, name: str | None, before: str | None) -> None:
    query = page_query(state, name, PAGE, before, None)
    assert page_query(state, name, PAGE, before, Visible(None, "ann")) == query
    assert "owner =" not in query[0]


async def test_a_runner_lists_only_what_is_visible(runner_of: RunnerOf) -> None:
    runner = await runner_of(command("list", "true"), command("wipe", "true"))
    jobs = [await runner.start(name, {}, owner) for name, owner in (("list", ""), ("wipe", "ann"), ("wipe", "bob"))]
    mine = visible("list", owner="ann")
    assert [each.id for each in (await runner.jobs(visible=mine)).jobs] == [jobs[1].id, jobs[0].id]
    assert [each.id for each in await runner.some([each.id for each in jobs], mine)] == [jobs[1].id, jobs[0].id]
    assert len(await runner.some([each.id for each in jobs])) == len((await runner.jobs()).jobs) == 3


async def test_a_list_before_a_job_that_is_not_visible_is_as_before_none(runner_of: RunnerOf) -> None:
    runner = await runner_of(command("list", "true"), command("wipe", "true"))
    seen, hidden = await runner.start("list", {}, "bob"), await runner.start("wipe", {}, "bob")
    for who in (None, visible("wipe", "list"), visible(owner="bob")):
        assert [each.id for each in (await runner.jobs(before=hidden.id, visible=who)).jobs] == [seen.id]
    messages = set()
    for before in (hidden.id, new_id()):
        with pytest.raises(UnknownJob) as refused:
            await runner.jobs(before=before, visible=visible("list", owner="ann"))
        messages.add(str(refused.value))
    assert len(messages) == 1
