"""Rows as CSV: a line of names, then the rows, and nothing else (UTF-8, RFC 4180).

What the header of a FITS file says stands in the JSON sidecar: readers such as STILTS lose the column
names behind lines of comment.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from catalog.columns import Column


def write(columns: Sequence[Column], batches: Iterable[Sequence[tuple[Any, ...]]]) -> Iterator[bytes]:
    """Pieces of the file. Missing values (NULL, NaN) are empty, true and false are 1 and 0; floats keep
    every digit."""
    yield _lines([[column.name for column in columns]])
    cells = [_CELLS.get(column.kind, _plain) for column in columns]
    for batch in batches:
        yield _lines([[cell(value) for cell, value in zip(cells, row, strict=True)] for row in batch])


def _lines(rows: Iterable[Sequence[Any]]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()


def _plain(value: Any) -> Any:
    return value


def _truth(value: bool | None) -> int | None:
    return None if value is None else int(value)


def _number(value: float | None) -> float | None:
    return None if value is None or value != value else value


_CELLS: dict[str, Callable[[Any], Any]] = {"bool": _truth, "float": _number}
