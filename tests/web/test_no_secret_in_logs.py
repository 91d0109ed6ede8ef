"""In each mode of identity: nothing that a server writes, keeps, answers or shows of itself has a secret in it."""

from __future__ import annotations

import base64
import shutil
import subprocess
import sys
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.support.server import PROJECT, READY, command_toml, serve
from tests.support.told import Told, cookies_of, files_below, found_in, processes
from tests.support.waiting import until_now

NAME = "ada"
PASSWORD = 'right "horse" & <staple> ümlaut 7f3a9c'
WRONG_PASSWORD = "wrong-battery-& <staple> 5d1e88"
WRONG_TOKEN = "lf_0wrongWRONGwrongWRONGwrongWRONGwrongWRONGwr"
WRONG_COOKIE = "0wrongCOOKIEwrongCOOKIEwrongCOOKIEwrongCOOKI"[:43]

NOSY = "env; cat /proc/self/environ /proc/$PPID/environ /proc/$PPID/cmdline; echo told; exec sleep 600"
RIGHTS = '[[rights]]\npeople = ["*"]\ncommands = ["*"]\nmay = ["see", "start", "stop", "download", "audit"]\n'
USERS = '[auth]\nmode = "users"\nusers = "FOLDER/users"\n' + RIGHTS
PROXY = '[server]\ntrusted_proxies = ["127.0.0.1"]\n[auth]\nmode = "proxy"\n' + RIGHTS
MODES = {"token": "", "users": USERS, "proxy": PROXY, "none": '[auth]\nmode = "none"\n'}

PAGES = ["/", "/jobs", "/jobs/ID", "/jobs/ID/lines?after=0", "/jobs/ID/panel", "/jobs/ID/log", "/commands/nosy"]
PAGES += ["/sessions", "/audit", "/nothing", "/fragments/jobs", "/api/v1/jobs", "/api/v1/jobs/ID/lines", "/api/v1/x"]


@dataclass(slots=True)
class Story:
    """All that is left of a server that was asked rightly and wrongly, and had trouble."""

    mode: str
    told: Told
    processes: dict[str, bytes] = field(default_factory=dict)
    kept: dict[str, bytes] = field(default_factory=dict)
    stdout: str = ""
    stderr: str = ""


def administered(*words: str, typed: str = "") -> subprocess.CompletedProcess[str]:
    """``python -m runner`` with these words."""
    argv = [sys.executable, "-m", "runner", *words]
    return subprocess.run(argv, input=typed, capture_output=True, text=True, check=True, cwd=PROJECT)


@dataclass(frozen=True, slots=True)
class Made:
    """A person and an API token, as the command line made them, and what it wrote otherwise."""

    folder: Path
    token: str
    written: str


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """They are the same in each mode."""
    folder = tmp_path_factory.mktemp("made")
    person = administered("user", "add", NAME, "--users", str(folder / "users"), typed=f"{PASSWORD}\n")
    grant = ("--may", "see,start,stop,download,audit", "--commands", "*")
    token = administered("token", "add", "ci", *grant, "--data", str(folder / "data"))
    return Made(folder, token.stdout.strip(), f"{person.stdout}{person.stderr}{token.stderr}")


@pytest.fixture(scope="module", params=MODES)
def story(request: pytest.FixtureRequest, made: Made, tmp_path_factory: pytest.TempPathFactory) -> Story:
    """A server of this mode, from its start to its end."""
    folder = tmp_path_factory.mktemp("secrets")
    shutil.copytree(made.folder, folder, dirs_exist_ok=True)
    config = MODES[request.param].replace("FOLDER", str(folder))
    config += command_toml("nosy", "sh", "-c", NOSY, stop_grace="1s")
    with serve(config, folder, no_token=False) as server, closing(Told(server)) as told:
        found = Story(request.param, told)
        tell_constants(told, made.token, (folder / "users").read_text().strip())
        cookies = signed_in(told, found.mode)
        job = started(told, cookies)
        ask_for_everything(told, job, cookies)
        ask_wrongly(told, job, cookies)
        found.processes, found.kept = processes(), files_below(folder / "data")
        have_trouble(told, folder, job, cookies)
        server.leave()
        assert server.process.stdout is not None
        assert server.process.stderr is not None
        found.stdout, found.stderr = server.process.stdout.read(), server.process.stderr.read()
    found.kept |= {f"{name}, at the end": content for name, content in files_below(folder / "data").items()}
    return found


