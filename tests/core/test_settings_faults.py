"""Everything that can be wrong with a configuration is a fault ``FILE: KEY: reason``, all in one run."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.errors import BadConfiguration
from runner.settings import load_settings
from runner.settings.load import FILE_BYTES

COMMAND = '[commands.a]\nargv = ["x"]\n'
PARAMETER = '[commands.a]\nargv = ["x", "{p}"]\n[commands.a.parameters.p]\n'


def faults_of(config: str | None, bind: str | None = None, data: str | None = None, **environ: str) -> list[str]:
    with pytest.raises(BadConfiguration) as caught:
        load_settings(config=config, bind=bind, data=data, environ=environ)
    return [str(fault) for fault in caught.value.faults]


def outcome(bind: str) -> str:
    """The host that would be bound, or the faults."""
    try:
        return load_settings(config="/dev/null", bind=bind, data=None, environ={}).server.host
    except BadConfiguration as error:
        return str(error)


def faults_in(folder: Path, text: str | bytes) -> list[str]:
    """The faults of this file, each without the file's name."""
    path = folder / "site.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    faults = faults_of(str(path))
    assert all(fault.startswith(f"{path}: ") and fault.isprintable() for fault in faults)
    return [fault.removeprefix(f"{path}: ") for fault in faults]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("[server]\nprot = 1", "server.prot: is not a known key"),
        ("[server]\nbinds = 1", "server.binds: is not a known key; did you mean bind?"),
        ("server = 1", "server: must be a table, not a whole number"),
        ("extra = 1", "extra: is not a known key"),
        ("[server]\nbind = 8000", "server.bind: must be text in quotes, not a whole number"),
        ('[server]\nbind = "8000"', "server.bind: must be HOST:PORT"),
        ('[server]\nbind = ":80"', "server.bind: must be HOST:PORT"),
        ('[server]\nbind = "::1:80"', "server.bind: must be HOST:PORT"),
        ('[server]\nbind = "127.0.0.1:65536"', "server.bind: has port 65536; a port is at most 65535"),
        ('[server]\nbind = "127.1:80"', "server.bind: has no host that can be listened on"),
        ('[server]\nbind = "[::g]:80"', "server.bind: “::g” is no IPv6 address"),
        ('[server]\nbind = "[::1%lo]:80"', "server.bind: “::1%lo” is no IPv6 address"),
        ('[server]\nbind = "0.0.0.0:80"', "server.bind: 0.0.0.0 can be reached from other machines, and nobody"),
        ('[server]\nbind = "[::]:80"', "server.bind: [::] can be reached from other machines"),
        ('[server]\nbind = "127.example.org:80"', "server.bind: 127.example.org can be reached"),
        ('[server]\ndata = ""', "server.data: must not be empty"),
        ('[server]\ndata = "~/x"', "server.data: must be written out; ~ is not expanded here"),
        ('[server]\ndata = "/dev/null/x"', "server.data: “/dev/null/x” is not a folder"),
        ("[server]\nallowed_hosts = []", "server.allowed_hosts: must name at least one host"),
        ('[server]\nallowed_hosts = "a"', "server.allowed_hosts: must be a list of texts, not text"),
        ("[server]\nallowed_hosts = [1]", "server.allowed_hosts: must be a list of texts; entry 1 is a whole number"),
        ('[server]\nallowed_hosts = ["*"]', "server.allowed_hosts: “*” would let any site in"),
        ('[server]\nallowed_hosts = ["a:80"]', "server.allowed_hosts: “a:80” has a port or a scheme"),
        ('[server]\nallowed_hosts = ["::1"]', "server.allowed_hosts: “::1” is no host name; an IPv6 address stands in"),
        ('[server]\nallowed_hosts = ["a b"]', "server.allowed_hosts: “a b” is no host name"),
        ('[server]\nframe_ancestors = ["*"]', "server.frame_ancestors: “*” is no origin"),
        ('[server]\nframe_ancestors = ["https://a/"]', "server.frame_ancestors: “https://a/” is no origin"),
        ('[server]\nframe_ancestors = ["https://a; x"]', "server.frame_ancestors: “https://a; x” is no origin"),
        ("[server]\nframe_ancestors = [\"'self'\"]", "server.frame_ancestors: “'self'” is no origin"),
        ('[server]\nframe_ancestors = ["ftp://a"]', "server.frame_ancestors: “ftp://a” is no origin"),
        ('[server]\nframe_ancestors = ["http://a:99999"]', "server.frame_ancestors: “http://a:99999” has no such port"),
        ('[commands.a]\nargv = ["a"]\nframe_ancestors = ["*"]', "commands.a.frame_ancestors: “*” is no origin"),
        ('[commands.a]\nargv = ["a"]\nframe_ancestors = "x"', "commands.a.frame_ancestors: must be a list of texts"),
        ("[pool]\nrunning = 0", "pool.running: must be from 1 to 10000"),
        ("[pool]\nrunning = true", "pool.running: must be a whole number, not true or false"),
        ("[pool]\nqueue = -1", "pool.queue: must be from 0 to 1000000"),
        ("[pool]\nqueue = 1.5", "pool.queue: must be a whole number, not a number"),
        ("[output]\nmax_bytes = 4095", "output.max_bytes: must be at least 4KiB"),
        ("[output]\nmax_bytes = -1", "output.max_bytes: must be from 0 to 1024TiB"),
        ('[output]\nmax_bytes = "1 MiB"', "output.max_bytes: must be a size such as"),
        ("[output]\nmax_bytes = true", "output.max_bytes: must be a size such as"),
        ("[output]\nmax_lines = 99", "output.max_lines: must be from 100 to"),
        ("[output]\nidle_expiry = 3600", "output.idle_expiry: must be a duration with its unit, such as"),
        ('[output]\nidle_expiry = "999ms"', "output.idle_expiry: must be at least 1s"),
        ('[output]\ntotal_bytes = "4"', "output.total_bytes: must be a size such as"),
        ("[output]\nmax_bytes = 4097\ntotal_bytes = 4096", "output.total_bytes: must not be less than max_bytes,"),
        ("[output]\ntotal_bytes = 0", "output.total_bytes: must not be less than max_bytes, which is 268435456 bytes"),
        ('[output]\nmax_bytes = "5GiB"', "output.max_bytes: must not be more than total_bytes, which is 4294967296"),
        ("[history]\nkeep = 90", "history.keep: must be a duration with its unit, such as"),
        ('[history]\nkeep = "0d"', "history.keep: must be at least 1s"),
        ('[history]\nkept = "1d"', "history.kept: is not a known key; did you mean keep?"),
        ('[commands."A b"]\nargv = ["x"]', 'commands."A b": is no name for a command'),
        ('[commands."a\\n"]\nargv = ["x"]', 'commands."a\\n": is no name for a command'),
        (f'[commands.{"a" * 64}]\nargv = ["x"]', f"commands.{'a' * 64}: is no name for a command"),
        ("[commands]\na = 1", "commands.a: must be a table, not a whole number"),
        ("[commands.a]", "commands.a.argv: is missing"),
        ('[commands.a]\nargv = "ls -l"', "commands.a.argv: must be a list of texts, not text"),
        ("[commands.a]\nargv = []", "commands.a.argv: is empty"),
        ('[commands.a]\nargv = ["x", "{p}"]', "commands.a.argv: word 2 has {p}, which is no declared parameter"),
        ('[commands.a]\nargv = ["x", "{p\\n}"]', "commands.a.argv: word 2 has {p\\n}, which is no declared"),
        (COMMAND + "title = 5", "commands.a.title: must be text in quotes, not a whole number"),
        (COMMAND + 'title = " "', "commands.a.title: must not be empty"),
        (COMMAND + 'titel = "A"', "commands.a.titel: is not a known key; did you mean title?"),
        (COMMAND + "timeout = 5", "commands.a.timeout: must be a duration with its unit, such as"),
        (COMMAND + 'timeout = "5"', "commands.a.timeout: must be a duration with its unit, such as"),
        (COMMAND + 'timeout = "-5s"', "commands.a.timeout: must be a duration with its unit, such as"),
        (COMMAND + 'timeout = "0s"', "commands.a.timeout: must be more than nothing; leave it out for no limit"),
        (COMMAND + 'stop_grace = "9999d"', "commands.a.stop_grace: must be at most 3650d"),
        (COMMAND + 'on_server_exit = "go"', "commands.a.on_server_exit: must be one of stop, keep, not “go”"),
        (COMMAND + "on_server_exit = true", "commands.a.on_server_exit: must be text in quotes, not true or false"),
        (COMMAND + "running = 0", "commands.a.running: must be from 1 to 10000"),
        (COMMAND + 'env = { "1A" = "x" }', "commands.a.env.1A: is no name for a variable"),
        (COMMAND + 'env = { LINEFEED_X = "x" }', "commands.a.env.LINEFEED_X: is reserved"),
        (COMMAND + "env = { A = 1 }", "commands.a.env.A: must be text in quotes, not a whole number"),
        (COMMAND + 'env = { A = "\\u0000" }', "commands.a.env.A: must not contain a NUL character"),
        (COMMAND + 'directory = "~"', "commands.a.directory: must be written out"),
        (COMMAND + "parameters = 1979-05-27", "commands.a.parameters: must be a table, not a date or time"),
        (PARAMETER, "commands.a.parameters.p.type: is missing"),
        (PARAMETER + 'type = "txt"', "commands.a.parameters.p.type: must be one of text, integer, choice, not “txt”"),
        (PARAMETER + 'type = "text"\nmin = 1', "commands.a.parameters.p.min: is not a known key"),
        (PARAMETER + 'type = "text"\npattern = "("', "commands.a.parameters.p.pattern: is no regular expression"),
        (PARAMETER + 'type = "text"\nmax_length = 0', "commands.a.parameters.p.max_length: must be from 1 to 131071"),
        (PARAMETER + 'type = "text"\nmin_length = 5000', "commands.a.parameters.p.min_length: must not be more than"),
        (PARAMETER + 'type = "text"\ndefault = "-x"', "commands.a.parameters.p.default: must not begin with - or @"),
        (PARAMETER + 'type = "text"\ndefault = ""', "commands.a.parameters.p.default: is empty, but the parameter is"),
        (PARAMETER + 'type = "text"\nrequired = 1', "commands.a.parameters.p.required: must be true or false"),
        (PARAMETER + 'type = "integer"\nmin = 2\nmax = 1', "commands.a.parameters.p.min: must not be more than max"),
        (PARAMETER + 'type = "integer"\ndefault = "4"', "commands.a.parameters.p.default: must be a whole number"),
        (PARAMETER + 'type = "integer"\nmax = 1\ndefault = 4', "commands.a.parameters.p.default: must be at most 1"),
        (PARAMETER + 'type = "choice"', "commands.a.parameters.p.choices: is missing"),
        (PARAMETER + 'type = "choice"\nchoices = []', "commands.a.parameters.p.choices: must have at least one choice"),
        (
            PARAMETER + 'type = "choice"\nchoices = ["a", "a"]',
            "commands.a.parameters.p.choices: has “a” more than once",
        ),
        (PARAMETER + 'type = "choice"\nchoices = [""]', "commands.a.parameters.p.choices: must not have an empty"),
        (PARAMETER + 'type = "choice"\nchoices = ["-l"]', "commands.a.parameters.p.choices: “-l” must not begin with"),
        (
            PARAMETER + 'type = "choice"\nchoices = ["a"]\ndefault = "b"',
            "commands.a.parameters.p.default: must be one of a",
        ),
        (
            '[commands.a]\nargv = ["x", "{1}"]\n[commands.a.parameters.1]\ntype = "text"',
            "commands.a.parameters.1: is no name for a parameter",
        ),
        (
            '[commands.a]\nargv = ["x", "{command}"]\n[commands.a.parameters.command]\ntype = "text"',
            "commands.a.parameters.command: is a name that the start form uses itself",
        ),
        (
            COMMAND + '[commands.a.parameters.p]\ntype = "text"',
            "commands.a.argv: no word has the parameter {p}",
        ),
        ("a = \nb = 1", "line 1: is no TOML: "),
        ("a = 1\n\nb = [", "line 3: is no TOML: "),
        ("a = 1\na = 2\n", "line 2: is no TOML: "),
        (b"a = 1\n# \xff", "line 2: is not UTF-8"),
        ("a = " + "[" * 5000, "file: is nested too deeply"),
        ("a = " + "1" * 5000, "file: has a number with too many digits"),
        ("#" * (FILE_BYTES + 1), "file: is larger than 4 MiB"),
    ],
)
def test_a_fault_names_its_key_and_reason(tmp_path: Path, text: str | bytes, fault: str) -> None:
    (found,) = faults_in(tmp_path, text)
    assert found.startswith(fault)


