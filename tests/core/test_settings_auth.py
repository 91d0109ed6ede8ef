"""Who may ask, what for and from where: ``[auth]``, ``[[rights]]`` and what belongs to them in ``[server]``."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from ipaddress import ip_network
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.errors import BadConfiguration
from runner.settings import AuthMode, AuthSettings, Right, Rule, Settings, load_settings
from runner.settings.network import parse_base_path
from runner.settings.warnings import warnings_of
from tests.support.certificate import self_signed

PAGE = Path(__file__).resolve().parents[2] / "docs" / "configuration.md"
USERS = '[auth]\nmode = "users"\nusers = "users.json"\n'
PROXY = '[server]\ntrusted_proxies = ["127.0.0.1"]\n[auth]\nmode = "proxy"\n'
COMMANDS = """
[commands.one]
group = "Files"
argv = ["a"]
[commands.two]
group = "Files"
argv = ["b"]
[commands.three]
argv = ["c"]
"""
RIGHTS = USERS + COMMANDS + "[[rights]]\n"
BOUND = RIGHTS + 'people = ["ann"]\n'
OUTSIDE = '[server]\nbind = "0.0.0.0:80"\n'


def load(folder: Path, text: str, bind: str | None = None, no_token: bool = False) -> Settings:
    """The settings of a file with this text; its data folder is ``folder``."""
    path = folder / "site.toml"
    path.write_text(text, encoding="utf-8")
    return load_settings(config=str(path), bind=bind, data=str(folder), no_token=no_token, environ={})


def faults(folder: Path, text: str, bind: str | None = None, no_token: bool = False) -> list[str]:
    """What is wrong with it, each without the file's name."""
    with pytest.raises(BadConfiguration) as caught:
        load(folder, text, bind, no_token)
    assert all(str(fault).isprintable() for fault in caught.value.faults)
    return [str(fault).removeprefix(f"{folder / 'site.toml'}: ") for fault in caught.value.faults]


def rule(folder: Path, entry: str) -> Rule:
    """The only rule of a file."""
    (found,) = load(folder, USERS + COMMANDS + f"[[rights]]\n{entry}").auth.rules
    return found


def warned(settings: Settings, euid: int = 1000) -> str:
    return " ".join(warnings_of(settings, euid))


def test_without_the_section_there_is_a_token(tmp_path: Path) -> None:
    assert load(tmp_path, "").auth == AuthSettings(AuthMode.TOKEN, session=43_200.0)


def test_every_key_of_identity_is_read(tmp_path: Path) -> None:
    text = 'session = "1m"\nuser_header = "X-User"\ngroups_header = "X-Groups"\n[auth.groups]\nops = ["ann", "bob"]'
    auth = load(tmp_path, PROXY + text).auth
    groups = {"ops": frozenset({"ann", "bob"})}
    assert auth == AuthSettings(AuthMode.PROXY, None, 60.0, "x-user", "x-groups", groups)
    assert load(tmp_path, USERS).auth == AuthSettings(AuthMode.USERS, Path.cwd() / "users.json")


def test_every_key_of_a_rule_is_read(tmp_path: Path) -> None:
    text = 'people = ["ann"]\ngroups = ["ops"]\ncommands = ["three"]\ncommand_groups = ["Files"]\nmay = ["see", "stop"]'
    (found,) = load(tmp_path, f"{USERS}[auth.groups]\nops = []\n{COMMANDS}[[rights]]\n{text}").auth.rules
    may = frozenset({Right.SEE, Right.STOP})
    commands = frozenset({"one", "two", "three"})
    assert found == Rule(frozenset({"ann"}), frozenset({"ops"}), False, commands, False, may)


def test_a_star_is_everybody_and_every_command(tmp_path: Path) -> None:
    found = rule(tmp_path, 'people = ["*", "ann"]\ncommands = ["*", "one"]\nmay = ["see"]')
    assert (found.everybody, found.people) == (True, frozenset({"ann"}))
    assert (found.every_command, found.commands) == (True, frozenset({"one"}))


def test_rules_keep_the_order_of_the_file(tmp_path: Path) -> None:
    entries = "".join(f'[[rights]]\npeople = ["{name}"]\nmay = ["audit"]\n' for name in ("zoe", "ann"))
    assert [found.people for found in load(tmp_path, USERS + entries).auth.rules] == [{"zoe"}, {"ann"}]


def test_the_example_of_the_page_is_right(tmp_path: Path) -> None:
    (example,) = re.findall(
        r"^```toml\n(\[\[rights.*?)^```", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE
    )
    catalogue = COMMANDS.replace("three", "disk-space")
    first, second = load(tmp_path, f"{USERS}[auth.groups]\noperators = []\n{catalogue}{example}").auth.rules
    assert first.commands == {"one", "two", "disk-space"}
    assert second.every_command


