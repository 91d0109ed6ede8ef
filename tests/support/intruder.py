"""Somebody else on the same machine: a program that tries to get at a server, and says what it reached.

``python -I -S intruder.py PLAN``: the plan is a file of JSON, a ``Plan``; what comes out is a ``Report`` in JSON.
Only the standard library, since it runs outside of the project. It does no harm where it gets through.
"""

from __future__ import annotations

import encodings.idna  # noqa: F401 - for http.client, which would look for it when this is nobody any more
import http.client
import json
import os
import socket
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TypedDict

NOBODY = 65_534


class Wanted(TypedDict):
    """One request."""

    method: str
    path: str
    headers: dict[str, str]
    body: str


class Answer(TypedDict):
    """What came back. ``telling`` says that it had the words of the plan."""

    status: int
    location: str
    cookies: list[str]
    telling: bool


class Plan(TypedDict):
    """What to try. As ``nobody`` if that is set, which needs root; ``words`` stand only in what must not be read."""

    nobody: bool
    port: int
    words: str
    requests: list[Wanted]
    data: str
    files: list[str]
    pids: list[int]


class Report(TypedDict):
    """What came of it. ``reached`` has the tries that worked; ``arguments`` those of each process."""

    uid: int
    answers: list[Answer]
    tried: list[str]
    reached: list[str]
    arguments: list[str]
    environment: dict[str, str]
    descriptors: dict[str, str]


def main(plan: Plan) -> Report:
    """Try everything."""
    descriptors = {name: _link(f"/proc/self/fd/{name}") for name in os.listdir("/proc/self/fd")}
    if plan["nobody"]:
        os.setgroups([])
        os.setresgid(NOBODY, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, NOBODY)
    tries = list(_tries(plan))
    reached = [name for name, act in tries if _works(act)]
    return {
        "uid": os.getuid(),
        "arguments": [_arguments(pid) for pid in plan["pids"]],
        "answers": _answers(plan),
        "tried": [name for name, _ in tries],
        "reached": reached,
        "environment": dict(os.environ),
        "descriptors": {name: link for name, link in descriptors.items() if link},
    }


def _answers(plan: Plan) -> list[Answer]:
    connection = http.client.HTTPConnection("127.0.0.1", plan["port"], timeout=30)
    return [_answer(connection, wanted, plan["words"]) for wanted in plan["requests"]]


def _answer(connection: http.client.HTTPConnection, wanted: Wanted, words: str) -> Answer:
    connection.request(wanted["method"], wanted["path"], wanted["body"].encode(), wanted["headers"])
    answer = connection.getresponse()
    return {
        "status": answer.status,
        "location": answer.headers.get("Location", ""),
        "cookies": answer.headers.get_all("Set-Cookie", []),
        "telling": words in answer.read().decode(errors="replace"),
    }


def _tries(plan: Plan) -> Iterator[tuple[str, Callable[[], object]]]:
    """Each way that does not go through the network, by its name."""
    data = Path(plan["data"])
    yield "list data", partial(os.listdir, data)
    yield "enter data", partial(os.chdir, data)
    yield "ring the doorbell", partial(_ring, data / "doorbell")
    for name in plan["files"]:
        yield f"read {name}", partial(_open, data / name, os.O_RDONLY)
        yield f"write {name}", partial(_open, data / name, os.O_WRONLY)
    for pid in plan["pids"]:
        yield f"read the environment of {pid}", partial(_open, Path(f"/proc/{pid}/environ"), os.O_RDONLY)
        yield f"list the descriptors of {pid}", partial(os.listdir, f"/proc/{pid}/fd")
        yield f"enter the folder of {pid}", partial(os.chdir, f"/proc/{pid}/cwd")
        yield f"signal {pid}", partial(os.kill, pid, 0)


def _works(act: Callable[[], object]) -> bool:
    try:
        act()
    except OSError:
        return False
    return True


def _open(path: Path, flags: int) -> None:
    os.close(os.open(path, flags | os.O_NONBLOCK))


def _ring(path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as bell:
        bell.connect(os.fspath(path))


def _arguments(pid: int) -> str:
    """Everybody may read them."""
    return Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace")


def _link(path: str) -> str:
    """Where a descriptor leads; empty for the one by which this was listed, which is closed."""
    try:
        return os.readlink(path)
    except OSError:
        return ""


if __name__ == "__main__":
    print(json.dumps(main(json.loads(Path(sys.argv[1]).read_text()))))
