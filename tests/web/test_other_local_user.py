"""Another user of the same machine, and a job that runs as one: nothing started, stopped, read or signed in."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support import intruder
from tests.support.intruder import NOBODY, Plan, Report, Wanted
from tests.support.processes import shim_of
from tests.support.server import Server, command_toml, serve
from tests.support.waiting import until_now
from tests.web.test_rights_table import TABLE

ROOT = os.geteuid() == 0
"""Only root can be somebody else. Without root the intruder is who runs the server, and has the network only."""

WORDS = "only for those who are signed in"
GUESS = "q" * 43
"""As long as a start token, and as the secret of a session."""

ELSEWHERE = [
    "/?token=", "/?token=" + GUESS, "/?token=" + GUESS + "&token=", "//", "//jobs", "/jobs/", "/JOBS", "/./jobs",
    "/static/../jobs", "/static/%2e%2e/app.py", "/static/..%2fapp.py", "/healthz/../jobs", "/sign-in/../jobs",
    "/jobs/ID/log/", "/jobs/ID%2flog", "/api/v1/jobs/ID/lines?token=" + GUESS, "/metrics", "/api/v2/jobs", "/debug",
]  # fmt: skip


class Site:
    """A server with a job that is over and one that runs; and a folder that everybody can look into."""

    def __init__(self, server: Server, folder: Path) -> None:
        self.server, self.folder, self.data = server, folder, folder / "data"
        self.port = int(server.url.rpartition(":")[2])
        bearer = {"Authorization": f"Bearer {server.token}"}
        self.http = httpx.Client(base_url=server.url, headers=bearer, trust_env=False)
        self.running, self.ended = self.start("wait"), self.start("say")
        self.end_of(self.ended)
        until_now(lambda: self.job(self.running)["lines"])  # only then its record stands still

    def start(self, command: str) -> str:
        """The id of a new job."""
        answer = self.http.post("/api/v1/jobs", json={"command": command})
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    def end_of(self, job: str) -> None:
        """Wait until the job is over."""
        until_now(lambda: self.job(job)["state"] == "finished", 60)

    def job(self, job: str) -> Any:
        """The job as it stands."""
        return self.http.get(f"/api/v1/jobs/{job}").raise_for_status().json()

    def jobs(self) -> dict[str, Any]:
        """Every job as it stands, but for those of the intruder."""
        found = self.http.get("/api/v1/jobs").raise_for_status().json()["jobs"]
        return {job["id"]: job for job in found if job["command"] != "intrude"}

    def audit(self) -> list[Any]:
        """What is in the audit."""
        return [json.loads(line) for line in (self.data / "audit.jsonl").read_text().splitlines()]

    def files(self) -> list[str]:
        """Everything in the data folder, and what is there once somebody has signed in."""
        return [*(str(path.relative_to(self.data)) for path in self.data.rglob("*")), "sessions.json"]

    def plan(self, *, nobody: bool = ROOT, requests: list[Wanted] | None = None) -> Plan:
        """What an intruder does who even knows the ids of the jobs."""
        return {
            "nobody": nobody,
            "port": self.port,
            "words": WORDS,
            "requests": every_request(self) if requests is None else requests,
            "data": str(self.data),
            "files": self.files(),
            "pids": [self.server.process.pid, shim_of(self.running)],
        }


@pytest.fixture
def site() -> Iterator[Site]:
    """The server, with a start token; pytest's own folders are closed to others already, so it has another."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        folder.chmod(0o755)
        program = str(shutil.copy(intruder.__file__, folder))
        config = "\n".join(
            [
                command_toml("say", "echo", WORDS),
                command_toml("wait", "sh", "-c", "echo here; exec sleep 600", stop_grace="1s"),
                command_toml("echo", "echo"),
                command_toml("intrude", sys.executable, "-I", "-S", program, str(folder / "plan.json")),
            ]
        )
        with serve(config, folder, no_token=False) as server:
            site = Site(server, folder)
            yield site
            site.http.close()


def tricks(site: Site) -> dict[str, dict[str, str]]:
    """What is sent with each request, in turn: every way to say who one is."""
    site_of_own = {"Sec-Fetch-Site": "same-origin"}
    names = ("linefeed_session", f"linefeed_session_{site.port}", "__Host-linefeed_session", "linefeed_device", "token")
    basic = base64.b64encode(f"root:{GUESS}".encode()).decode()
    bearers = [f"Bearer {text}" for text in (GUESS, site.running, "null", "*", GUESS + " ")]
    proxies = ("X-Forwarded-User", "X-Forwarded-Groups", "Remote-User", "X-Remote-User", "X-Auth-Request-User")
    return {
        "nothing": {},
        "own site": site_of_own,
        "no site": {"Sec-Fetch-Site": "none"},
        "own origin": {"Origin": site.server.url, "Referer": site.server.url},
        "form token": {**site_of_own, "X-Form-Token": GUESS * 2},
        "cookies": {**site_of_own, "Cookie": "; ".join(f"{name}={GUESS}" for name in names)},
        "proxy": {**site_of_own, **dict.fromkeys(proxies, "root"), "X-Forwarded-For": "127.0.0.1"},
        "basic": {**site_of_own, "Authorization": f"Basic {basic}"},
        **{bearer: {**site_of_own, "Authorization": bearer} for bearer in bearers},
    }


