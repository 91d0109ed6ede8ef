"""The audit's file read from its end, in pages, whatever stands in it."""

from __future__ import annotations

import os
import random
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest

from runner.web.audit import reading
from runner.web.audit.entry import LINE_BYTES, Damaged, Entry, What, line_of
from runner.web.audit.log import AuditFailed
from runner.web.audit.reading import ANYTHING, BeyondTheEnd, Found, Wanted, read_before

MANY = 5_000
JOB = "b" * 26


def entry(number: int) -> Entry:
    """An entry of some length."""
    who, what = ("anna", What.START) if number % 50 else ("ben", What.STOP)
    return Entry(time="", what=what, who=who, command=f"c{number % 7}", reason=f"{number}", way="ü" * (number % 190))


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An audit of ``MANY`` entries."""
    file = tmp_path_factory.mktemp("audit") / "audit.jsonl"
    file.write_bytes(b"".join(line_of(entry(number)) for number in range(MANY)))
    return file


def pages(path: Path, limit: int, wanted: Wanted = ANYTHING) -> Iterator[Found]:
    """Each page from the newest to the last."""
    before: int | None = None
    while True:
        found = read_before(path, before, limit, wanted)
        yield found
        if found.next is None:
            return
        assert before is None or found.next < before
        before = found.next


def reasons(found: Iterator[Found]) -> list[str]:
    """The reason of each entry, the text of each damaged line."""
    return [one.reason if isinstance(one, Entry) else one.text for page in found for one in page.entries]


@pytest.mark.parametrize("limit", [1, 7, 100, MANY, MANY + 1])
def test_every_entry_is_on_one_page_newest_first(path: Path, limit: int) -> None:
    found = list(pages(path, limit))
    assert reasons(iter(found)) == [f"{number}" for number in reversed(range(MANY))]
    assert {len(page.entries) for page in found[:-1]} <= {limit}
    assert not any(page.stopped for page in found)


@pytest.mark.parametrize("block", [1, 2, 100, 4096])
def test_where_blocks_end_does_not_matter(path: Path, block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "_BLOCK_BYTES", block)
    assert reasons(iter([read_before(path, None, 30)])) == [f"{MANY - 1 - n}" for n in range(30)]


@pytest.mark.parametrize(
    ("wanted", "numbers"),
    [
        (Wanted(who="ben"), range(0, MANY, 50)),
        (Wanted(what=What.STOP), range(0, MANY, 50)),
        (Wanted(who="ben", what=What.START), range(0)),
        (Wanted(command="c3"), range(3, MANY, 7)),
        (Wanted(job=JOB), range(0)),
        (Wanted(who="ben", command="c3"), range(150, MANY, 350)),
    ],
)
@pytest.mark.parametrize("scan", [100_000, 8 << 20])
def test_a_filter_finds_all_of_it_and_looks_through_so_much_for_a_page(
    path: Path, wanted: Wanted, numbers: range, scan: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "SCAN_BYTES", scan)
    found = list(pages(path, 20, wanted))
    assert reasons(iter(found)) == [f"{number}" for number in reversed(numbers)]
    assert all(page.stopped == (page.next is not None and len(page.entries) < 20) for page in found)
    assert len(found) >= path.stat().st_size // (scan + (64 << 10))


def test_damaged_lines_are_shown_where_they_stand(tmp_path: Path) -> None:
    path, first, second = tmp_path / "audit", line_of(entry(1)), line_of(entry(2))
    path.write_bytes(b"no json\n" + first + b"\n\n\xff\xfe\n" + b"\x00" * 512 + b"\n" + second + b'{"time":"20')
    for limit in (1, 2, 100):
        assert reasons(pages(path, limit)) == ['{"time":"20', "2", "\x00" * 200, "\ufffd\ufffd", "1", "no json"]
    assert reasons(pages(path, 100, Wanted(who="anna"))) == ["2", "1"]


def test_junk_without_an_end_takes_no_memory_and_is_passed(tmp_path: Path) -> None:
    path = tmp_path / "audit"
    path.write_bytes(line_of(entry(1)))
    with path.open("ab") as file:
        file.truncate(200 << 20)
        file.seek(0, os.SEEK_END)
        file.write(b"\n" + line_of(entry(2)))
    tracemalloc.start()
    found = list(pages(path, 10))
    assert tracemalloc.get_traced_memory()[1] < 2 << 20
    tracemalloc.stop()
    told = reasons(iter(found))
    assert (told[0], told[-1]) == ("2", "1")
    assert set(told[1:-1]) == {"\x00" * 200}
    assert len(found) < 40


@pytest.mark.parametrize("length", [LINE_BYTES - 1, LINE_BYTES, LINE_BYTES + 1, 3 * LINE_BYTES])
def test_a_line_at_the_bound(tmp_path: Path, length: int) -> None:
    line = line_of(Entry(time="", what=What.START, who="anna"))
    padded = line.replace(b'"anna"', b'"anna"' + b" " * (length - len(line) + 1))
    path = tmp_path / "audit"
    path.write_bytes(line_of(entry(1)) + padded + line_of(entry(2)))
    assert len(padded) == length + 1
    newest, middle, oldest = (page.entries[0] for page in pages(path, 1))
    assert isinstance(middle, Entry if length < LINE_BYTES else Damaged)
    assert (newest, oldest) == (entry(2), entry(1))


def test_an_offset_in_the_middle_of_a_line_begins_before_it(path: Path) -> None:
    dice = random.Random(3)
    data = path.read_bytes()
    for _ in range(200):
        offset = dice.randrange(len(data))
        whole = data[:offset].count(b"\n")
        assert reasons(iter([read_before(path, offset, 1)])) == [f"{whole - 1}"][: min(whole, 1)]


def test_what_cannot_be_read(path: Path, tmp_path: Path) -> None:
    assert read_before(tmp_path / "nothing", None, 10) == Found(())
    with pytest.raises(BeyondTheEnd):
        read_before(path, path.stat().st_size + 1, 10)
    for name in ("fifo", "folder"):
        os.mkfifo(tmp_path / name) if name == "fifo" else (tmp_path / name).mkdir()
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    for name in ("folder", "loop"):
        with pytest.raises(AuditFailed, match=r"^The audit could not be read: "):
            read_before(tmp_path / name, None, 10)
    assert read_before(tmp_path / "fifo", None, 10) == Found(())
