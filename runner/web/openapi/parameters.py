"""The parameters of the API's addresses, in JSON Schema: what ``runner.web.queries`` takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from runner.job import ID_PATTERN
from runner.lines import SLICE_LINES
from runner.web.queries import LONGEST_WAIT, STATES

Schema = Mapping[str, Any]

WHOLE: Schema = {"type": "integer", "minimum": 0, "maximum": 10**18 - 1}
"""At most 18 digits."""

JOB_ID: Schema = {"type": "string", "pattern": f"^{ID_PATTERN.pattern}$"}


@dataclass(frozen=True, slots=True)
class QueryParameter:
    """One key of a query. No route demands one."""

    name: str
    description: str
    schema: Schema

    def rendered(self) -> dict[str, Any]:
        """As OpenAPI has it."""
        return {"name": self.name, "in": "query", "description": self.description, "schema": self.schema}


AFTER = QueryParameter("after", "The cursor: the number of the last line that you have.", {**WHOLE, "default": 0})
WAIT = QueryParameter(
    "wait",
    "Seconds to wait if there is nothing new; at most nine decimals, no exponent.",
    {"type": "number", "minimum": 0, "maximum": LONGEST_WAIT, "default": 0},
)
SEEN = QueryParameter("seen", "The revision that you have; who waits is then answered too when it is another.", WHOLE)
STATE = QueryParameter("state", "Only jobs in this state.", {"type": "string", "enum": list(STATES)})
COMMAND = QueryParameter("command", "Only jobs of this command.", {"type": "string"})
BEFORE = QueryParameter("before", "Only jobs that are older than this one.", JOB_ID)

_PATH: Mapping[str, tuple[str, Schema]] = {"job_id": ("The job.", JOB_ID)}


def limit(default: int, most: int = SLICE_LINES) -> QueryParameter:
    """How many to answer with; the same arguments as ``queries.limit``."""
    schema = {"type": "integer", "minimum": 1, "maximum": most, "default": default}
    return QueryParameter("limit", "At most this many.", schema)


def path_parameter(name: str) -> dict[str, Any]:
    """A part of an address, as OpenAPI has it. Raises KeyError for one that has no line here."""
    description, schema = _PATH[name]
    return {"name": name, "in": "path", "required": True, "description": description, "schema": schema}