def every_request(site: Site) -> list[Wanted]:
    """Each route with each trick, tries to sign in, and addresses beside the routes."""
    asked = [
        request(site, method_and_target, headers)
        for headers in tricks(site).values()
        for method_and_target, _ in TABLE.values()
    ]
    tries = [f"POST /sign-in token={text}" for text in ("", "x", GUESS, "%00", site.running)]
    asked += [request(site, each, {"Sec-Fetch-Site": "same-origin"}) for each in tries]
    return asked + [request(site, f"GET {path}", {}) for path in ELSEWHERE]


def request(site: Site, method_and_target: str, headers: dict[str, str]) -> Wanted:
    """One line of the table as a request, about the job that runs or, to read it, the one that is over."""
    method, path, sent = [*method_and_target.split(" "), ""][:3]
    path = path.replace("ID", site.ended if method == "GET" else site.running)
    if sent.startswith("{"):
        return wanted(method, path, {**headers, "Content-Type": "application/json"}, '{"command": "echo"}')
    return wanted(method, path, {**headers, "Content-Type": "application/x-www-form-urlencoded"}, sent)


def wanted(method: str, path: str, headers: dict[str, str], body: str = "") -> Wanted:
    """One request."""
    return {"method": method, "path": path, "headers": headers, "body": body}


def sent_by_somebody_else(site: Site, plan: Plan) -> Report:
    """What a process reports that has nothing to do with the server."""
    path = site.folder / "plan.json"
    path.write_text(json.dumps(plan))
    argv = [sys.executable, "-I", "-S", intruder.__file__, str(path)]
    done = subprocess.run(argv, check=False, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    report: Report = json.loads(done.stdout)
    return report


def sent_by_a_job(site: Site, plan: Plan) -> Report:
    """What a job of the server itself reports."""
    (site.folder / "plan.json").write_text(json.dumps(plan))
    job = site.start("intrude")
    site.end_of(job)
    assert site.job(job)["outcome"] == "succeeded", site.http.get(f"/jobs/{job}/log").text
    report: Report = site.http.get(f"/jobs/{job}/log").json()
    return report


def assert_nothing_got_through(site: Site, plan: Plan, report: Report, before: dict[str, Any]) -> None:
    """No answer told anything, no file was opened, and the server is as it was."""
    assert report["uid"] == (NOBODY if ROOT else os.getuid())
    assert [name for name in report["reached"] if ROOT] == []
    public = {"/healthz", "/static/htmx.min.js", "/sign-in", "/panel.css"}
    for asked, answer in zip(plan["requests"], report["answers"], strict=True):
        assert not answer["telling"], asked
        assert not [cookie for cookie in answer["cookies"] if "session" in cookie or "device" in cookie], asked
        assert answer["status"] in {303, 400, 401, 403, 404, 405} or asked["path"] in public, (asked, answer)
        assert answer["status"] != 303 or "/sign-in" in answer["location"], (asked, answer)
    assert site.server.token not in json.dumps(report)
    assert site.jobs() == before
    assert not (site.data / "sessions.json").exists()


def test_another_user(site: Site) -> None:
    plan, before = site.plan(), site.jobs()
    report = sent_by_somebody_else(site, plan)
    assert len(report["answers"]) > 400
    assert len(report["tried"]) > 20
    assert_nothing_got_through(site, plan, report, before)
    entries = site.audit()
    assert [entry["command"] for entry in entries if entry["result"] == "ok"] == ["wait", "say"]
    assert [entry for entry in entries if entry["what"] == "sign-in"]
    assert {entry["result"] for entry in entries if entry["what"] != "start"} == {"refused"}


def test_a_job_that_runs_as_another_user(site: Site) -> None:
    plan, before = site.plan(), site.jobs()
    report = sent_by_a_job(site, plan)
    assert_nothing_got_through(site, plan, report, before)
    assert report["descriptors"].keys() == {"0", "1", "2"}
    assert report["descriptors"]["0"] == os.devnull
    assert all(report["descriptors"][name].startswith("pipe:") for name in "12")
    assert str(site.data) not in json.dumps(report["environment"])


def test_whoever_may_gets_through_in_each_of_these_ways(site: Site) -> None:
    """Or else the two tests above would show nothing: the same program, as who runs the server, with its token."""
    signed_in = {"Authorization": f"Bearer {site.server.token}"}
    log = wanted("GET", f"/jobs/{site.ended}/log", signed_in)
    stop = wanted("POST", f"/api/v1/jobs/{site.running}/stop", signed_in)
    report = sent_by_somebody_else(site, site.plan(nobody=False, requests=[log, stop]))
    assert [(answer["status"], answer["telling"]) for answer in report["answers"]] == [(200, True), (202, False)]
    never = {f"write {path.relative_to(site.data)}" for path in site.data.rglob("*") if path.is_dir()}
    never |= {f"{word} {name}" for word in ("read", "write") for name in ("doorbell", "sessions.json")}
    never.add(f"write jobs/{site.ended}/control")  # nobody listens there any more
    assert set(report["tried"]) - set(report["reached"]) == never
    site.end_of(site.running)
