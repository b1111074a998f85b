"""Writing a MOC, for tests."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
from astropy.io import fits


def write_moc(path: Path, cells: Mapping[int, Iterable[int]]) -> Path:
    """A MOC in NUNIQ ordering from pixels by order."""
    numbers = [4 * 4**order + pixel for order, pixels in cells.items() for pixel in pixels]
    column = fits.Column("UNIQ", "K", array=np.array(numbers, dtype=np.int64))
    table = fits.BinTableHDU.from_columns([column])
    table.header["ORDERING"] = "NUNIQ"
    table.writeto(path, overwrite=True)
    return path
