"""Rows as ECSV 1.0 (Astropy APE 6): a CSV whose comment carries columns and provenance as YAML."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from astropy.table import Column as TableColumn
from astropy.table import Table

from catalog.columns import Column

from . import as_csv

DTYPES = {"str": "U1", "int": "i8", "float": "f8", "bool": "i2"}


def write(
    columns: Sequence[Column], batches: Iterable[Sequence[tuple[Any, ...]]], *, facts: dict[str, Any]
) -> Iterator[bytes]:
    """Pieces of the file. Rows are those of the CSV; the facts stand under ``meta``."""
    text = io.StringIO()
    described(columns, facts).write(text, format="ascii.ecsv", delimiter=",")
    header = "".join(line for line in text.getvalue().splitlines(keepends=True) if line.startswith("#"))
    yield header.encode()
    yield from as_csv.write(columns, batches)


def described(columns: Sequence[Column], facts: dict[str, Any]) -> Table:
    """An astropy table without rows that says everything about them."""
    return Table(
        [
            TableColumn(
                name=column.name,
                dtype=DTYPES[column.kind],
                unit=column.unit or None,
                description=column.description,
                meta={"ucd": column.ucd},
            )
            for column in columns
        ],
        meta={name: value for name, value in facts.items() if name != "columns"},
    )
