"""The API in its own words: an OpenAPI 3.1 document, made from the routes, their descriptions and their answers."""

from runner.web.openapi.bodies import StartRequest, StopRequest
from runner.web.openapi.document import rendered
from runner.web.openapi.operation import Answer, Operation, describe
from runner.web.openapi.parameters import AFTER, BEFORE, COMMAND, SEEN, STATE, WAIT, limit

__all__ = [
    "AFTER",
    "BEFORE",
    "COMMAND",
    "SEEN",
    "STATE",
    "WAIT",
    "Answer",
    "Operation",
    "StartRequest",
    "StopRequest",
    "describe",
    "limit",
    "rendered",
]
