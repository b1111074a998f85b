"""Columns of a FITS binary table, straight from its bytes.

astropy makes an object with all its checks for every column: 20 ms for the 232 columns of an SDSS file. A
survey has millions of files and we want a dozen columns, so the header's TTYPE and TFORM become one numpy
record type.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from retrieval.readers.refusals import Refused

_FORM = re.compile(r"(\d*)([LBIJKEDA])")
_TYPES = {"L": "S1", "B": "u1", "I": ">i2", "J": ">i4", "K": ">i8", "E": ">f4", "D": ">f8"}
_WIDTHS = {"X": 0.125, "C": 8, "M": 16, "P": 8, "Q": 16}  # bytes of the formats that are only stepped over


def column_names(hdu: Any) -> list[str]:
    """Names of the columns of a table as written, in order; [] for an image."""
    if hdu.header.get("XTENSION", "").strip() != "BINTABLE":
        return []
    return [str(hdu.header.get(f"TTYPE{n}", "")).strip() for n in range(1, hdu.header["TFIELDS"] + 1)]


def read_columns(hdu: Any, raw: bytes, wanted: Iterable[str]) -> dict[str, NDArray[Any]]:
    """The wanted columns that are there, each (rows,) or (rows, length); text is stripped."""
    header, wanted = hdu.header, set(wanted)
    rows, width = header["NAXIS2"], header["NAXIS1"]
    names, formats, offsets = [], [], []
    offset = 0
    for n, name in enumerate(column_names(hdu), start=1):
        form = header[f"TFORM{n}"].strip()
        if name in wanted and name not in names:
            if not (match := _FORM.fullmatch(form)):
                raise Refused("wrong-hdus", f"Column {name} of {hdu.name} has the format {form!r}.")
            names.append(name)
            formats.append(_type(int(match[1] or 1), match[2]))
            offsets.append(offset)
        offset += _width(form)
    record = np.dtype({"names": names, "formats": formats, "offsets": offsets, "itemsize": width})
    data = np.frombuffer(raw, dtype=record, count=rows, offset=hdu.fileinfo()["datLoc"])
    return {name: _text(data[name]) if data[name].dtype.kind == "S" else data[name] for name in names}


def _type(count: int, letter: str) -> Any:
    if letter == "A":
        return f"S{count}"
    return _TYPES[letter] if count == 1 else (_TYPES[letter], (count,))


def _width(form: str) -> int:
    match = re.match(r"(\d*)([A-Z])", form)
    if not match:
        raise Refused("wrong-hdus", f"A column has the format {form!r}.")
    count, letter = int(match[1] or 1), match[2]
    size = 1 if letter == "A" else _WIDTHS.get(letter) or np.dtype(_TYPES[letter]).itemsize
    return int(np.ceil(count * size))


def _text(values: NDArray[Any]) -> NDArray[Any]:
    return np.char.strip(np.char.decode(values, "ascii", "replace"))
