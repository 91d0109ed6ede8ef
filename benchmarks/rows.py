"""Every row, in the order in which they run."""

from __future__ import annotations

from benchmarks import (
    browser,
    browser_flood,
    browser_panels,
    browser_tail,
    completeness,
    delivery,
    endings,
    ingest,
    latency,
    memory,
    readers,
    seeking,
)
from benchmarks.table import Row

ROWS: tuple[Row, ...] = (
    *delivery.ROWS,
    *latency.ROWS,
    *ingest.ROWS,
    *memory.ROWS,
    *seeking.ROWS,
    *readers.ROWS,
    *completeness.ROWS,
    *endings.ROWS,
    *browser.ROWS,
    *browser_tail.ROWS,
    *browser_flood.ROWS,
    *browser_panels.ROWS,
)
