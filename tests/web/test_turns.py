"""Heavy work is done a few at a time, and the rest is told to come again."""

from __future__ import annotations

import asyncio
from pathlib import Path

from runner.web import create_app
from runner.web.context import context_of
from runner.web.turns import TooManySearches, Turns
from tests.support.asgi import ask
from tests.support.commands import command, settings_of
from tests.support.jobs import end_of


async def test_a_few_have_their_turn_some_wait_and_the_rest_is_refused() -> None:
    turns, here, most, go_on = Turns(at_once=2, waiting=3), 0, 0, asyncio.Event()

    async def search() -> None:
        nonlocal here, most
        async with turns.turn():
            here += 1
            most = max(most, here)
            await go_on.wait()
            here -= 1

    tasks = [asyncio.create_task(search()) for _ in range(8)]
    refused, _ = await asyncio.wait(tasks, timeout=1.0, return_when=asyncio.FIRST_COMPLETED)
    go_on.set()
    ended = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(each) for each in ended] == [type(None)] * 5 + [TooManySearches] * 3
    assert most == 2
    assert refused <= set(tasks[5:])


async def test_a_search_too_many_is_told_when_to_come_again(tmp_path: Path) -> None:
    web = create_app(settings_of(tmp_path, command("count", "seq", "1000")))
    async with web.test_app():
        runner, turns = context_of(web).runner, context_of(web).searches
        job = await runner.start("count", {})
        await end_of(runner, job)

        async def wait() -> None:
            async with turns.turn():
                pass

        async with turns.turn(), turns.turn(), turns.turn(), turns.turn():
            waiting = [asyncio.create_task(wait()) for _ in range(60)]
            await asyncio.sleep(0)  # lets each of them come as far as waiting
            answer = await ask(web, "GET", f"/jobs/{job.id}?q=7")
            assert (answer.status, answer.header("retry-after")) == (503, "3")
        await asyncio.gather(*waiting)
        assert (await ask(web, "GET", f"/jobs/{job.id}?q=7")).status == 200
