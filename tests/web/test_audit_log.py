"""The audit's file: whole lines, whoever writes, whatever happens to the disk."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from runner.web.audit import log
from runner.web.audit.entry import Entry, Result, What, entry_of
from runner.web.audit.log import AuditFailed, AuditLog
from runner.web.audit.refusals import ALL_MINUTE, EACH_MINUTE, EACH_SECOND, Minute, neighbourhood
from tests.faults.small_disk import small_disk
from tests.rules.house import ROOT
from tests.support.waiting import until

TIME = "2031-05-06T07:08:09.123Z"


def start(reason: str = "", who: str = "anna") -> Entry:
    return Entry(time=TIME, what=What.START, who=who, reason=reason)


def refusal(address: str = "192.0.2.1", **more: object) -> Entry:
    return Entry(time=TIME, what=What.REFUSED, result=Result.REFUSED, address=address, **more)  # type: ignore[arg-type] # fields by name


def entries(path: Path) -> list[Entry]:
    """Every line of the file; each must be whole."""
    lines = path.read_bytes().split(b"\n")
    assert lines.pop() == b""
    found = [entry_of(line) for line in lines]
    assert all(isinstance(entry, Entry) for entry in found)
    return [entry for entry in found if isinstance(entry, Entry)]


@pytest.fixture
def audit(tmp_path: Path) -> AuditLog:
    return AuditLog(tmp_path / "audit.jsonl", clock=lambda: 1.0)


def test_entries_stand_in_the_file_as_soon_as_they_are_written(audit: AuditLog) -> None:
    for number in range(3):
        audit.write(start(f"{number}"))
        assert [entry.reason for entry in entries(audit.path)] == [f"{n}" for n in range(number + 1)]
    assert audit.path.stat().st_mode & 0o777 == 0o600


def test_a_file_that_was_renamed_is_followed_by_a_new_one(audit: AuditLog) -> None:
    audit.write(start("before"))
    old = audit.path.rename(audit.path.with_suffix(".1"))
    audit.write(start("after"))
    assert [entry.reason for entry in entries(old) + entries(audit.path)] == ["before", "after"]


WRITER = """
import sys
from pathlib import Path
from runner.web.audit.entry import Entry, What
from runner.web.audit.log import AuditLog
audit = AuditLog(Path(sys.argv[1]))
print("ready", flush=True)
input()
for number in range(2000):
    more = {"x": "x" * (number * 7 % 2000)}
    audit.write(Entry(time="", what=What.START, who=sys.argv[2], reason=str(number), parameters=more))
