"""JSON Schema of everything that the API takes and answers with, made from the types that are encoded."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, get_args

import msgspec

from runner.parameters import Parameter
from runner.web.documents import CommandDocument, CommandsDocument, JobDocument, JobsDocument, LinesDocument
from runner.web.openapi.bodies import StartRequest, StopRequest
from runner.web.problems import Problem

_ANSWERS = (CommandsDocument, JobDocument, JobsDocument, LinesDocument, Problem)
_REQUESTS = (StartRequest, StopRequest)
_PARAMETERS: tuple[type, ...] = get_args(Parameter)
_WHERE = "#/components/schemas/"


def reference(kind: type) -> dict[str, str]:
    """A reference to the schema of a type."""
    return {"$ref": f"{_WHERE}{kind.__name__}"}


def schema_components() -> dict[str, Any]:
    """Every schema by its name."""
    answers = _components(_ANSWERS)
    parameters = _components(_PARAMETERS)
    for schema in (*answers.values(), *parameters.values()):
        _require_all(schema)
    for schema in parameters.values():
        _tell_apart(schema)
    # The core's own values, of more than one class: a union that msgspec encodes, but has no schema for.
    listed = answers[CommandDocument.__name__]["properties"]["parameters"]
    listed["items"] = {"anyOf": [reference(kind) for kind in _PARAMETERS]}
    return {**answers, **parameters, **_components(_REQUESTS)}


def _components(kinds: Iterable[type]) -> dict[str, Any]:
    return msgspec.json.schema_components(kinds, ref_template=f"{_WHERE}{{name}}")[1]


def _require_all(schema: dict[str, Any]) -> None:
    """What is answered has all its keys, those with defaults too. Only what may be unset has no default to show."""
    if "properties" in schema:
        always = set(schema.get("required", ()))
        schema["required"] = [key for key, value in schema["properties"].items() if key in always or "default" in value]


def _tell_apart(schema: dict[str, Any]) -> None:
    kind = schema["properties"]["type"]
    kind["const"] = kind["default"]
