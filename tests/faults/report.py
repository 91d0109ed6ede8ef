"""The results of the fault tests as a page of the documentation. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.table import Result, cells_of, notes_of

HEAD = """# Fault tests

What `make faults` showed when it was last run in full: what happened to a running Linefeed, and what was true
afterwards. The scenarios are in `tests/faults/`, a short form of each is in `make test`. To write this page anew:
`make faults ARGS=--write`.

"""


def page(results: Sequence[Result], where: str) -> str:
    """The whole page, in Markdown; ``where`` says when and on what it was measured."""
    titles = [f"* **{result.row.name}**: {result.row.title}" for result in results]
    rows = [_table_row(cells) for result in results for cells in cells_of(result)]
    table = ["| scenario | goal | measured | |", "|---|---|---|---|", *rows]
    notes = [f"* {note}" for note in notes_of(results)]
    parts = (f"{where}.", "\n".join(table), "## The scenarios\n", "\n".join(titles), "## Notes\n", "\n".join(notes))
    return HEAD + "\n\n".join(part.rstrip("\n") for part in parts) + "\n"


def _table_row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
