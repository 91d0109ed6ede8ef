"""What a route says of itself, beside the route."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import msgspec

from runner.web.openapi.parameters import QueryParameter

View = TypeVar("View", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Answer:
    """A good answer. ``kind`` is its body, a document or any JSON object; ``headers`` maps a name to its meaning."""

    description: str
    kind: type[msgspec.Struct] | type[dict[str, Any]]
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Operation:
    """A route as the document shows it.

    ``answers`` maps a status to what it brings, ``refused`` has the statuses that only some routes are refused
    with, and ``body`` is the JSON that it takes.
    """

    summary: str
    answers: Mapping[int, Answer]
    query: tuple[QueryParameter, ...] = ()
    refused: tuple[int, ...] = ()
    body: type[msgspec.Struct] | None = None


_OPERATIONS: dict[Callable[..., Any], Operation] = {}


def describe(operation: Operation) -> Callable[[View], View]:
    """A decorator for the function of a route, to be written below the route itself."""

    def described(view: View) -> View:
        _OPERATIONS[view] = operation
        return view

    return described


def operation_of(view: Callable[..., Any]) -> Operation | None:
    """What was said of the function of a route; None if nothing was."""
    return _OPERATIONS.get(view)
