"""Rows as a FITS binary table (FITS 4.0, section 7.3), written as it is read.

A FITS header comes before its rows and tells their number and width, so both are asked of the database
first, in the same snapshot.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from astropy.io import fits
from astropy.table import Column as TableColumn
from astropy.table import Table
from django.db.models import Count, F, Func, IntegerField, Max, QuerySet
from django.db.models.functions import Length

from catalog.columns import Column

from .provenance import cards

BLOCK = 2880
UNPRINTABLE = re.compile(rb"[^ -~]")
NUMBERS = {"int": ">i8", "float": ">f8", "bool": ">i2"}
NULLS: dict[str, Any] = {"int": -(2**63), "float": np.nan, "bool": -(2**15), "str": b""}
"""What stands for a missing value; integers name theirs in TNULL."""


@dataclass(frozen=True)
class Size:
    """Number of rows, and of bytes that each text column needs, by its place."""

    rows: int
    widths: dict[int, int]


class _Octets(Func):
    function = "OCTET_LENGTH"
    output_field = IntegerField()


def measure(rows: QuerySet[Any], columns: Sequence[Column]) -> Size:
    """Ask the database how large the table will be.

    An escaped character (see ``ascii_bytes``) of n bytes in UTF-8 takes at most n + 4 (n - 1).
    """
    widths = {
        f"width_{i}": Max(_Octets(F(column.path)) * 5 - Length(F(column.path)) * 4)
        for i, column in enumerate(columns)
        if column.kind == "str"
    }
    found = rows.order_by().aggregate(rows=Count("pk"), **widths)
    return Size(found.pop("rows"), {int(name[6:]): max(1, width or 0) for name, width in found.items()})


def write(
    columns: Sequence[Column],
    batches: Iterable[Sequence[tuple[Any, ...]]],
    *,
    size: Size,
    facts: dict[str, Any],
) -> Iterator[bytes]:
    """Pieces of the file. Raises ValueError where the rows are not those that ``size`` announced."""
    dtype = np.dtype([(f"c{i}", NUMBERS.get(c.kind) or f"S{size.widths[i]}") for i, c in enumerate(columns)])
    yield _headers(columns, dtype, size.rows, facts)
    written = 0
    for batch in batches:
        written += len(batch)
        yield _pack(columns, dtype, batch)
    if written != size.rows:
        raise ValueError(f"the header announces {size.rows} rows, {written} came")
    yield b"\0" * (-written * dtype.itemsize % BLOCK)


def ascii_bytes(text: str) -> bytes:
    """FITS holds printable ASCII only (section 4.2.1.1); other characters are escaped, as in caf\\xe9."""
    return UNPRINTABLE.sub(b" ", text.encode("ascii", "backslashreplace"))


def _pack(columns: Sequence[Column], dtype: np.dtype[Any], batch: Sequence[tuple[Any, ...]]) -> bytes:
    packed = np.zeros(len(batch), dtype=dtype)
    for i, (column, values) in enumerate(zip(columns, zip(*batch, strict=True), strict=True)):
        null = NULLS[column.kind]
        if column.kind == "str":
            cells = [null if value is None else ascii_bytes(value) for value in values]
            if (longest := max(map(len, cells))) > dtype[i].itemsize:
                raise ValueError(f"{column.name}: {dtype[i].itemsize} bytes were announced, not {longest}")
            packed[f"c{i}"] = cells
        else:
            packed[f"c{i}"] = [null if value is None else value for value in values]
    return packed.tobytes()


def _headers(columns: Sequence[Column], dtype: np.dtype[Any], rows: int, facts: dict[str, Any]) -> bytes:
    """The primary header and the table's. Both carry the facts: most readers show only the table's.

    Descriptions and UCDs stand in TCOMMn and TUCDn for TOPCAT and STILTS, and in astropy's own block of
    comments, the only place where astropy looks for them.
    """
    empty = Table(
        [
            TableColumn(
                name=column.name,
                dtype=dtype[i],
                unit=column.unit or None,
                description=column.description,
                meta={"ucd": column.ucd},
            )
            for i, column in enumerate(columns)
        ]
    )
    file = io.BytesIO()
    empty.write(file, format="fits")
    header = fits.getheader(io.BytesIO(file.getvalue()), 1)
    header["NAXIS2"] = rows
    header.set("EXTNAME", facts["table"], after="TFIELDS")
    for i, column in enumerate(columns):
        n = i + 1
        if column.unit:
            header[f"TUNIT{n}"] = column.unit
        header[f"TFORM{n}"] = f"{dtype[i].itemsize}A" if column.kind == "str" else header[f"TFORM{n}"]
        if column.kind in ("int", "bool"):
            header.set(f"TNULL{n}", NULLS[column.kind], after=f"TFORM{n}")
        header.set(f"TUCD{n}", column.ucd, after=f"TFORM{n}")
        header.set(f"TCOMM{n}", column.description, after=f"TFORM{n}")
    primary = fits.PrimaryHDU().header
    for target in (primary, header):
        for keyword, value, comment in cards(facts):
            target.set(keyword, ascii_bytes(value).decode() if isinstance(value, str) else value, comment)
    return b"".join(target.tostring().encode("ascii") for target in (primary, header))
