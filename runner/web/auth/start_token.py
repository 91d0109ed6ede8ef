"""The start token: printed once in an address, and exchanged there for a session."""

from __future__ import annotations

import hmac

from quart import redirect, request
from werkzeug.wrappers import Response as AnyResponse

from runner.web import addresses
from runner.web.audit.entry import What
from runner.web.auth import noting
from runner.web.auth.authority import Authority
from runner.web.auth.entering import let_in
from runner.web.auth.identity import Identity

KEY = "token"


def exchange(authority: Authority, identity: Identity) -> AnyResponse | None:
    """The answer to an address with a start token: always another address, without it. None for all others.

    Nothing is ever shown at an address that has a token, so it can get into no Referer and no bookmark of a page.
    """
    if authority.start_token is None or request.path != "/" or KEY not in request.args:
        return None
    if identity.session is not None:
        return redirect(addresses.address("/"), 303)
    if not is_right(authority, request.args[KEY]):
        return redirect(addresses.sign_in(wrong=1), 303)
    noting.note(What.SIGN_IN, way="start token", reason="By the printed address.")
    return let_in(redirect(addresses.address("/"), 303), "", "start token", owner=True)


def is_right(authority: Authority, text: str) -> bool:
    """Whether ``text`` is the start token, told in the same time for every wrong one."""
    token = authority.start_token
    return token is not None and hmac.compare_digest(text.encode("utf-8", "replace"), token.encode())