def tell_constants(told: Told, api_token: str, line: str) -> None:
    """What is secret whatever the server answers."""
    told.new("password", PASSWORD)
    told.new("wrong password", WRONG_PASSWORD)
    told.new("wrong token", WRONG_TOKEN)
    told.new("wrong cookie", WRONG_COOKIE)
    told.new("API token", api_token)
    told.new("nearly the API token", api_token[:-1])
    told.new("hash", line.rpartition("$")[2])
    told.new("basic", base64.b64encode(f"{NAME}:{PASSWORD}".encode()).decode())
    if told.server.token:
        told.new("start token", told.server.token)


def signed_in(told: Told, mode: str) -> str:
    """The cookies of somebody who signed in, after some tries; nobody has to in some modes."""
    if mode == "token":  # in another mode it is a query like any other
        told.ask("GET", "/?token=" + WRONG_TOKEN)
    for fields in ({"token": WRONG_TOKEN}, {"name": NAME, "password": WRONG_PASSWORD}):
        told.form("/sign-in", **fields)
    told.form("/sign-in", name=NAME, password="x" * 5_000 + WRONG_PASSWORD)
    page = told.ask("GET", "/sign-in?next=/jobs")
    fields = {"name": NAME, "password": PASSWORD, "token": told.server.token, "_token": WRONG_COOKIE * 2}
    told.ask("POST", "/sign-in", cookies_of(page), fields=fields)  # as a text browser, with a wrong form token
    if mode == "token":
        told.ask("HEAD", "/?token=" + told.server.token)
        told.form("/sign-in", token=f" {told.server.token} ", next="/audit")
        return cookies_of(told.ask("GET", "/?token=" + told.server.token))
    return cookies_of(told.form("/sign-in", name=NAME, password=PASSWORD))


def started(told: Told, cookies: str) -> str:
    """The id of a job that shows what it knows of the server."""
    by_api = {"Authorization": f"Bearer {told.secrets['API token']}"}
    answer = told.ask("POST", "/api/v1/jobs", cookies, by_api, sent={"command": "nosy"})
    assert answer.status_code == 201
    job = str(answer.json()["id"])
    until_now(lambda: "told" in told.ask("GET", f"/jobs/{job}/log", headers=by_api).text)
    return job


def ask_for_everything(told: Told, job: str, cookies: str) -> None:
    """Each page in the name of each who may have it."""
    tokens = [told.secrets["API token"], *filter(None, [told.server.token])]
    proxied = {"X-Forwarded-User": NAME, "Cookie": f"linefeed_session={WRONG_COOKIE}"}
    for page in PAGES:
        path = page.replace("ID", job)
        told.ask("GET", path, cookies)
        told.ask("GET", path, headers=proxied)
        for token in tokens:
            told.ask("GET", path, headers={"Authorization": f"Bearer {token}"})
    if told.server.token:
        told.ask("GET", "/?token=" + told.server.token, cookies)


def ask_wrongly(told: Told, job: str, cookies: str) -> None:
    """With what is no secret of this server's, or nearly one, or at the wrong place."""
    near = told.secrets["nearly the API token"]
    for sent in (f"Bearer {WRONG_TOKEN}", f"Bearer {near}", f"Basic {told.secrets['basic']}", f"Bearer {PASSWORD[:5]}"):
        for path in (f"/jobs/{job}", "/api/v1/jobs", "/nothing"):
            told.ask("GET", path, headers={"Authorization": sent})
    told.ask("GET", "/jobs", f"linefeed_session={WRONG_COOKIE}; linefeed_device={WRONG_COOKIE}")
    told.ask("POST", f"/jobs/{job}/keep", cookies, fields={"_token": WRONG_COOKIE * 2})
    told.form("/jobs", cookies, command="nosy", password=PASSWORD)
    told.ask("POST", "/api/v1/jobs", cookies, {"X-Form-Token": WRONG_COOKIE * 2}, sent={"token": WRONG_TOKEN})
    told.ask("POST", "/api/v1/jobs", headers={"Authorization": f"Bearer {near}"}, sent={"command": "nosy"})
    secret = f"Cookie: {cookies}\nAuthorization: Bearer {near}"
    for request in (
        f"GET /?token={near} HTTP/1.1\nHost: evil.example\n{secret}\n\n",
        f"GET /?token={near} HTTP/7.7\nHost: localhost\n{secret}\n\n",
        f"GET /?token={near} x HTTP/1.1\nHost: localhost\n{secret}\n\n",
        f"GET / HTTP/1.1\nHost: localhost\n{secret}\nBroken {near}\n\n",
        f"GET / HTTP/1.1\nHost: localhost\n{secret}\nX: \0{near}\n\n",
        f"GET /{'a' * 9_000} HTTP/1.1\nHost: localhost\n{secret}\n\n",
        f"GET / HTTP/1.1\nHost: localhost\n{secret}\nX: {near * 2_000}\n\n",
        f"POST /sign-in HTTP/1.1\nHost: localhost\n{secret}\nTransfer-Encoding: chunked\n\nzz\n{PASSWORD}\n",
        f"POST /sign-in HTTP/1.1\nHost: localhost\n{secret}\nContent-Length: 900\n\npassword={PASSWORD}",
        f"POST /api/v1/jobs HTTP/1.1\nHost: localhost\n{secret}\nContent-Length: 40\n\n{{{PASSWORD}{PASSWORD}",
    ):
        told.send(request)


