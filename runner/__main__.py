"""``python -m runner``: the people of a users file, and API tokens. ``python app.py`` is what serves."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import NoReturn

from runner import administration
from runner.errors import Fault, LinefeedError

COMMAND_LINE = "command line"


class _Flags(argparse.ArgumentParser):
    """Says what is wrong in one line, and repeats nothing that may be a secret."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{Fault(COMMAND_LINE, self.prog, message)}\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Do one command. Answers the exit status: 2 if it could not be done."""
    parser = _parser()
    flags, unknown = parser.parse_known_args(arguments)
    if unknown:  # not named: it is likely to be a password
        parser.error("too many arguments, or an unknown flag; a password is asked for, or read from standard input")
    try:
        flags.run(flags)
    except LinefeedError as error:
        print(error, file=sys.stderr)
        return 2
    except OSError as error:
        print(Fault(str(error.filename or COMMAND_LINE), "file", error.strerror or str(error)), file=sys.stderr)
        return 2
    except (KeyboardInterrupt, EOFError):
        print("Nothing was changed.", file=sys.stderr)
        return 2
    return 0


def _parser() -> _Flags:
    parser = _Flags(prog="python -m runner", description="People and API tokens of Linefeed.", allow_abbrev=False)
    kinds = parser.add_subparsers(metavar="user|token", required=True, parser_class=_Flags)
    _add_user_commands(kinds.add_parser("user", help="people who sign in with a password", allow_abbrev=False))
    _add_token_commands(kinds.add_parser("token", help="secrets for programs that use the API", allow_abbrev=False))
    return parser


def _add_user_commands(parser: argparse.ArgumentParser) -> None:
    where = _Flags(add_help=False)
    where.add_argument(
        "--users", metavar="FILE", help="the users file; else what auth.users of the configuration names"
    )
    where.add_argument("--config", metavar="FILE", help="the configuration, as for app.py")
    verbs = parser.add_subparsers(metavar="add|remove|list", required=True, parser_class=_Flags)
    add = verbs.add_parser("add", parents=[where], help="add somebody, or give them a new password")
    add.add_argument("name", metavar="NAME")
    add.set_defaults(run=administration.add_user)
    remove = verbs.add_parser("remove", parents=[where], help="take somebody out; their sessions end")
    remove.add_argument("name", metavar="NAME")
    remove.set_defaults(run=administration.remove_user)
    verbs.add_parser("list", parents=[where], help="the names").set_defaults(run=administration.list_users)


def _add_token_commands(parser: argparse.ArgumentParser) -> None:
    where = _Flags(add_help=False)
    where.add_argument("--data", metavar="DIR", help="the data folder; else that of the configuration")
    where.add_argument("--config", metavar="FILE", help="the configuration, as for app.py")
    verbs = parser.add_subparsers(metavar="add|revoke|list", required=True, parser_class=_Flags)
    add = verbs.add_parser("add", parents=[where], help="make a token; it is printed once")
    add.add_argument("name", metavar="NAME", help="stands in the audit as token:NAME")
    add.add_argument("--may", metavar="RIGHT,...", required=True, help="of see, start, stop, input, download, audit")
    add.add_argument("--commands", metavar="COMMAND,...", required=True, help="the commands it is for; * for all")
    add.add_argument("--expires", metavar="DURATION", default="30d", help="such as 12h or 90d; 30d if not given")
    add.set_defaults(run=administration.add_token)
    revoke = verbs.add_parser("revoke", parents=[where], help="end a token at once")
    revoke.add_argument("id", metavar="ID")
    revoke.set_defaults(run=administration.revoke_token)
    verbs.add_parser("list", parents=[where], help="all tokens").set_defaults(run=administration.list_tokens)


if __name__ == "__main__":
    sys.exit(main())
