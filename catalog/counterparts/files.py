"""Tables in files: FITS, VOTable, ECSV, CSV and Parquet, read as columns with their units and UCDs."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
from astropy.io.votable.exceptions import VOTableSpecWarning
from astropy.table import MaskedColumn, Table

GZIPPED = b"\x1f\x8b"


@dataclass(frozen=True)
class FileColumn:
    """A column: numbers with NaN where there is none, or text with "" where there is none."""

    name: str
    values: np.ndarray
    unit: str = ""
    ucd: str = ""

    @property
    def is_number(self) -> bool:
        return self.values.dtype.kind in "iuf"


def read_columns(path: Path) -> dict[str, FileColumn]:
    """Every column of one dimension of the table in a file, by name.

    The kind of file is told from its first bytes. Whole numbers stay exact. Raises ValueError where the file
    is no table that can be read.
    """
    with path.open("rb") as file:
        head = file.read(512)
    try:
        if head.startswith(b"PAR1"):
            return _arrow(pyarrow.parquet.read_table(path))
        if head.startswith(b"SIMPLE  ="):
            return _astropy(Table.read(path, format="fits", hdu=1))
        if head.startswith(GZIPPED) and ".fits" in path.name.lower():
            return _astropy(Table.read(path, format="fits", hdu=1))
        if head.lstrip().startswith(b"<"):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", VOTableSpecWarning)
                return _astropy(Table.read(path, format="votable"))
        if head.startswith(b"# %ECSV"):
            return _astropy(Table.read(path, format="ascii.ecsv"))
        return _arrow(_csv(path, head))
    except Exception as error:  # each reader raises types of its own for a file that it cannot read
        reason = " ".join(str(error).split())[:200]
        raise ValueError(
            f"{path.name} cannot be read as FITS, VOTable, ECSV, CSV or Parquet: {reason}"
        ) from error


def _csv(path: Path, head: bytes) -> pa.Table:
    """Text where a column is not all numbers; identifiers of 64 bits come exact."""
    first = head.splitlines()[0] if head else b""
    delimiter = max((",", "|", "\t", ";"), key=lambda mark: first.count(mark.encode()))
    table = pyarrow.csv.read_csv(path, parse_options=pyarrow.csv.ParseOptions(delimiter=delimiter))
    return table.rename_columns([name.strip().lstrip("\ufeff") for name in table.column_names])


def _arrow(table: pa.Table) -> dict[str, FileColumn]:
    columns = {}
    for name, column in zip(table.column_names, table.columns, strict=True):
        field = table.schema.field(name)
        about = {key.decode(): value.decode() for key, value in (field.metadata or {}).items()}
        if pa.types.is_integer(column.type) and column.null_count == 0:
            values = column.to_numpy()
        elif pa.types.is_integer(column.type):  # as text: an integer beside a gap must not become a float
            values = np.array(["" if v is None else str(v) for v in column.to_pylist()])
        elif pa.types.is_floating(column.type):
            values = column.cast(pa.float64()).fill_null(float("nan")).to_numpy()
        elif pa.types.is_null(column.type):
            values = np.full(len(column), np.nan)
        elif pa.types.is_nested(column.type):
            continue
        else:
            values = np.array(["" if v is None else str(v) for v in column.to_pylist()], dtype=object)
        columns[name] = FileColumn(name, values, about.get("unit", ""), about.get("ucd", ""))
    return columns


def _astropy(table: Table) -> dict[str, FileColumn]:
    columns = {}
    for column in table.columns.values():
        if column.ndim != 1:
            continue
        ucd = str(column.meta.get("ucd", "")) if column.meta else ""
        unit = "" if column.unit is None else str(column.unit)
        columns[column.name] = FileColumn(column.name, _values(column), unit, ucd)
    return columns


def _values(column: Any) -> np.ndarray:
    mask = column.mask if isinstance(column, MaskedColumn) else None
    if column.dtype.kind == "f":
        values = np.asarray(column, dtype=np.float64).copy()
        if mask is not None:
            values[mask] = np.nan
        return values
    if column.dtype.kind in "iu" and (mask is None or not np.any(mask)):
        return np.asarray(column)
    words = [value.decode(errors="replace") if isinstance(value, bytes) else str(value) for value in column]
    gaps = mask if mask is not None else np.zeros(len(words), dtype=bool)
    return np.array(
        ["" if gap else word.strip() for word, gap in zip(words, gaps, strict=True)], dtype=object
    )