"""


def test_two_processes_write_whole_lines(tmp_path: Path) -> None:
    path, pipe = tmp_path / "audit.jsonl", subprocess.PIPE
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, path, name], cwd=ROOT, stdin=pipe, stdout=pipe, text=True)
        for name in ("anna", "ben")
    ]
    for writer in writers:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "ready\n"
    for writer in writers:
        assert writer.stdin is not None
        writer.stdin.write("\n")
        writer.stdin.flush()
    for writer in writers:
        writer.communicate(timeout=60)
    assert [writer.returncode for writer in writers] == [0, 0]
    written = entries(path)
    for name in ("anna", "ben"):
        assert [int(entry.reason) for entry in written if entry.who == name] == list(range(2000))


@pytest.mark.parametrize("tail", [b'{"time":"2031', b"\x00" * 512])
def test_a_line_after_a_torn_one_is_whole(audit: AuditLog, tail: bytes) -> None:
    audit.write(start("before"))
    with audit.path.open("ab") as file:
        file.write(tail)
    audit.write(start("after"))
    lines = audit.path.read_bytes().split(b"\n")
    assert (lines[1], len(lines)) == (tail, 4)
    assert isinstance(entry_of(lines[2]), Entry)


def written(audit: AuditLog) -> bool:
    """Whether one more line found its room."""
    try:
        audit.write(start("x" * 100))
    except AuditFailed:
        return False
    return True


async def test_a_full_disk_fails_the_write_and_leaves_no_piece_of_it() -> None:
    async with small_disk(1) as disk:
        audit = AuditLog(disk.outside / "audit.jsonl")
        audit.write(start("before"))
        disk.fill()
        while (size := audit.path.stat().st_size) >= 0 and written(audit):  # into what is left of its last page
            pass
        assert audit.path.stat().st_size == size, "a piece of what failed was left"
        with pytest.raises(AuditFailed, match=r"^The audit could not be written: No space left on device\.$"):
            audit.write(start("x" * 100))
        disk.free()
        audit.write(start("after"))
        assert [entries(audit.path)[place].reason for place in (0, -1)] == ["before", "after"]


def test_what_is_no_file_of_ours_is_a_failure_and_never_a_wait(tmp_path: Path) -> None:
    (tmp_path / "full").symlink_to("/dev/full")
    (tmp_path / "null").symlink_to("/dev/null")
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "folder").mkdir()
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere" / "file")
    for name in ("full", "null", "fifo", "folder", "dangling", "no/such/folder"):
        audit = AuditLog(tmp_path / name)
        with pytest.raises(AuditFailed):
            audit.write(start())


def test_a_file_that_another_process_keeps_locked_is_a_failure_soon(audit: AuditLog) -> None:
    audit.write(start())
    with log._opened(audit.path) as fd:
        log._lock(fd)
        with pytest.raises(AuditFailed, match="Resource temporarily unavailable"):
            audit.write(start())
    audit.write(start())
    assert len(entries(audit.path)) == 2


async def test_a_flood_from_one_address_is_bounded_and_told(audit: AuditLog) -> None:
    for _ in range(1000):
        audit.write_refusal(refusal())
    audit.write_refusal(refusal("192.0.2.2"))
    assert Counter(entry.address for entry in entries(audit.path)) == {"192.0.2.1": EACH_SECOND, "192.0.2.2": 1}
    audit.close()
    assert entries(audit.path)[-1].reason == f"{1000 - EACH_SECOND} more refusals were not written."


async def test_what_was_not_written_is_told_when_the_minute_is_over(
    audit: AuditLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log, "MINUTE_S", 0.01)
    for _ in range(EACH_SECOND + 1):
        audit.write_refusal(refusal())
    await until(lambda: entries(audit.path)[-1].reason == "1 more refusal was not written.")
    audit.write_refusal(refusal())  # a new minute, a new count
    assert entries(audit.path)[-1].address == "192.0.2.1"
    audit.close()
    assert len(entries(audit.path)) == EACH_SECOND + 2


def test_a_minute_takes_so_many_a_second_so_many_of_an_address_and_so_many_in_all() -> None:
    minute = Minute()
    taken = [sum(minute.takes("192.0.2.1", second + 0.001 * n) for n in range(100)) for second in range(60)]
    assert taken == [EACH_SECOND] * 10 + [0] * 50
    assert sum(minute.takes(f"10.0.{n >> 8}.{n & 255}", 60.5) for n in range(5000)) == ALL_MINUTE - EACH_MINUTE
    assert len(minute._shares) <= ALL_MINUTE


def test_an_ipv6_network_of_64_bits_is_one_address() -> None:
    minute = Minute()
    assert sum(minute.takes(f"2001:db8::{n:x}", 1.0) for n in range(100)) == EACH_SECOND
    assert minute.takes("2001:db8:0:1::1", 1.0)
    assert neighbourhood("::ffff:192.0.2.1") == neighbourhood("192.0.2.1")
    assert neighbourhood("fe80::1%eth0") == neighbourhood("fe80::2")
    assert neighbourhood("unix") != neighbourhood("")


async def test_a_refusal_that_cannot_be_written_is_no_failure_and_is_logged_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "audit.jsonl").symlink_to("/dev/full")
    audit = AuditLog(tmp_path / "audit.jsonl", clock=lambda: 1.0)
    with caplog.at_level(logging.ERROR, "linefeed"):
        for _ in range(10):
            audit.write_refusal(refusal())
        audit.close()
    assert [record.message.rpartition(": ")[2] for record in caplog.records] == ["it is no regular file"]
    audit.path.unlink()
    audit.write_refusal(refusal())
    audit.close()
    assert entries(audit.path)[-1].reason == "10 more refusals were not written."


async def test_a_file_that_is_too_large_takes_starts_but_no_refusals(
    audit: AuditLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log, "MOST_BYTES", 1000)
    for _ in range(20):
        audit.write_refusal(refusal(reason="x" * 100))
    size = audit.path.stat().st_size
    assert 1000 <= size < 1400
    audit.close()
    assert audit.path.stat().st_size == size
    audit.write(start("still"))
    assert entries(audit.path)[-1].reason == "still"


async def test_a_refusal_is_short_whatever_was_sent(audit: AuditLog) -> None:
    audit.write_refusal(refusal(parameters={f"{n}": "\x00" * 5000 for n in range(3)}, who="\x00" * 5000))
    audit.close()
    assert audit.path.stat().st_size <= log.REFUSAL_BYTES
