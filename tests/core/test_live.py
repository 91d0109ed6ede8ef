"""A job as its readers follow it."""

from __future__ import annotations

from pathlib import Path

from runner.job import Finished, Job, Outcome, Running, new_id
from runner.lines import Stream
from runner.live import LiveJob
from runner.shim.writer import Cap, SpoolWriter
from runner.spool import Spool


async def test_what_the_spool_saw_by_itself_is_told_all_the_same(tmp_path: Path) -> None:
    writer, spool = SpoolWriter(str(tmp_path), Cap(4096, 1 << 30)), Spool(tmp_path)
    live = LiveJob(Job(new_id(), "pour", "Pour", ("pour",), {}, 0.0, Running(0.0)), spool)
    writer.write(Stream.STDOUT, b"the only line\n")
    writer.finish(1.0)
    assert spool.refresh()  # as when the cap has taken what a reader is about to read
    live.become(Finished(Outcome.SUCCEEDED, "", 0.0, 1.0))
    assert (live.job.output.lines, live.job.output.bytes) == (1, 14)
    assert live.read(0, 10).slice.next == 1
