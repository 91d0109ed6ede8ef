"""Who may do what: the one place in which it is decided. Nothing is allowed that no rule allows. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from runner.job import Job, Visible
from runner.settings import Right, Rule
from runner.web.auth.person import Person

OF_ONES_OWN = frozenset({Right.SEE, Right.STOP, Right.INPUT, Right.DOWNLOAD})
"""What everybody may do with a job that they started. An API token may see it, and else what its scope says."""


class JobRights(NamedTuple):
    """What somebody may do with one job that they see."""

    stop: bool
    download: bool
    rerun: bool
    share: bool


EVERY_JOB_RIGHT = JobRights(stop=True, download=True, rerun=True, share=True)


class Rights:
    """The rules at work. ``rules`` bind people and groups; an API token has its own."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self._rules = tuple(rules)

    def may(self, person: Person, right: Right, command: str) -> bool:
        """Whether somebody may do this with a command, or with jobs of it that are others'."""
        if person.owner:
            return True
        if person.only_job:
            return False
        return any(_allows(rule, right) and _covers(rule, command) for rule in self._binding(person))

    def may_with(self, person: Person, right: Right, job: Job) -> bool:
        """Whether somebody may do this with a job."""
        if person.only_job:
            return right is Right.SEE and job.id == person.only_job
        return self._is_own(person, right, job.owner) or self.may(person, right, job.command)

    def may_audit(self, person: Person) -> bool:
        """Whether somebody may read the audit, which is about every command."""
        return person.owner or any(_allows(rule, Right.AUDIT) for rule in self._binding(person))

    def on(self, person: Person, job: Job) -> JobRights:
        """What somebody may do with a job that they see."""
        if person.owner:
            return EVERY_JOB_RIGHT
        return JobRights(
            stop=self.may_with(person, Right.STOP, job),
            download=self.may_with(person, Right.DOWNLOAD, job),
            rerun=self.may(person, Right.START, job.command),
            share=self.may_with(person, Right.SHARE, job),
        )

    def visible(self, person: Person) -> Visible | None:
        """The jobs that somebody sees; None for all of them."""
        if person.owner:
            return None
        if person.only_job:
            return Visible(frozenset())
        seeing = [rule for rule in self._binding(person) if _allows(rule, Right.SEE)]
        if any(rule.every_command for rule in seeing):
            return None
        return Visible(frozenset().union(*(rule.commands for rule in seeing)), person.name or None)

    def _binding(self, person: Person) -> Iterable[Rule]:
        if person.scope is not None:
            return (person.scope,)
        return (rule for rule in self._rules if _binds(rule, person))

    @staticmethod
    def _is_own(person: Person, right: Right, owner: str) -> bool:
        if not owner or owner != person.name:
            return False
        return right in OF_ONES_OWN and (person.scope is None or right is Right.SEE)


def _binds(rule: Rule, person: Person) -> bool:
    return rule.everybody or person.name in rule.people or not rule.groups.isdisjoint(person.groups)


def _allows(rule: Rule, right: Right) -> bool:
    return right in rule.may


def _covers(rule: Rule, command: str) -> bool:
    return rule.every_command or command in rule.commands
