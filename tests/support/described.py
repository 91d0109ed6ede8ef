"""The API's own description, and whether an answer is as it says."""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, TypeVar

import jsonschema_rs
import msgspec
from quart import Quart, Request, request
from werkzeug.datastructures import ImmutableMultiDict

from runner.web.openapi import rendered
from tests.support.asgi import Answer

T = TypeVar("T")

EVERY_KEY = "every key"
READ: set[tuple[str, str]] = set()
"""Which endpoints have read which keys of their query so far."""


class ReadKeys(ImmutableMultiDict[str, str]):
    """A query that writes down which of its keys are asked for."""

    def getlist(self, key: str, *arguments: Any, **options: Any) -> list[Any]:
        """As ever."""
        return _read(key, super().getlist(key, *arguments, **options))

    def get(self, key: str, *arguments: Any, **options: Any) -> Any:
        """As ever."""
        return _read(key, super().get(key, *arguments, **options))

    def __getitem__(self, key: str) -> Any:
        return _read(key, super().__getitem__(key))

    def __contains__(self, key: object) -> bool:
        return _read(str(key), super().__contains__(key))

    def lists(self) -> Iterator[tuple[str, list[str]]]:
        """As ever."""
        return iter(_read(EVERY_KEY, super().lists()))

    def items(self, multi: bool = False) -> Iterator[tuple[str, str]]:  # type: ignore[override] # as werkzeug's own
        """As ever."""
        return iter(_read(EVERY_KEY, super().items(multi)))


def _read(key: str, found: T) -> T:
    READ.add((request.endpoint or "", key))
    return found


class ReadRequest(Request):
    """A request with such a query."""

    parameter_storage_class = ReadKeys


def write_down_keys(app: Quart) -> None:
    """Let the app's queries write down what is read of them, in ``READ``."""
    app.request_class = ReadRequest


def description(app: Quart, base: str = "/") -> Described:
    """The description of the app's API."""
    return _described(rendered(app.url_map, app.view_functions, base))


class Described:
    """A description. Answers may have no key that is not in it."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.document = document
        self.operations: dict[tuple[str, str], dict[str, Any]] = {
            (method.upper(), path): operation
            for path, methods in document["paths"].items()
            for method, operation in methods.items()
        }
        self._components = document["components"]
        for schema in self._components["schemas"].values():
            if "properties" in schema:
                schema["additionalProperties"] = False

    def operation(self, method: str, target: str) -> dict[str, Any] | None:
        """What answers this request; None if it is no route of the API."""
        path = target.partition("?")[0]
        asked = "GET" if method == "HEAD" else method
        found = (
            operation
            for (known, template), operation in self.operations.items()
            if known == asked and re.fullmatch(_pattern(template), path)
        )
        return next(found, None)

    def keys(self, operation: dict[str, Any]) -> set[str]:
        """The keys of its query."""
        return {each["name"] for each in operation.get("parameters", ()) if each["in"] == "query"}

    def check(self, method: str, target: str, answer: Answer) -> None:
        """Assert that this may be the answer to this request, and that no key was read that is not described."""
        operation = self.operation(method, target)
        if operation is None:
            return
        kind = answer.header("content-type") or ""
        packed = answer.header("content-encoding") == "gzip"
        body = gzip.decompress(answer.body) if packed and method != "HEAD" else answer.body
        self._check_body(self._content(operation, answer.status), kind, body, method == "HEAD")
        read = {key for endpoint, key in READ if endpoint == f"api.{operation['operationId']}"}
        assert read <= self.keys(operation), f"{target} read {read - self.keys(operation)}"

    def _content(self, operation: dict[str, Any], status: int) -> dict[str, Any]:
        answers = operation["responses"]
        assert str(status) in answers or "default" in answers, f"{operation['operationId']} answered with {status}"
        found: dict[str, Any] = answers.get(str(status)) or answers["default"]
        if "$ref" in found:
            found = self._components["responses"][found["$ref"].rpartition("/")[2]]
        content: dict[str, Any] = found["content"]
        return content

    def _check_body(self, content: dict[str, Any], kind: str, body: bytes, is_head: bool) -> None:
        media = kind.partition(";")[0]
        assert media in content, f"an answer is {kind}"
        if media.endswith("json") and not is_head:
            schema = {**content[media]["schema"], "components": self._components}
            jsonschema_rs.validator_for(schema, validate_formats=True).validate(msgspec.json.decode(body))


def _pattern(template: str) -> str:
    return "[^/]+".join(map(re.escape, re.split(r"\{\w+\}", template)))


@lru_cache(maxsize=4)
def _described(document: bytes) -> Described:
    return Described(msgspec.json.decode(document))
