"""Firefox's own remote control, Marionette, as far as the tests need it.

Protocol 3 of ``remote/marionette`` in Firefox's source: over TCP, each message is the length of its
JSON, a colon and the JSON. A command is ``[0, id, name, parameters]``, its answer ``[1, id, error, result]``.
"""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.support.clients.missing import found
from tests.support.waiting import until_now

_START_S = 60.0
_ANSWER_S = 60.0
_ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # the key of an element's id in the WebDriver standard

QUIET: Mapping[str, bool | int | str] = {
    "marionette.port": 0,  # any free one; it is written into the profile
    # Whatever else it wants from the network finds a proxy that is not there; loopback needs none.
    "network.proxy.type": 1,
    "network.proxy.http": "127.0.0.1",
    "network.proxy.http_port": 9,
    "network.proxy.ssl": "127.0.0.1",
    "network.proxy.ssl_port": 9,
    "network.proxy.failover_direct": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "network.dns.disablePrefetch": True,
    "network.prefetch-next": False,
    "app.normandy.enabled": False,
    "app.update.enabled": False,
    "browser.safebrowsing.malware.enabled": False,
    "browser.safebrowsing.phishing.enabled": False,
    "browser.shell.checkDefaultBrowser": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "extensions.update.enabled": False,
    "messaging-system.rsexperimentloader.enabled": False,
    "services.settings.server": "data:,#none",
    "toolkit.telemetry.enabled": False,
}
"""Settings of a profile that talks to nobody of its own accord."""


class Refused(Exception):
    """Marionette's answer was an error; ``kind`` is the WebDriver standard's word for it."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(f"{kind}: {message}")
        self.kind = kind


class Firefox:
    """A running Firefox and the line to it."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), _ANSWER_S)
        self._answers = self._socket.makefile("rb")
        self._count = 0
        self._receive()  # its greeting

    def call(self, command: str, /, **parameters: Any) -> Any:
        """Give a command and wait for its result. Raises Refused."""
        self._count += 1
        message = json.dumps([0, self._count, command, parameters]).encode()
        self._socket.sendall(b"%d:%b" % (len(message), message))
        _, _, error, result = self._receive()
        if error:
            raise Refused(error["error"], error["message"])
        return result["value"] if isinstance(result, dict) and "value" in result else result

    def find(self, xpath: str) -> str:
        """The id of the first such element. Raises Refused."""
        found: dict[str, str] = self.call("WebDriver:FindElement", using="xpath", value=xpath)
        return found[_ELEMENT]

    def run(self, script: str) -> Any:
        """What this function body returns in the page. Works where the page itself may run no script."""
        return self.call("WebDriver:ExecuteScript", script=script, args=[])

    def close(self) -> None:
        """Hang up."""
        self._answers.close()
        self._socket.close()

    def _receive(self) -> Any:
        length = b""
        while (character := self._answers.read(1)) != b":":
            if not character:
                raise ConnectionError("Firefox has hung up")
            length += character
        return json.loads(self._answers.read(int(length)))


@contextmanager
def firefox(profile: Path, script: bool) -> Iterator[Firefox]:
    """A Firefox with a fresh profile in this folder; ``script`` says whether pages may run any."""
    program = found("firefox-esr", "firefox")
    profile.mkdir(parents=True, exist_ok=True)
    settings = {**QUIET, "javascript.enabled": script}
    lines = [f"user_pref({json.dumps(name)}, {json.dumps(value)});" for name, value in settings.items()]
    (profile / "user.js").write_text("\n".join(lines))
    argv = [program, "--headless", "--marionette", "--no-remote", "--profile", str(profile)]
    process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        running = Firefox(until_now(lambda: _port(profile), _START_S))
        running.call("WebDriver:NewSession", pageLoadStrategy="eager")
        yield running
        running.close()
    finally:
        process.terminate()
        process.wait()
        shutil.rmtree(profile, ignore_errors=True)


def _port(profile: Path) -> int:
    file = profile / "MarionetteActivePort"
    return int(file.read_text() or 0) if file.exists() else 0
