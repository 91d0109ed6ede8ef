"""The whole document, in the order of the addresses: the same bytes each time for the same code."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import msgspec
from werkzeug.routing import Map, Rule

from runner.web.auth.identity import SESSION_COOKIE
from runner.web.health import healthz
from runner.web.openapi.operation import Answer, Operation, operation_of
from runner.web.openapi.parameters import path_parameter
from runner.web.openapi.refusals import GENERAL, OF_BODIES, headers, refusal_components, refusals
from runner.web.openapi.schemas import reference, schema_components

API = "/api/v1"
_SILENT = frozenset({"HEAD", "OPTIONS"})
_ARGUMENT = re.compile(r"<(?:[^:<>]+:)?([^<>]+)>")

Views = Mapping[str, Callable[..., Any]]

_TEXT = {"text/plain": {"schema": {"type": "string"}}}
_HEALTH = {
    "get": {
        "operationId": healthz.__name__,
        "summary": "Whether the server answers",
        "description": "Nobody needs to be signed in.",
        "security": [],
        "responses": {
            "200": {"description": "It does.", "content": _TEXT},
            "default": {
                "description": "A refusal, in words.",
                "content": {**_TEXT, "text/html": {"schema": {"type": "string"}}},
            },
        },
    }
}
_INFO = {
    "title": "Linefeed",
    "version": "1",
    "summary": "Start commands, read their lines by cursor, stop them.",
    "license": {"name": "MIT", "identifier": "MIT"},
}
_SECURITY = {
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "description": 'An API token, or the start token. With `auth.mode = "none"` nothing is asked for.',
    },
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": SESSION_COOKIE,
        "description": (
            "The session of a browser that is signed in. The name ends in `_PORT` where the address has a port, "
            "and begins with `__Host-` over HTTPS; then a prefix stands at its end, with `_` for each slash."
        ),
    },
}


def rendered(rules: Map, views: Views, base: str) -> bytes:
    """The document in JSON. ``base`` is the address below which the app is served, ``/`` or with a prefix."""
    document = {
        "openapi": "3.1.0",
        "info": _INFO,
        "servers": [{"url": base}],
        "security": [{name: []} for name in _SECURITY],
        "paths": {**_paths(rules, views), f"/{healthz.__name__}": _HEALTH},
        "components": {
            "schemas": schema_components(),
            "responses": refusal_components(),
            "securitySchemes": _SECURITY,
        },
    }
    return msgspec.json.encode(document)


def _paths(rules: Map, views: Views) -> dict[str, dict[str, Any]]:
    paths: dict[str, dict[str, Any]] = {}
    for rule in sorted(rules.iter_rules(), key=lambda rule: rule.rule):
        operation = operation_of(views[rule.endpoint]) if rule.rule.startswith(API) else None
        if operation is not None:
            path = paths.setdefault(_ARGUMENT.sub(r"{\1}", rule.rule), {})
            for method in sorted((rule.methods or set()) - _SILENT):
                path[method.lower()] = _operation(rule, operation)
    return paths


def _operation(rule: Rule, operation: Operation) -> dict[str, Any]:
    refused = {*GENERAL, *operation.refused, *(OF_BODIES if operation.body else ())}
    shown: dict[str, Any] = {
        "operationId": rule.endpoint.rpartition(".")[2],
        "summary": operation.summary,
        "parameters": list(_parameters(rule, operation)),
        "responses": {
            **{str(status): _answer(answer) for status, answer in operation.answers.items()},
            **refusals(refused),
        },
    }
    if operation.body is not None:
        shown["requestBody"] = _body(operation.body)
    return shown


def _parameters(rule: Rule, operation: Operation) -> Iterator[dict[str, Any]]:
    yield from (path_parameter(name) for name in sorted(rule.arguments))
    yield from (parameter.rendered() for parameter in operation.query)


def _body(kind: type[msgspec.Struct]) -> dict[str, Any]:
    required = any(field.required for field in msgspec.structs.fields(kind))
    return {"required": required, "content": {"application/json": {"schema": reference(kind)}}}


def _answer(answer: Answer) -> dict[str, Any]:
    schema = {"type": "object"} if answer.kind is dict else reference(answer.kind)
    shown: dict[str, Any] = {
        "description": answer.description,
        "content": {"application/json": {"schema": schema}},
    }
    if answer.headers:
        shown["headers"] = headers(answer.headers)
    return shown