def test_a_proxy_may_name_groups_that_the_file_does_not(tmp_path: Path) -> None:
    text = PROXY + '[[rights]]\ngroups = ["anything"]\nmay = ["audit"]'
    assert load(tmp_path, text).auth.rules[0].groups == {"anything"}


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("auth = 1", "auth: must be a table, not a whole number"),
        ('[auth]\nmode = "user"', "auth.mode: must be one of token, none, users, proxy, not “user”"),
        ('[auth]\nmode = "user"\nusers = "x"\n[[rights]]\npeople = ["a"]\nmay = ["audit"]', "auth.mode: must be one"),
        ("[auth]\nmode = true", "auth.mode: must be text in quotes, not true or false"),
        ("[auth]\nmod = 1", "auth.mod: is not a known key; did you mean mode?"),
        ('[auth]\nsession = "59s"', "auth.session: must be at least 1m"),
        ('[auth]\nmode = "users"', "auth.users: is missing; mode users needs the file of people and passwords"),
        ('[auth]\nmode = "users"\nusers = "~/x"', "auth.users: must be written out"),
        ('[auth]\nusers = "x"', "auth.users: is only for mode users, and the mode is token"),
        (USERS + 'user_header = "x"', "auth.user_header: is only for mode proxy, and the mode is users"),
        (USERS + 'groups_header = "x"', "auth.groups_header: is only for mode proxy"),
        ("[auth.groups]\na = []", "auth.groups: is only for mode users or proxy, and the mode is token"),
        (PROXY + 'user_header = "x y"', "auth.user_header: “x y” is no name of a header"),
        (PROXY + 'user_header = ""', "auth.user_header: “” is no name of a header"),
        (PROXY + 'groups_header = "x:"', "auth.groups_header: “x:” is no name of a header"),
        (USERS + "groups = 1", "auth.groups: must be a table, not a whole number"),
        (USERS + "[auth.groups]\na = 1", "auth.groups.a: must be a list of texts, not a whole number"),
        (USERS + '[auth.groups]\na = [" "]', "auth.groups.a: must not be empty"),
        (USERS + '[auth.groups]\n"" = []', 'auth.groups."": is no name for a group'),
        ('[auth]\nmode = "proxy"', "server.trusted_proxies: is missing; with auth.mode proxy"),
        ('[auth]\nmode = "proxy"\n[server]\ntrusted_proxies = []', "server.trusted_proxies: is missing"),
        ('[[rights]]\npeople = ["a"]\nmay = ["audit"]', "rights: would bind nobody: the mode is token"),
        ('[auth]\nmode = "none"\n[[rights]]\npeople = ["a"]\nmay = ["audit"]', "rights: would bind nobody: the mode"),
        (USERS + '[rights]\npeople = ["a"]', "rights: must be a list of tables, each begun with [[rights]], not"),
        ("rights = [1]\n" + USERS, "rights.1: must be a table, not a whole number"),
        (RIGHTS + 'commands = ["*"]\nmay = ["see"]', "rights.1.people: is missing, and so is groups"),
        (RIGHTS + 'people = []\nmay = ["audit"]', "rights.1.people: is missing, and so is groups"),
        (RIGHTS + 'groups = ["ops"]\nmay = ["audit"]', "rights.1.groups: “ops” is no group of auth.groups"),
        (BOUND + 'commands = ["*"]', "rights.1.may: must name at least one right of see, start, stop, input"),
        (BOUND + 'commands = ["*"]\nmay = ["run"]', "rights.1.may: “run” is no right; the rights are see, start"),
        (BOUND + 'commands = ["*"]\nmay = "see"', "rights.1.may: must be a list of texts, not text"),
        (BOUND + 'may = ["see"]', "rights.1.commands: is missing, and so is command_groups"),
        (BOUND + 'may = ["share"]', "rights.1.commands: is missing, and so is command_groups"),
        (BOUND + 'may = ["see", "audit"]', "rights.1.commands: is missing, and so is command_groups"),
        (BOUND + 'commands = ["onee"]\nmay = ["see"]', "rights.1.commands: “onee” is no command of the catalogue; did"),
        (BOUND + 'command_groups = ["*"]\nmay = ["see"]', "rights.1.command_groups: no command has the group “*”"),
        (BOUND + 'command_groups = [""]\nmay = ["see"]', "rights.1.command_groups: no command has the group “”"),
        (BOUND + 'may = ["audit"]\nuser = 1', "rights.1.user: is not a known key"),
        (BOUND + 'may = ["audit"]\n[[rights]]\npeople = ["a"]', "rights.2.may: must name at least one right"),
        ('[server]\nbase_path = "/"', "server.base_path: “/” is no prefix"),
        ('[server]\nbase_path = "a"', "server.base_path: “a” is no prefix"),
        ('[server]\nbase_path = "/a/"', "server.base_path: “/a/” is no prefix"),
        ('[server]\nbase_path = "//a"', "server.base_path: “//a” is no prefix"),
        ('[server]\nbase_path = "/a/.."', "server.base_path: “/a/..” is no prefix"),
        ('[server]\nbase_path = "/a b"', "server.base_path: “/a b” is no prefix"),
        ('[server]\ntrusted_proxies = ["10.0.0.1/8"]', "server.trusted_proxies: “10.0.0.1/8” is no address"),
        ('[server]\ntrusted_proxies = ["proxy.example"]', "server.trusted_proxies: “proxy.example” is no address"),
        ('[server]\ntrusted_proxies = ["fe80::1%lo"]', "server.trusted_proxies: “fe80::1%lo” is no address"),
        ('[server]\ntrusted_proxies = ["0.0.0.0/0"]', "server.trusted_proxies: “0.0.0.0/0” would trust every address"),
        ('[server]\ntrusted_proxies = ["::/0"]', "server.trusted_proxies: “::/0” would trust every address"),
        ('[server]\nbind = "unix:x.sock"', "server.bind: must be unix: and the absolute path of a socket"),
        ('[server]\nbind = "unix:/run/"', "server.bind: must be unix: and the absolute path of a socket"),
        ('[server]\nbind = "unix:/a\\n"', "server.bind: must not have control characters"),
        (f'[server]\nbind = "unix:/{"a" * 107}"', "server.bind: has a path that is too long for a socket; it may"),
    ],
)
def test_a_fault_names_its_key_and_reason(tmp_path: Path, text: str, fault: str) -> None:
    (found,) = faults(tmp_path, text)
    assert found.startswith(fault)


