"""VOTables: looked through before the library reads them, for they can ask for far more than they hold."""

from __future__ import annotations

import io
import warnings
from typing import Any
from xml.parsers import expat

import numpy as np
from astropy.io.votable import parse

from retrieval.readers.refusals import Refused
from retrieval.readers.table1d import MAX_PIXELS, Column, RawTable

_LONGEST_TEXT = 4096  # characters of a fixed text column


def read_votable(raw: bytes) -> RawTable:
    """The first table of a VOTable, with its parameters as cards. Raises Refused."""
    _look_through(raw)
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            document = parse(io.BytesIO(raw), verify="ignore", table_number=0)
            found = document.get_first_table()
            table = found.to_table()
            params = {str(param.name).upper(): param.value for param in document.iter_fields_and_params()
                      if hasattr(param, "value")}  # fmt: skip
        columns = [
            Column(name, str(table[name].unit or ""), _whole(np.ma.asarray(table[name])))
            for name in table.colnames
        ]
    except Refused:
        raise
    except Exception as error:  # the library raises many types for a document that it cannot read
        raise Refused("table-unreadable", f"VOTable: {type(error).__name__}: {error}"[:300]) from error
    return RawTable(columns, params)


def _whole(values: np.ma.MaskedArray) -> np.ma.MaskedArray:
    """The cell itself where a table of one row holds a vector."""
    if values.shape[:1] == (1,):
        if values.dtype == object:
            return np.ma.asarray(values[0])
        if values.ndim == 2:
            return values[0]
    return values


def _look_through(raw: bytes) -> None:
    """Refuse entities, data that stand elsewhere or are packed, and promises of endless rows."""
    rows, promised, cells = 0, 1, 0

    def doctype(*_: Any) -> None:
        raise Refused("table-remote", "It declares a document type, whose entities can stand for anything.")

    def element(name: str, attributes: dict[str, str]) -> None:
        nonlocal rows, promised, cells
        tag = name.rpartition(":")[2].upper()
        about = {key.lower(): value for key, value in attributes.items()}
        if tag == "STREAM" and ("href" in about or about.get("encoding", "base64") != "base64"):
            raise Refused("table-remote", "It has a STREAM that refers elsewhere or is packed.")
        if tag in ("FITS", "PARQUET"):
            raise Refused("table-remote", f"It wraps a {tag} file: send that file itself.")
        if tag == "TABLE":
            promised = max(promised, _count(about.get("nrows", "1")))
        elif tag in ("FIELD", "PARAM"):
            size = _fixed(about.get("arraysize", "1"))
            if about.get("datatype") in ("char", "unicodeChar") and size > _LONGEST_TEXT:
                raise Refused("too-large", f"A text column is {size} characters wide.")
            cells += size
        elif tag == "TR":
            rows += 1
        if rows > MAX_PIXELS or promised * max(1, cells) > 20 * MAX_PIXELS:
            raise Refused(
                "too-large",
                f"It has {max(rows, promised)} rows of {cells} values; at most {MAX_PIXELS} pixels.",
            )

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = doctype
    parser.StartElementHandler = element
    try:
        parser.Parse(raw, True)
    except expat.ExpatError as error:
        raise Refused("table-unreadable", f"VOTable: {error}.") from error


def _count(text: str) -> int:
    return int(text) if text.strip().isdecimal() else 10**9


def _fixed(arraysize: str) -> int:
    """Values of a cell of fixed size; 1 for a variable one, which takes what the file holds."""
    if "*" in arraysize:
        arraysize = "x".join(arraysize.split("x")[:-1]) or "1"
    size = 1
    for part in arraysize.split("x"):
        size *= _count(part)
    return size
