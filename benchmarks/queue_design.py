"""The design that Linefeed replaced, made anew to be compared with: every line is an item of a queue.

A process runs the command; a thread for each stream reads it line by line and puts each line into a
``multiprocessing.Queue``; an HTTP answer takes up to 1,000 items out of it and encodes them as JSON.
It is served by Quart on Hypercorn as Linefeed is, so that the designs are compared and not their servers.

Run as a program it serves one run: ``python -m benchmarks.queue_design COMMAND ARGUMENT...``.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import queue
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Sequence
from typing import IO, TypeAlias

from hypercorn.asyncio import serve
from hypercorn.config import Config
from quart import Quart, jsonify
from quart.wrappers import Response

MOST = 1000

FORK = multiprocessing.get_context("fork")
Item: TypeAlias = tuple[str, str] | None
Items: TypeAlias = "multiprocessing.Queue[Item]"


def read_stream(name: str, pipe: IO[str], items: Items) -> None:
    """Put each line of one stream into the queue."""
    for line in pipe:
        items.put((name, line.rstrip("\n")))


def run(argv: Sequence[str], items: Items) -> None:
    """Run the command with a reader thread for each stream; None is the last item."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)  # the server's handler came along with the fork
    process = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    pipes = {"stdout": process.stdout, "stderr": process.stderr}
    threads = [threading.Thread(target=read_stream, args=(name, pipe, items)) for name, pipe in pipes.items()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    process.wait()
    items.put(None)


def drain(items: Items) -> tuple[list[Item], bool]:
    """Up to 1,000 of the items that are there, and whether the last one has come."""
    taken: list[Item] = []
    try:
        while len(taken) < MOST:
            item = items.get_nowait()
            if item is None:
                return taken, True
            taken.append(item)
    except queue.Empty:
        pass
    return taken, False


def create_app(argv: Sequence[str]) -> Quart:
    """``POST /start`` runs the command, ``GET /lines`` takes what there is."""
    app = Quart(__name__)
    items: Items = FORK.Queue()

    @app.post("/start")
    async def start() -> str:
        FORK.Process(target=run, args=(argv, items), daemon=True).start()
        return "started"

    @app.get("/lines")
    async def lines() -> Response:
        taken, ended = drain(items)
        return jsonify({"lines": taken, "ended": ended})

    return app


async def main(argv: Sequence[str]) -> None:
    """Serve on a free port until SIGTERM."""
    listening = socket.create_server(("127.0.0.1", 0))
    config = Config()
    config.bind = [f"fd://{listening.fileno()}"]
    config.keep_alive_max_requests = sys.maxsize
    over = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, over.set)
    print(f"The queue design is serving http://127.0.0.1:{listening.getsockname()[1]}/", flush=True)
    await serve(create_app(argv), config, shutdown_trigger=over.wait)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