@pytest.mark.parametrize(
    ("text", "key"),
    [
        (COMMAND + 'silence_timeout = "2m"', "commands.a.silence_timeout"),
        (COMMAND + "terminal = true", "commands.a.terminal"),
        (COMMAND + 'order = "merged"', "commands.a.order"),
        (COMMAND + "input = true", "commands.a.input"),
        (COMMAND + "confirm = true", "commands.a.confirm"),
        (COMMAND + 'user = "nobody"', "commands.a.user"),
        (PARAMETER + 'type = "path"\nroot = "/srv"', "commands.a.parameters.p.type"),
        (PARAMETER + 'type = "secret"', "commands.a.parameters.p.type"),
    ],
)
def test_what_is_not_built_yet_says_so(tmp_path: Path, text: str, key: str) -> None:
    (found,) = faults_in(tmp_path, text)
    assert found.startswith(f"{key}: ")
    assert "is not built yet" in found


def test_every_fault_is_found_in_one_run(tmp_path: Path) -> None:
    text = "extra = 1\n[pool]\nrunning = 0\nqueue = -1\n[commands.a]\n[commands.b]\nargv = ['}', '{x}']"
    keys = [fault.split(": ")[0] for fault in faults_in(tmp_path, text)]
    assert sorted(keys) == sorted(
        ["extra", "pool.running", "pool.queue", "commands.a.argv", "commands.b.argv", "commands.b.argv"]
    )