def have_trouble(told: Told, folder: Path, job: str, cookies: str) -> None:
    """Files of the server break, and it says so in its log while it is asked with secrets."""
    bearer = {"Authorization": f"Bearer {told.secrets['API token']}", "Cookie": cookies}
    done = folder / "data" / "jobs" / job
    told.ask("POST", f"/api/v1/jobs/{job}/stop", headers=bearer)
    until_now(lambda: told.ask("GET", f"/api/v1/jobs/{job}", headers=bearer).json()["state"] == "finished")
    done.rename(folder / "moved")
    done.write_text("no folder")
    for query in ("", "?token=" + told.secrets["nearly the API token"]):
        told.ask("GET", f"/jobs/{job}{query}", headers=bearer)
    for broken in ("audit.jsonl", "sessions.json"):
        (folder / "data" / broken).unlink(missing_ok=True)
        (folder / "data" / broken).mkdir()
    told.ask("POST", "/api/v1/jobs", headers=bearer, sent={"command": "nosy"})
    told.form("/sign-in", cookies, name=NAME, password=WRONG_PASSWORD, token=WRONG_TOKEN)
    told.form("/sign-in", cookies, name=NAME, password=PASSWORD, token=told.server.token)
    with (folder / "users").open("a") as users:
        users.write(f"ben:{WRONG_PASSWORD}\n{PASSWORD}\n")
    told.form("/sign-in", name="ben", password=WRONG_PASSWORD)
    (folder / "data" / "tokens.json").write_text("[broken")
    told.ask("GET", "/api/v1/jobs", headers=bearer)


def test_the_story_has_what_it_is_about(story: Story) -> None:
    statuses = {heard.status for heard in story.told.answers}
    assert statuses >= {200, 400, 404, 500, 503} | (set() if story.mode == "none" else {401, 403})
    assert "Traceback (most recent call last)" in story.stderr
    assert "the audit" in story.stderr
    assert any(name.startswith("jobs/") and b"told" in content for name, content in story.kept.items())
    sessions = {"sessions.json"} if story.mode in ("token", "users") else set()
    assert story.kept.keys() >= {"audit.jsonl", "history.sqlite3", "tokens.json", *sessions}
    if story.mode == "users":
        assert "users: line 2 is no NAME:HASH" in story.stderr


def test_no_secret_is_in_its_log(story: Story) -> None:
    told = story.told
    first = f"{READY}{told.server.url}/" + (f"?token={told.server.token}" if told.server.token else "")
    ready, *rest = f"{first}\n{story.stdout}".splitlines()
    assert ready.count("token=") == (story.mode == "token")
    assert not found_in("\n".join([*rest, story.stderr]).encode(), told.secrets)


def test_no_secret_is_in_what_the_command_line_says(made: Made) -> None:
    assert not found_in(made.written.encode(), {"password": PASSWORD, "token": made.token})


def test_no_secret_is_in_any_of_its_files(story: Story) -> None:
    found = {name: found_in(content, story.told.secrets) for name, content in story.kept.items()}
    assert not {name: names for name, names in found.items() if names}


def test_no_secret_is_in_any_answer(story: Story) -> None:
    found = [(heard.asked, found_in(heard.content, story.told.secrets)) for heard in story.told.answers]
    assert not [(asked, names) for asked, names in found if names]


def test_no_secret_is_among_the_arguments_or_in_the_environment_of_a_process(story: Story) -> None:
    found = {name: found_in(content, story.told.secrets) for name, content in story.processes.items()}
    assert any(b"app.py" in content for content in story.processes.values())
    assert not {name: names for name, names in found.items() if names}


def test_a_secret_is_found_however_it_is_written(tmp_path: Path) -> None:
    known = {"password": PASSWORD}
    (tmp_path / "file").write_text(f"x {PASSWORD[:20]}")
    assert found_in(files_below(tmp_path)["file"], known)
    for text in (
        "right%20%22horse%22",
        "right+%22horse%22",
        "right &quot;horse&quot;",
        PASSWORD[-20:],
        'right \\"horse\\"',
    ):
        assert found_in(f"x{text}x".encode(), known) == ["password"]
    assert not found_in(b"right horse", known)
