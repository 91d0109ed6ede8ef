"""What readers get of a job's output, from real processes."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from runner.job import Job
from runner.lines import SHOWN_BYTES, Gap, Stream
from runner.service import Reading, Runner
from runner.settings import OutputSettings
from tests.core.conftest import RunnerOf
from tests.support.commands import command, python
from tests.support.jobs import end_of, lines_of, start_job
from tests.support.waiting import until


async def finished(runner: Runner, name: str = "python") -> Job:
    """A job of this command that has run to its end."""
    job = await start_job(runner, name)
    await end_of(runner, job, within=60)
    return await runner.job(job.id)


async def log_of(runner: Runner, job: Job, stream: Stream | None = None) -> tuple[bytes, list[Gap]]:
    """The log's bytes, and its gaps."""
    parts = [part async for part in await runner.log(job.id, stream)]
    return b"".join(part for part in parts if isinstance(part, bytes)), [p for p in parts if isinstance(p, Gap)]


async def with_open_text(runner: Runner, job: Job) -> Reading:
    """A reading once the job has written text without a line's end."""

    async def reading() -> Reading | None:
        found = await runner.lines(job.id, 0)
        return found if found.open else None

    return await until(reading)


async def test_open_text_is_told_and_raises_the_revision(runner_of: RunnerOf) -> None:
    # The sleep is the job's: it asks and waits.
    runner = await runner_of(python("print('name? ', end=''); import time; time.sleep(600)", stop_grace=1.0))
    job = await start_job(runner, "python")
    before = await runner.lines(job.id, 0)
    reading = await with_open_text(runner, job)
    assert [(text.stream, text.data) for text in reading.open] == [(Stream.STDOUT, b"name? ")]
    assert reading.revision > before.revision
    assert reading.slice.first is None


async def test_a_reader_that_has_seen_the_revision_waits_for_the_next(runner_of: RunnerOf, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "go")
    code = (
        f"import signal; print('a', end=''); open({str(tmp_path / 'go')!r}).read(); print('b', end=''); signal.pause()"
    )
    runner = await runner_of(python(code, stop_grace=1.0))
    job = await start_job(runner, "python")
    seen = (await with_open_text(runner, job)).revision
    waiting = asyncio.create_task(runner.lines(job.id, 0, wait=20, seen=seen))
    await asyncio.to_thread((tmp_path / "go").write_text, "go")
    reading = await waiting
    assert reading.revision > seen
    assert reading.open[0].data == b"ab"


async def test_open_text_gets_its_number_at_the_end(runner_of: RunnerOf) -> None:
    runner = await runner_of(python("print('a\\nb', end='')"))
    job = await finished(runner)
    assert await lines_of(runner, job) == [b"a", b"b"]
    assert (await runner.lines(job.id, 0)).open == ()
    assert await log_of(runner, job) == (b"a\nb", [])


async def test_a_reader_gets_the_next_line_when_it_is_written(runner_of: RunnerOf, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "go")
    runner = await runner_of(python(f"open({str(tmp_path / 'go')!r}).read(); print('line')"))
    job = await start_job(runner, "python")
    waiting = asyncio.create_task(runner.lines(job.id, 0, wait=20))
    await asyncio.to_thread((tmp_path / "go").write_text, "go")
    assert [run.data for run in (await waiting).slice.runs] == [b"line\n"]


async def test_a_reader_is_answered_when_the_job_ends_in_silence(runner_of: RunnerOf) -> None:
    runner = await runner_of(command("true", "true"))
    job = await start_job(runner, "true")
    reading = await runner.lines(job.id, 0, wait=20)
    assert reading.job.finished
    assert (reading.slice.first, reading.slice.next, reading.job.output.lines) == (None, 0, 0)


async def test_two_readers_see_the_same_lines(runner_of: RunnerOf) -> None:
    runner = await runner_of(python("for n in range(20_000): print(n)"))
    job = await start_job(runner, "python")

    async def read(limit: int) -> list[bytes]:
        lines, after = list[bytes](), 0
        while True:
            reading = await runner.lines(job.id, after, limit, wait=10)
            lines += [line for run in reading.slice.runs for line in run.lines()]
            after = reading.slice.next
            if reading.slice.first is None and reading.job.finished:
                return lines

    first, second = await asyncio.gather(read(1_000), read(37))
    assert first == second == [b"%d" % number for number in range(20_000)]


async def test_following_the_log_gives_all_of_it(runner_of: RunnerOf) -> None:
    runner = await runner_of(python("for n in range(20_000): print(n)"))
    job = await start_job(runner, "python")
    parts = [part async for part in await runner.log(job.id, follow=True) if isinstance(part, bytes)]
    assert b"".join(parts) == b"".join(b"%d\n" % number for number in range(20_000))


