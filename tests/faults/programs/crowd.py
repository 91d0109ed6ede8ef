"""Comes as a crowd: heads that never end, and wrong passwords. Arguments: PORT DRIPPERS TRIERS NAME.

It prints ``up`` when each dripper is connected. When its standard input ends it prints what came of it, as JSON, and
leaves. Half of those who try passwords have an address of their own on loopback, as if they were other machines; the
others have the same one as everybody else. It runs at nice 19: a real crowd would not use the server's own processors.
"""

import asyncio
import itertools
import json
import os
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress

HOST = "127.0.0.1"
DRIP_SECONDS = 1.0
REST = 0.1
"""Seconds after which somebody comes again who was turned away."""

HEAD = b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: "

Tally = Counter[str]


class Dripping(asyncio.Protocol):
    """Says when the server has hung up."""

    def __init__(self, over: "asyncio.Future[None]") -> None:
        self._over = over

    def connection_lost(self, error: Exception | None) -> None:
        if not self._over.done():
            self._over.set_result(None)


async def main(port: int, drippers: int, triers: int, name: str) -> None:
    """Come, and stay until told to leave."""
    os.nice(19)
    tally = Tally()
    ready = [asyncio.Event() for _ in range(drippers)]
    tasks = [asyncio.create_task(drip(port, tally, each)) for each in ready]
    for each in ready:
        await each.wait()
    tasks += [asyncio.create_task(try_on(port, number, name, tally)) for number in range(triers)]
    print("up", flush=True)
    await asyncio.to_thread(sys.stdin.read)
    print(json.dumps(tally), flush=True)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def drip(port: int, tally: Tally, ready: asyncio.Event) -> None:
    """A head byte by byte, and the next one when the server has had enough."""
    loop = asyncio.get_running_loop()
    while True:
        over: asyncio.Future[None] = loop.create_future()
        try:
            transport, _ = await loop.create_connection(lambda over=over: Dripping(over), HOST, port)  # type: ignore[misc] # a default value has no type
        except OSError:
            await asyncio.sleep(REST)
            continue
        tally["opened"] += 1
        ready.set()
        for byte in itertools.chain(HEAD, itertools.repeat(ord("y"))):
            transport.write(bytes([byte]))
            await asyncio.wait([over], timeout=DRIP_SECONDS)
            if over.done():
                break


async def try_on(port: int, number: int, name: str, tally: Tally) -> None:
    """One wrong password after another, as fast as they are answered; every other one for somebody who is made up."""
    address = HOST if number % 2 else f"127.1.{number >> 8}.{number & 255}"
    tries = guesses(number, name)
    while True:
        with suppress(OSError, EOFError):
            reader, writer = await asyncio.open_connection(HOST, port, local_addr=(address, 0))
            try:
                while True:
                    writer.write(form(*next(tries)))
                    tally[await status_of(reader)] += 1
            finally:
                writer.close()
        await asyncio.sleep(REST)


def guesses(number: int, name: str) -> Iterator[tuple[str, str]]:
    """Names and passwords."""
    for guess in itertools.count():
        yield (f"nobody-{number}-{guess}" if guess % 2 else name), f"guess-{number}-{guess}"


def form(name: str, password: str) -> bytes:
    """The request of a browser that sends the form."""
    body = f"name={name}&password={password}".encode()
    head = (
        "POST /sign-in HTTP/1.1\r\nHost: 127.0.0.1\r\nSec-Fetch-Site: same-origin\r\n"
        f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def status_of(reader: asyncio.StreamReader) -> str:
    """The status of the next answer, all of which is taken."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
    status, length = head.split()[1], head.partition("content-length:")[2].split()
    await reader.readexactly(int(length[0]) if length else 0)
    return status


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]))
