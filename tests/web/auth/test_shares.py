"""Share links: made for one job or command, right until their time or until they are revoked, and never forged."""

from __future__ import annotations

import json
import os
import random
import stat
from pathlib import Path

import pytest

from runner.web.auth import shares as module
from runner.web.auth.shares import Kind, Share, ShareOver, ShareRefused, Shares, Subject, TooManyShares, kind_of
from tests.web.forging import forged

NOW = 1_900_000_000.0
HOUR = 3_600.0
JOB = Subject(Kind.JOB, "a" * 26)
COMMAND = Subject(Kind.LATEST, "deploy")
FORGED = 10_000


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "shares.json"


@pytest.fixture
async def shares(path: Path) -> Shares:
    opened = Shares(path)
    await opened.open()
    return opened


async def again(path: Path) -> Shares:
    """As a next server finds them."""
    opened = Shares(path)
    await opened.open()
    return opened


def kept(path: Path) -> str:
    """What the file says."""
    return path.read_text()


def damaged(path: Path, content: bytes) -> Path:
    """Write this over the file; where it is put aside."""
    path.write_bytes(content)
    return path.with_name("shares.json.damaged")


def locked(path: Path) -> None:
    """Let nobody write the file any more, not even root."""
    path.unlink()
    path.mkdir()


async def made(shares: Shares, subject: Subject = JOB, now: float = NOW, lasts: float = HOUR) -> Share:
    return await shares.make(subject, "ada", now, lasts)


def counts(shares: Shares, token: str, subject: Subject = JOB, now: float = NOW) -> bool:
    try:
        shares.check(token, subject, now)
    except (ShareRefused, ShareOver):
        return False
    return True


@pytest.mark.parametrize("subject", [JOB, COMMAND, Subject(Kind.LATEST, "a" * 26)])
async def test_a_link_is_right_for_what_it_was_made_for(shares: Shares, subject: Subject) -> None:
    token = shares.token_of(await made(shares, subject))
    assert kind_of(token) is subject.kind
    for other in (JOB, COMMAND, Subject(Kind.LATEST, "a" * 26), Subject(Kind.JOB, "deploy"), Subject(Kind.JOB, "")):
        assert counts(shares, token, other) == (other == subject)


async def test_it_is_over_at_its_second(shares: Shares) -> None:
    share = await made(shares)
    token = shares.token_of(share)
    assert share.expires == int(NOW + HOUR)
    assert counts(shares, token, now=share.expires - 0.01)
    with pytest.raises(ShareOver, match="has expired"):
        shares.check(token, JOB, share.expires)


async def test_it_is_over_once_it_is_revoked_and_no_other_is(shares: Shares, path: Path) -> None:
    first, second = await made(shares), await made(shares)
    await shares.revoke(first)
    for each in (shares, await again(path)):
        with pytest.raises(ShareOver, match="was revoked"):
            each.check(each.token_of(first), JOB, NOW)
        assert counts(each, each.token_of(second))
        assert (each.get(first.id), each.of(JOB, NOW)) == (None, [second])


async def test_a_next_server_has_the_same_links(shares: Shares, path: Path) -> None:
    share = await made(shares, COMMAND)
    later = await again(path)
    assert later.of(COMMAND, NOW) == [share]
    assert later.token_of(share) == shares.token_of(share)
    assert counts(later, shares.token_of(share), COMMAND)


async def test_neither_a_signature_nor_a_link_is_in_the_file_which_is_the_owners_alone(
    shares: Shares, path: Path
) -> None:
    token = shares.token_of(await made(shares))
    assert token.rpartition(".")[2] not in kept(path)
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600


async def test_two_servers_do_not_take_each_others_links(shares: Shares, tmp_path: Path) -> None:
    share = await made(shares)
    other = Shares(tmp_path / "other.json")
    await other.open()
    await made(other)
    with pytest.raises(ShareRefused):
        other.check(shares.token_of(share), JOB, NOW)


async def test_the_newest_are_first_and_those_that_are_over_are_left_out(shares: Shares) -> None:
    first, second = await made(shares), await made(shares, now=NOW + 60)
    await made(shares, COMMAND)
    assert shares.of(JOB, NOW + 60) == [second, first]
    assert shares.of(JOB, first.expires) == [second]
    assert not shares.of(JOB, second.expires)


async def test_one_job_has_at_most_so_many(shares: Shares, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_OF_ONE", 3)
    for _ in range(3):
        await made(shares)
    with pytest.raises(TooManyShares, match="There are 3 share links already"):
        await made(shares)
    await made(shares, COMMAND)
    await made(shares, now=NOW + HOUR)


async def test_there_are_at_most_so_many_in_all(shares: Shares, monkeypatch: pytest.MonkeyPatch, path: Path) -> None:
    monkeypatch.setattr(module, "MOST", 3)
    for number in range(3):
        await made(shares, Subject(Kind.JOB, f"{number}"))
    with pytest.raises(TooManyShares):
        await made(shares)
    await made(shares, now=NOW + HOUR)
    assert len(json.loads(kept(path))["shares"]) == 1


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"null", b"\xff\xfe", b'{"key": "AA==", "shares": []}', b'{"shares": []}', b"[" * 100_000,
     b'{"x": ' + b"[" * 100_000],
)  # fmt: skip
async def test_a_damaged_file_is_put_aside_and_every_link_ends(
    shares: Shares, path: Path, content: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    token = shares.token_of(await made(shares))
    aside = damaged(path, content)
    later = await again(path)
    assert not counts(later, token)
    assert aside.read_bytes() == content
    assert "every share link has ended" in caplog.text
    assert counts(later, later.token_of(await made(later)))


async def test_what_cannot_be_written_changes_nothing(shares: Shares, path: Path) -> None:
    share = await made(shares)
    locked(path)
    with pytest.raises(OSError, match="directory"):
        await made(shares)
    with pytest.raises(OSError, match="directory"):
        await shares.revoke(share)
    assert shares.of(JOB, NOW) == [share]
    assert counts(shares, shares.token_of(share))


async def test_of_ten_thousand_forged_links_none_is_taken(shares: Shares, tmp_path: Path) -> None:
    dice, other = random.Random(6), Shares(tmp_path / "other.json")
    await other.open()
    token, stranger = shares.token_of(await made(shares)), other.token_of(await made(other))
    for _ in range(FORGED):
        text = forged(dice, token, stranger)
        assert text == token or not counts(shares, text), text
    for _ in range(1_000):  # right, but for something else
        job = Subject(Kind.JOB, "".join(dice.choices("abcdefghijklmnopqrstuvwxyz234567", k=26)))
        assert not counts(shares, token, job)
    assert counts(shares, token)
