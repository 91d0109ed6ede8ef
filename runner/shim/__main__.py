"""One job's shim: ``python -I -S runner/shim FOLDER``, with the launch on standard input."""

from __future__ import annotations

import os
import sys
import time

# Isolated mode puts only this folder on the path; the package is two levels up.
sys.path[0] = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from runner.shim import child, launch, supervisor, tree  # noqa: E402
from runner.shim.writer import Cap, SpoolWriter  # noqa: E402


def main(folder: str) -> None:
    """Run the job whose launch stands on standard input, from start to exit record."""
    child.reset_signals()
    order = launch.unpack_launch(sys.stdin.buffer.read())
    os.set_inheritable(order.lock, False)
    os.chdir(folder)
    tree.become_subreaper()
    server = watch_server(order.server)
    launch.reserve_exit_record()
    writer = SpoolWriter(".", Cap(order.max_bytes, order.max_lines))
    bell = supervisor.Doorbell(order.doorbell, order.job_id)
    try:
        started = child.start(order.argv, order.env, order.directory)
    except child.NotStarted as problem:
        launch.write_not_started(problem, time.time())
        return
    writer.progress = writer.progress._replace(started_at=time.time(), started_clock=time.monotonic())
    writer.publish()
    bell.ring()
    job = supervisor.Supervisor(started, writer, supervisor.Limits(order.timeout, order.stop_grace), bell)
    if server is not None:
        job.end_with(server)
    end = job.run()
    ended_at = time.time()
    writer.finish(ended_at)
    launch.write_end(end, writer.progress, order.timeout, ended_at)
    bell.ring()


def watch_server(pid: int) -> int | None:
    """A pidfd of the server, or None for a job that outlives it. Leaves at once if the server is gone."""
    if not pid:
        return None
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        sys.exit(1)
    if os.getppid() != pid:  # it ended before the pidfd was open, and the number may be another's
        sys.exit(1)
    return handle


main(sys.argv[1])
os._exit(0)  # everything is written; the interpreter's own tidying would only delay the end