@pytest.mark.parametrize("size", [64 * 1024, SHOWN_BYTES - 1, SHOWN_BYTES, SHOWN_BYTES + 1, 3 * SHOWN_BYTES])
async def test_a_long_line_is_whole_in_the_log_and_shown_cut(runner_of: RunnerOf, size: int) -> None:
    runner = await runner_of(python(f"print('before'); print('ab' * {size // 2} + 'c' * {size % 2}); print('after')"))
    job = await finished(runner)
    line = b"ab" * (size // 2) + b"c" * (size % 2)
    runs = [run for run in (await runner.lines(job.id, 1)).slice.runs if run.first == 2]
    assert runs[0].lines()[0] == line[:SHOWN_BYTES]
    assert runs[0].length == (size if size > SHOWN_BYTES else None)
    assert await log_of(runner, job) == (b"before\n" + line + b"\nafter\n", [])


async def test_a_long_line_without_an_end_is_one_line(runner_of: RunnerOf) -> None:
    runner = await runner_of(python(f"print('x' * {2 * SHOWN_BYTES}, end='')"))
    job = await finished(runner)
    (run,) = (await runner.lines(job.id, 0)).slice.runs
    assert (job.output.lines, run.count, run.length) == (1, 1, 2 * SHOWN_BYTES)
    assert await log_of(runner, job) == (b"x" * 2 * SHOWN_BYTES, [])


@pytest.mark.parametrize("most", [OutputSettings(max_bytes=64 << 10), OutputSettings(max_lines=1_000)])
async def test_over_the_cap_head_and_tail_stay_and_the_rest_is_counted(
    runner_of: RunnerOf, most: OutputSettings
) -> None:
    runner = await runner_of(python("for n in range(50_000): print(n)"), output=most)
    job = await finished(runner)
    lines = await lines_of(runner, job)
    log, (gap,) = await log_of(runner, job)
    assert (lines[0], lines[-1]) == (b"0", b"49999")
    assert len(lines) + job.output.dropped == job.output.lines == 50_000
    assert gap.lines == job.output.dropped
    assert len(log) + gap.bytes == job.output.bytes
    assert len(lines) <= most.max_lines
    assert len(log) <= most.max_bytes
    assert log.splitlines() == lines


async def test_a_line_longer_than_the_cap_keeps_its_head_and_tail(runner_of: RunnerOf) -> None:
    runner = await runner_of(python("print('a' * 500_000 + 'z' * 500_000)"), output=OutputSettings(max_bytes=64 << 10))
    job = await finished(runner)
    (run,) = (await runner.lines(job.id, 0)).slice.runs
    log, (gap,) = await log_of(runner, job)
    assert (run.length, job.output.lines, job.output.dropped) == (1_000_000, 1, 0)
    assert (log[:1], log[-2:]) == (b"a", b"z\n")
    assert len(log) + gap.bytes == job.output.bytes == 1_000_001


async def test_a_cursor_in_the_gap_counts_from_itself(runner_of: RunnerOf) -> None:
    runner = await runner_of(python("for n in range(50_000): print(n)"), output=OutputSettings(max_lines=1_000))
    job = await finished(runner)
    reading = (await runner.lines(job.id, 20_000)).slice
    assert reading.first == 20_000 + reading.dropped + 1
    assert reading.runs[0].lines()[0] == b"%d" % (reading.first - 1)


@pytest.mark.parametrize(
    "data",
    [b"\xff\xfe\n", b"\x00\x00\n\x00", b"\r\n\r", b"\n\n\n", b"\x1b[31m\n", b"\x0b\x0c\x1c\x85\n", b"\xe2\x80\xa8\n"],
)
async def test_any_bytes_come_back_unchanged(runner_of: RunnerOf, data: bytes) -> None:
    runner = await runner_of(python(f"import os; os.write(1, {data!r})"))
    job = await finished(runner)
    *whole, rest = data.split(b"\n")
    assert await lines_of(runner, job) == whole + ([rest] if rest else [])
    assert await log_of(runner, job) == (data, [])


async def test_each_stream_has_its_own_log(runner_of: RunnerOf) -> None:
    code = "import os\nfor n in range(2_000): os.write(1, b'out %d\\n' % n); os.write(2, b'err %d\\n' % n)"
    runner = await runner_of(python(code))
    job = await finished(runner)
    for stream, word in ((Stream.STDOUT, b"out"), (Stream.STDERR, b"err")):
        assert await log_of(runner, job, stream) == (b"".join(b"%s %d\n" % (word, n) for n in range(2_000)), [])
    assert job.output.lines == 4_000


async def test_a_child_that_closes_stdout_early_is_still_heard(runner_of: RunnerOf) -> None:
    runner = await runner_of(python("import os; print('a'); os.close(1); os.write(2, b'b\\n'); os._exit(4)"))
    job = await finished(runner)
    assert sorted(await lines_of(runner, job)) == [b"a", b"b"]
    assert job.finished is not None
    assert job.finished.exit_code == 4


async def test_a_child_that_reads_its_own_output_back_harms_only_itself(runner_of: RunnerOf) -> None:
    thief = "import os, threading; own = os.open('/proc/self/fd/1', os.O_RDONLY)\n"
    thief += "threading.Thread(target=lambda: [os.read(own, 10) for _ in iter(int, 1)], daemon=True).start()\n"
    thief += "for n in range(30_000): os.write(1, b'%d\\n' % n)\nos._exit(0)"
    runner = await runner_of(python(thief))
    job = await finished(runner)
    assert job.finished is not None
    assert job.finished.reason == "It exited with status 0."
