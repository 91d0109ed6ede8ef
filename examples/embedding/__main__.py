"""``make demo``: Linefeed and an intranet page that shows six of its panels, until Ctrl-C."""

from __future__ import annotations

import argparse
import json
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import Request, urlopen

from examples.embedding.intranet import FOLDER, Places, intranet

PROJECT = FOLDER.parent.parent
READY = "Linefeed is serving "
JOBS: tuple[tuple[str, dict[str, str]], ...] = (
    ("deploy", {}),
    ("backup", {}),
    ("tests", {}),
    ("import", {}),
    ("restart", {"service": "web"}),
)
"""What runs from the beginning, so that every panel has something to show."""

LEAVE_SECONDS = 20


class NotStarted(Exception):
    """Linefeed has said why."""


def main(arguments: list[str] | None = None) -> int:
    """Serve both until told to stop. Answers the exit status: 2 if one could not start."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
    flags = _flags().parse_args(arguments)
    try:
        return _show(flags.linefeed, flags.intranet)
    except OSError as error:
        print(f"demo: cannot listen on 127.0.0.1:{flags.intranet}: {error.strerror}", file=sys.stderr)
        return 2
    except NotStarted:
        return 2
    except KeyboardInterrupt:
        return 0


def _flags() -> argparse.ArgumentParser:
    flags = argparse.ArgumentParser(prog="demo", description="Linefeed, and an intranet page that shows its panels.")
    flags.add_argument("--linefeed", metavar="PORT", type=int, default=8000, help="where Linefeed listens; 0 is any")
    flags.add_argument("--intranet", metavar="PORT", type=int, default=8001, help="where the page is; 0 is any")
    return flags


def _show(linefeed_port: int, intranet_port: int) -> int:
    places = Places()
    with intranet(intranet_port, places) as port, _linefeed(linefeed_port, port) as (process, places.linefeed):
        for command, parameters in JOBS:
            _start(places.linefeed, command, parameters)
        print(f"Open http://127.0.0.1:{port}/ and press Ctrl-C to end it.", flush=True)
        return process.wait()


@contextmanager
def _linefeed(port: int, framed_by: int) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Linefeed as a process of its own with its address; it and its files are gone afterwards. Raises NotStarted."""
    with tempfile.TemporaryDirectory(prefix="linefeed-demo-") as folder:
        config = Path(folder, "linefeed.toml")
        config.write_text((FOLDER / "linefeed.toml").read_text().replace(":8001", f":{framed_by}"))
        options = ["--config", str(config), "--bind", f"127.0.0.1:{port}", "--data", str(Path(folder, "data"))]
        process = subprocess.Popen(
            [sys.executable, str(PROJECT / "app.py"), *options],
            stdout=subprocess.PIPE,
            text=True,
            cwd=PROJECT,
            process_group=0,  # a terminal's Ctrl-C is for us, who then tell it once
        )
        try:
            yield process, _address(process)
        finally:
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                signal.signal(number, signal.SIG_IGN)  # it is on its way
            process.terminate()
            process.communicate(timeout=LEAVE_SECONDS)


def _address(process: subprocess.Popen[str]) -> str:
    line = process.stdout.readline() if process.stdout else ""
    if not line.startswith(READY):
        raise NotStarted
    return line.removeprefix(READY).strip().rstrip("/")


def _start(linefeed: str, command: str, parameters: dict[str, str]) -> None:
    body = json.dumps({"command": command, "parameters": parameters}).encode()
    request = Request(f"{linefeed}/api/v1/jobs", body, {"Content-Type": "application/json"})  # noqa: S310 - http alone
    with urlopen(request, timeout=10):  # noqa: S310 - the same
        pass


if __name__ == "__main__":
    sys.exit(main())