def test_a_fault_of_a_flag_or_a_variable_names_it_in_the_place_of_the_file() -> None:
    (of_flag,) = faults_of(None, bind="8000")
    (of_variable,) = faults_of(None, LINEFEED_BIND="0.0.0.0:80")
    (of_data,) = faults_of(None, data="/dev/null")
    assert of_flag.startswith("--bind: server.bind: must be HOST:PORT")
    assert of_variable.startswith("LINEFEED_BIND: server.bind: 0.0.0.0 can be reached")
    assert of_data == "--data: server.data: “/dev/null” is not a folder"


def test_faults_of_the_file_and_of_flags_come_together(tmp_path: Path) -> None:
    assert len(faults_of(str(tmp_path / "none"), bind="", data="")) == 3


def test_a_file_that_cannot_be_read_says_why(tmp_path: Path) -> None:
    missing = tmp_path / "none.toml"
    assert faults_of(str(missing)) == [f"{missing}: file: cannot be read: No such file or directory"]
    assert faults_of(str(tmp_path)) == [f"{tmp_path}: file: cannot be read: Is a directory"]
    assert faults_of("a\nb\0") == ["a\\nb\\x00: file: cannot be read: embedded null byte"]


@given(st.text(max_size=60))
def test_any_address_is_bound_or_refused_in_one_line(bind: str) -> None:
    assert outcome(bind).startswith(("localhost", "::1", "127.", "--bind: server.bind: "))
    assert outcome(bind).isprintable()
