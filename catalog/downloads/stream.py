"""Streams of bytes: one selection in each format, and the JSON sidecar of the CSV, in flat memory.

Each stream reads one snapshot of the database, so that the count in a header is the count of the rows.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from django.db import connection, transaction

from . import as_csv, as_ecsv, as_fits, as_parquet, as_votable
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


def parquet_stream(selection: Selection, date: datetime) -> Iterator[bytes]:
    columns = selection.table.columns
    with snapshot():
        size = as_fits.measure(selection.rows, columns)
        facts = describe(selection, count=size.rows, date=date)
        yield from as_parquet.write(columns, batches(selection), widths=size.widths, facts=facts)


def json_stream(selection: Selection, date: datetime) -> Iterator[bytes]:
    with snapshot():
        facts = describe(selection, count=selection.rows.count(), date=date)
    yield json.dumps(facts, indent=2, ensure_ascii=False).encode() + b"\n"


def _described(write: Callable[..., Iterator[bytes]]) -> Callable[[Selection, datetime], Iterator[bytes]]:
    """The stream of a format that carries the facts inside."""

    def stream(selection: Selection, date: datetime) -> Iterator[bytes]:
        with snapshot():
            facts = describe(selection, count=selection.rows.count(), date=date)
            yield from write(selection.table.columns, batches(selection), facts=facts)

    return stream


@dataclass(frozen=True)
class Format:
    """A format: how it is called, its content type, and its stream of bytes."""

    label: str
    content_type: str
    stream: Callable[[Selection, datetime], Iterator[bytes]]


FORMATS: dict[str, Format] = {
    "csv": Format("CSV", "text/csv; charset=utf-8; header=present", csv_stream),
    "fits": Format("FITS", "application/fits", fits_stream),
    "vot": Format("VOTable", "application/x-votable+xml", _described(as_votable.write)),
    "ecsv": Format("ECSV", "text/plain; charset=utf-8", _described(as_ecsv.write)),
    "parquet": Format("Parquet", "application/vnd.apache.parquet", parquet_stream),
    "json": Format("columns and query (JSON)", "application/json", json_stream),
}
"""By suffix. The JSON describes the CSV, which carries nothing but rows."""