def test_the_network_is_read(tmp_path: Path) -> None:
    text = '[server]\nbase_path = "/a/b-c"\ntrusted_proxies = ["10.0.0.0/8", "::1", "unix"]\nbind = "unix:/run/l.sock"'
    server = load(tmp_path, text).server
    assert (server.base_path, server.socket) == ("/a/b-c", Path("/run/l.sock"))
    assert (server.trusted_proxies, server.proxy_on_socket) == ((ip_network("10.0.0.0/8"), ip_network("::1")), True)
    assert load(tmp_path, text, bind="127.0.0.1:1").server.socket is None


@given(st.text("a.~/ %\n?é", max_size=6))
def test_a_prefix_is_refused_or_can_stand_in_an_address(text: str) -> None:
    names = text.split("/")[1:]
    is_right = not text or (
        text[0] == "/" and all(name.strip("a.~") == "" and name not in ("", ".", "..") for name in names)
    )
    try:
        assert (parse_base_path(text), is_right) == (text, True)
    except ValueError:
        assert not is_right


def test_the_flag_makes_the_mode_none_unless_the_file_asks_for_people(tmp_path: Path) -> None:
    assert load(tmp_path, '[auth]\nmode = "token"', no_token=True).auth.mode is AuthMode.NONE
    for text, mode in ((USERS, "users"), (PROXY, "proxy")):
        (fault,) = faults(tmp_path, text, no_token=True)
        assert fault.startswith(f"--no-token: auth.mode: the file says {mode}, and the flag would let everybody in")


@pytest.mark.parametrize("text", [USERS, PROXY])
def test_who_asks_for_people_may_be_reached_from_other_machines(tmp_path: Path, text: str) -> None:
    assert load(tmp_path, text, bind="0.0.0.0:80").server.host == "0.0.0.0"


@pytest.mark.parametrize("tokens", ["", "{}", "[]", '{"tokens": []}', '{"tokens": 1}', "\\"])
def test_without_an_api_token_there_is_no_way_in_from_other_machines(tmp_path: Path, tokens: str) -> None:
    (tmp_path / "tokens.json").write_text(tokens)
    (fault,) = faults(tmp_path, OUTSIDE)
    assert fault.startswith("server.bind: 0.0.0.0 can be reached from other machines, and nobody could say there")
    assert all(way in fault for way in ("users", "proxy", "127.0.0.1", "unix:", "API token"))


