"""A log for machines that have none to show: plausible, and the same each time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import cycle, islice

FIRST = datetime(2024, 3, 1, 6, 25, 1, tzinfo=UTC)

EVENTS = (
    ("systemd[1]", "Started Daily clean-up of temporary folders."),
    ("cron[412]", "(root) CMD (run-parts /etc/cron.hourly)"),
    ("kernel", "eth0: link is up, 1000 Mbit/s, full duplex"),
    ("dhclient[388]", "bound to 192.0.2.17, renewal in 1482 seconds."),
    ("backup[905]", "Copied 128 files, 3 changed, 0 failed."),
    ("kernel", "EXT4-fs (vda1): mounted filesystem with ordered data mode."),
    ("printer[611]", "warning: paper is low in tray 2"),
    ("backup[905]", "error: archive is locked, trying again in 30 s"),
    ("systemd[1]", "Finished Rotate log files."),
)


def log_text(lines: int = 400) -> str:
    """That many lines in the manner of a system log, each some seconds after the one before."""
    events = islice(cycle(EVENTS), lines)
    return "".join(
        f"{FIRST + timedelta(seconds=number * 37):%b %d %H:%M:%S} demo {source}: {message}\n"
        for number, (source, message) in enumerate(events)
    )
