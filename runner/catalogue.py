"""The catalogue's commands: typed values in, an argv out. Pure; no shell ever sees a value.

An argv word is a template: ``{name}`` becomes the value of that parameter, ``{{`` and ``}}`` are
braces. A word stays one word whatever a value contains.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from runner.errors import BadParameters
from runner.parameters import ARGUMENT_BYTES, ChoiceParameter, IntegerParameter, Parameter, TextParameter

__all__ = [
    "BadTemplate",
    "ChoiceParameter",
    "Command",
    "IntegerParameter",
    "Invocation",
    "OnServerExit",
    "Parameter",
    "Slot",
    "TextParameter",
    "check_argv",
    "parse_word",
]

TOO_LONG = "makes an argument longer than the system takes"

_TOKEN = re.compile(r"\{\{|\}\}|\{(?P<name>[^{}]*)\}|[{}]|[^{}]+")


class BadTemplate(ValueError):
    """An argv word that is no template; ``str()`` is the reason."""


@dataclass(frozen=True, slots=True)
class Slot:
    """The place in an argv word where a parameter's value goes."""

    name: str


Template = tuple[str | Slot, ...]


@dataclass(frozen=True, slots=True)
class Invocation:
    """What one job runs. ``parameters`` has the typed values after defaults; those not given are not in it."""

    argv: tuple[str, ...]
    parameters: Mapping[str, object]


class OnServerExit(StrEnum):
    """What becomes of a command's jobs when the server stops or dies."""

    STOP = "stop"
    KEEP = "keep"
    """They go on, and the next start adopts them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One entry of the catalogue. ``timeout`` and ``stop_grace`` are seconds.

    ``directory`` is absolute, or None for the server's own. ``running`` is how many jobs of this
    command may run at once, None for as many as the pool allows. ``frame_ancestors`` are the origins that
    may embed its panels, None for those of the server.
    """

    name: str
    title: str
    argv: tuple[str, ...]
    parameters: Mapping[str, Parameter]
    env: Mapping[str, str]
    description: str = ""
    group: str = ""
    directory: str | None = None
    timeout: float | None = None
    stop_grace: float = 5.0
    running: int | None = None
    on_server_exit: OnServerExit = OnServerExit.STOP
    frame_ancestors: tuple[str, ...] | None = None

    def build(self, values: Mapping[str, object]) -> Invocation:
        """The argv for these values, from JSON or a form.

        Raises BadParameters with every field that is wrong, undeclared names among them.
        """
        settled = self._settle(values)
        templates = [parse_word(word) for word in self.argv]
        filled = [(template, _fill(template, settled)) for template in templates]
        long = {name: TOO_LONG for template, word in filled if _is_long(word) for name in _slots(template)}
        if long:
            raise BadParameters(self.name, long)
        return Invocation(tuple(word for _, word in filled if word is not None), settled)

    def _settle(self, values: Mapping[str, object]) -> dict[str, object]:
        settled: dict[str, object] = {}
        reasons = {name: "unknown parameter" for name in values if name not in self.parameters}
        for name, parameter in self.parameters.items():
            try:
                value = parameter.settle(values.get(name))
            except ValueError as error:
                reasons[name] = str(error)
            else:
                if value is not None:
                    settled[name] = value
        if reasons:
            raise BadParameters(self.name, reasons)
        return settled


def parse_word(word: str) -> Template:
    """The literal pieces and slots of one argv word; raises BadTemplate at a brace that stands alone."""
    pieces: list[str | Slot] = []
    for token in _TOKEN.finditer(word):
        text = token.group()
        if token["name"] is not None:
            pieces.append(Slot(token["name"]))
        elif text in ("{", "}"):
            raise BadTemplate(f"has a lone {text} (write {text * 2} for a brace)")
        else:
            pieces.append(text[0] if text in ("{{", "}}") else text)
    return tuple(pieces)


def check_argv(argv: tuple[str, ...], declared: Collection[str]) -> Iterator[str]:
    """Every reason why ``argv`` does not fit the declared parameters; none if it does."""
    if not argv:
        yield "is empty; its first word is the program"
        return
    used: set[str] = set()
    for index, word in enumerate(argv):
        try:
            names = _slots(parse_word(word))
        except BadTemplate as error:
            yield f"word {index + 1} {error}"
            continue
        yield from (f"word {index + 1} {reason}" for reason in _check_word(word, names, index == 0, declared))
        used.update(names)
    yield from (f"no word has the parameter {{{name}}}" for name in declared if name not in used)


def _check_word(word: str, names: list[str], program: bool, declared: Collection[str]) -> Iterator[str]:
    if "\0" in word:
        yield "has a NUL character"
    if _is_long(word):
        yield "is longer than the system takes"
    if program and not word:
        yield "is empty; it names the program"
    if program and names:
        yield "is the program and may not have a parameter"
    for name in names:
        if name not in declared:
            yield f"has {{{name}}}, which is no declared parameter"


def _is_long(word: str | None) -> bool:
    return word is not None and len(word.encode()) > ARGUMENT_BYTES


def _slots(template: Template) -> list[str]:
    return [piece.name for piece in template if isinstance(piece, Slot)]


def _fill(template: Template, values: Mapping[str, object]) -> str | None:
    """The word; None if it is nothing but a parameter without a value (that argument is left out)."""
    texts = [str(values.get(piece.name, "")) if isinstance(piece, Slot) else piece for piece in template]
    word = "".join(texts)
    only_slot = len(template) == 1 and isinstance(template[0], Slot)
    return None if only_slot and not word else word