def test_with_an_api_token_there_is(tmp_path: Path) -> None:
    (tmp_path / "tokens.json").write_text(json.dumps({"tokens": [{"name": "nightly"}]}))
    assert load(tmp_path, OUTSIDE).server.host == "0.0.0.0"
    (fault,) = faults(tmp_path, OUTSIDE, no_token=True)
    assert fault.startswith("server.bind: 0.0.0.0 can be reached from other machines, and nobody is asked")


def test_nobody_is_asked_at_a_unix_socket_or_on_loopback_if_that_is_wanted(tmp_path: Path) -> None:
    text = '[auth]\nmode = "none"'
    assert load(tmp_path, text, bind="unix:/run/l.sock").auth.mode is AuthMode.NONE
    assert load(tmp_path, text).auth.mode is AuthMode.NONE


def tls(folder: Path, certificate: Path | None, key: Path | None) -> str:
    given = {"certificate": certificate, "key": key}
    return "\n".join(["[server]", *(f'{name} = "{path}"' for name, path in given.items() if path)])


def test_a_certificate_and_its_key_are_tried(tmp_path: Path) -> None:
    certificate, key = self_signed(tmp_path)
    server = load(tmp_path, tls(tmp_path, certificate, key)).server
    assert (server.certificate, server.key) == (certificate, key)


def test_what_cannot_be_served_with_is_a_fault(tmp_path: Path) -> None:
    certificate, key = self_signed(tmp_path)
    _, other = self_signed(tmp_path, "other")
    _, locked = self_signed(tmp_path, "locked", password="open sesame")
    told = [
        (certificate, None, "server.key: is missing; certificate is of no use without it"),
        (None, key, "server.certificate: is missing; key is of no use without it"),
        (certificate, tmp_path / "none", "server.key: cannot be read: No such file or directory"),
        (tmp_path, key, "server.certificate: cannot be read: Is a directory"),
        (certificate, other, "server.key: does not belong to the certificate"),
        (certificate, locked, "server.certificate: cannot be used with key: both must be PEM, and the key without"),
        (key, certificate, "server.certificate: cannot be used with key"),
    ]
    for each, its_key, reason in told:
        (fault,) = faults(tmp_path, tls(tmp_path, each, its_key))
        assert fault.startswith(reason)


def test_the_usual_start_warns_of_nothing(tmp_path: Path) -> None:
    assert warnings_of(load(tmp_path, ""), 1000) == []
    assert warnings_of(load(tmp_path, BOUND + 'may = ["audit"]'), 1000) == []


def test_a_start_warns_of_what_is_dangerous(tmp_path: Path) -> None:
    open_to_all = load(tmp_path, "", no_token=True)
    assert "every local user" in warned(open_to_all)
    assert "every local user" not in warned(load(tmp_path, "", bind="unix:/run/l.sock", no_token=True))
    assert "no [[rights]]" in warned(load(tmp_path, USERS))
    assert "no [[rights]]" in warned(load(tmp_path, PROXY))
    assert "runs as root" in warned(load(tmp_path, ""), euid=0)


@pytest.mark.parametrize(
    ("mode", "told"),
    [
        (0o40700, ""), (0o40750, ""), (0o40710, ""), (0o40755, "can see which files"), (0o40701, "can see which files"),
        (0o40770, "can put files"), (0o40777, "can put files"),
    ],
)  # fmt: skip
def test_a_start_warns_of_a_data_folder_that_others_may_enter(tmp_path: Path, mode: int, told: str) -> None:
    warnings = warnings_of(load(tmp_path, ""), 1000, mode)
    assert [told in warning and f"mode {mode & 0o777:04o}" in warning for warning in warnings] == [True] * bool(told)


def test_a_start_warns_of_secrets_in_clear(tmp_path: Path) -> None:
    settings = load(tmp_path, BOUND + 'may = ["audit"]', bind="192.0.2.1:80")
    encrypted = replace(settings, server=replace(settings.server, certificate=tmp_path, key=tmp_path))
    behind = replace(settings, server=replace(settings.server, trusted_proxies=(ip_network("192.0.2.2"),)))
    assert "Passwords cross the network in clear" in warned(settings)
    assert warned(encrypted) == warned(behind) == ""
    (tmp_path / "tokens.json").write_text('{"tokens": [{}]}')
    assert "Tokens cross the network in clear" in warned(load(tmp_path, "", bind="192.0.2.1:80"))


def test_a_start_warns_if_nobody_could_address_it(tmp_path: Path) -> None:
    assert "allowed_hosts" in warned(load(tmp_path, USERS, bind="[::]:80"))
    named = USERS + '[server]\nallowed_hosts = ["a.example"]'
    assert "allowed_hosts" not in warned(load(tmp_path, named, bind="[::]:80"))
