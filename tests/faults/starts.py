"""Which requests may start a job, judged apart from the server's own code; and the catalogue that they ask for."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl

LEAST, MOST, WORDS, LENGTH = 1, 5, ("yes", "no"), 20
TEXTS = f"""
[commands.count]
argv = ["echo", "{{number}}", "{{word}}"]

[commands.count.parameters.number]
type = "integer"
min = {LEAST}
max = {MOST}

[commands.count.parameters.word]
type = "choice"
choices = {json.dumps(WORDS)}
default = "{WORDS[0]}"

[commands.say]
argv = ["echo", "{{text}}"]

[commands.say.parameters.text]
type = "text"
required = false
max_length = {LENGTH}
"""

_FORM = "application/x-www-form-urlencoded"
_BESIDE = "_token"
"""A field that forms have and commands do not."""


def is_number(value: object) -> bool:
    """A whole number between the two, in JSON or as text."""
    if isinstance(value, str) and re.fullmatch(r"-?[0-9]{1,40}", value):
        return LEAST <= int(value) <= MOST
    return type(value) is int and LEAST <= value <= MOST


def is_word(value: object) -> bool:
    """One of the words, or nothing: then it is the first."""
    return value in (None, "", *WORDS)


def is_text(value: object) -> bool:
    """A short text that no program takes for an option and the system takes as an argument, or nothing."""
    if not value:
        return value in (None, "")
    fits = isinstance(value, str) and len(value) <= LENGTH and value[0] not in "-@" and "\0" not in value
    return fits and not re.search("[\ud800-\udfff]", str(value))


COMMANDS: Mapping[str, Mapping[str, Callable[[object], bool]]] = {
    "count": {"number": is_number, "word": is_word},
    "say": {"text": is_text},
}
"""Each parameter of each command, and what it may be."""


def may_start(command: object, values: Mapping[str, object]) -> bool:
    """Whether the catalogue has this command with these parameters."""
    declared = COMMANDS.get(command) if isinstance(command, str) else None
    if declared is None or not values.keys() <= declared.keys():
        return False
    return all(is_right(values.get(name)) for name, is_right in declared.items())


def json_may_start(body: bytes) -> bool:
    """Whether this body, sent to the API, may start a job."""
    try:
        asked: Any = json.loads(body)
    except ValueError:
        return False
    if not isinstance(asked, dict) or not asked.keys() <= {"command", "parameters"}:
        return False
    values = asked.get("parameters", {})
    return isinstance(values, dict) and may_start(asked.get("command"), values)


def form_may_start(kind: str, body: bytes) -> bool:
    """Whether this form may start a job; of a field that is there twice the first counts."""
    if kind.partition(";")[0].strip().lower() != _FORM:
        return False
    pairs = parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True, errors="replace")
    fields = dict(reversed(pairs))
    fields.pop(_BESIDE, None)
    command = fields.pop("command", None)
    return may_start(command, fields)
