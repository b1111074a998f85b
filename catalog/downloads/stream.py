"""Streams of bytes: CSV, FITS and the JSON sidecar of one selection, in flat memory.

Each stream reads one snapshot of the database, so that the count in a header is the count of the rows.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from itertools import islice
from typing import Any

from django.db import connection, transaction

from . import as_csv, as_fits
from .provenance import describe
from .selection import Selection

ROWS_AT_ONCE = 2000


@contextmanager
def snapshot() -> Iterator[None]:
    """A read-only transaction in which every query sees the same rows.

    Inside a caller's transaction, that transaction's own isolation holds.
    """
    outermost = not connection.in_atomic_block
    with transaction.atomic():
        if outermost:
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield


def batches(selection: Selection) -> Iterator[list[tuple[Any, ...]]]:
    """The rows, a value per published column, some thousand at a time from a server-side cursor."""
    paths = [column.path for column in selection.table.columns]
    rows = selection.rows.values_list(*paths).iterator(chunk_size=ROWS_AT_ONCE)
    while batch := list(islice(rows, ROWS_AT_ONCE)):
        yield batch


def csv_stream(selection: Selection, date: datetime) -> Iterator[bytes]:
    with snapshot():
        yield from as_csv.write(selection.table.columns, batches(selection))


def fits_stream(selection: Selection, date: datetime) -> Iterator[bytes]:
    with snapshot():
        size = as_fits.measure(selection.rows, selection.table.columns)
        facts = describe(selection, count=size.rows, date=date)
        yield from as_fits.write(selection.table.columns, batches(selection), size=size, facts=facts)


def json_stream(selection: Selection, date: datetime) -> Iterator[bytes]:
    with snapshot():
        facts = describe(selection, count=selection.rows.count(), date=date)
    yield json.dumps(facts, indent=2, ensure_ascii=False).encode() + b"\n"


STREAMS: dict[str, tuple[str, Callable[[Selection, datetime], Iterator[bytes]]]] = {
    "csv": ("text/csv; charset=utf-8; header=present", csv_stream),
    "fits": ("application/fits", fits_stream),
    "json": ("application/json", json_stream),
}
"""Content type and stream of each format."""
