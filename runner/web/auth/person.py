"""Who sends a request, however they said so. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from runner.settings import Rule


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who is signed in. ``name`` is written beside what they do; ``way`` is how they said who they are.

    ``owner`` may do everything: who started the server, or everybody where nobody is asked. ``scope`` is
    the only rule for an API token, whatever else its maker may do. ``only_job`` is the id of the one job that a share
    link is about: it may be seen, and nothing else at all.
    """

    name: str
    way: str
    groups: frozenset[str] = frozenset()
    owner: bool = False
    scope: Rule | None = None
    only_job: str = ""
