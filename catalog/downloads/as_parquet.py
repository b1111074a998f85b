"""Rows as Parquet, which says what its columns are twice: by a VOTable inside (IVOA Note VOParquet 1.0), as
TOPCAT reads it, and in astropy's own way."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from typing import Any

import pyarrow as pa
from astropy.table.meta import get_yaml_from_table
from pyarrow import parquet

from catalog.columns import Column

from . import as_ecsv, as_votable

BATCHES_A_GROUP = 20
TYPES = {"str": pa.string(), "int": pa.int64(), "float": pa.float64(), "bool": pa.int16()}


class _Pieces(io.RawIOBase):
    """A file to write to, that hands over what was written since the last time."""

    def __init__(self) -> None:
        self.parts: list[bytes] = []
        self.position = 0

    def writable(self) -> bool:
        return True

    def tell(self) -> int:
        return self.position

    def write(self, data: Any) -> int:
        self.parts.append(bytes(data))
        self.position += len(self.parts[-1])
        return len(self.parts[-1])

    def taken(self) -> bytes:
        parts, self.parts = self.parts, []
        return b"".join(parts)


def write(
    columns: Sequence[Column],
    batches: Iterable[Sequence[tuple[Any, ...]]],
    *,
    widths: Mapping[int, int],
    facts: dict[str, Any],
) -> Iterator[bytes]:
    """Pieces of the file. Missing numbers are nulls (NaN, too), missing texts empty.

    ``widths`` is the room for each text column, by its place, that astropy shall make.
    """
    about = _metadata(columns, facts)
    about |= {f"table::len::{columns[place].name}": str(width) for place, width in widths.items()}
    schema = pa.schema([_field(column) for column in columns], metadata=about)
    sink = _Pieces()
    rest = iter(batches)
    with parquet.ParquetWriter(sink, schema) as writer:
        while rows := list(chain.from_iterable(islice(rest, BATCHES_A_GROUP))):
            values = zip(columns, zip(*rows, strict=True), strict=True)
            arrays = [_array(column, cells) for column, cells in values]
            writer.write_batch(pa.record_batch(arrays, schema=schema), row_group_size=len(rows))
            yield sink.taken()
    yield sink.taken()


def _field(column: Column) -> pa.Field:
    about = {"description": column.description, "unit": column.unit, "ucd": column.ucd}
    return pa.field(column.name, TYPES[column.kind], nullable=column.kind != "str", metadata=about)


def _array(column: Column, cells: Sequence[Any]) -> pa.Array:
    if column.kind == "str":
        cells = [cell or "" for cell in cells]
    elif column.kind == "bool":
        cells = [None if cell is None else int(cell) for cell in cells]
    return pa.array(cells, TYPES[column.kind], from_pandas=True)


def _metadata(columns: Sequence[Column], facts: dict[str, Any]) -> dict[str, str]:
    return {
        "IVOA.VOTable-Parquet.version": "1.0",
        "IVOA.VOTable-Parquet.content": "".join(as_votable.document(columns, facts)),
        "table_meta_yaml": "\n".join(get_yaml_from_table(as_ecsv.described(columns, facts))),
    }
