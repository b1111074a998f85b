"""Which part of the sky a snapshot covers."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from astropy.io import fits
from numpy.typing import NDArray

from catalog.positions import ORDER, healpix29

COVERAGE_ORDER = 8
"""Coverage is kept in pixels of 14 arcmin; one that is covered in part counts as not covered."""


@dataclass(frozen=True)
class Coverage:
    """Nested HEALPix pixels of one order, ascending."""

    order: int
    pixels: NDArray[np.int64]

    def holds(self, ra: NDArray[np.float64], dec: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Which positions (degrees, ICRS) lie inside."""
        return np.isin(healpix29(ra, dec) >> 2 * (ORDER - self.order), self.pixels)

    @classmethod
    def from_bytes(cls, order: int, content: bytes) -> Coverage:
        return cls(order, np.frombuffer(content, dtype="<i8"))

    def to_bytes(self) -> bytes:
        return self.pixels.astype("<i8").tobytes()


def read_moc(path: Path) -> Coverage:
    """The coverage that a MOC file (FITS, NUNIQ ordering; IVOA MOC 2.0, section 4.2) describes.

    Raises ValueError where it is none, or covers nothing.
    """
    try:
        with fits.open(path) as hdus:
            table = next(hdu for hdu in hdus if isinstance(hdu, fits.BinTableHDU))
            cells = np.asarray(table.data.field(0), dtype=np.int64)
    except (OSError, StopIteration, TypeError, ValueError) as error:
        raise ValueError(f"{path.name} is no MOC in FITS: give one in NUNIQ ordering") from error
    if cells.size == 0 or (cells < 4).any():
        raise ValueError(f"{path.name} is no MOC in NUNIQ ordering, or an empty one")
    order = np.searchsorted(np.int64(4) << 2 * np.arange(ORDER + 1), cells, side="right") - 1
    pixel = cells - (np.int64(4) << 2 * order)
    if (pixel >= np.int64(12) << 2 * order).any():
        raise ValueError(f"{path.name} is no MOC in NUNIQ ordering: it has cells beyond the sphere")
    wide = order <= COVERAGE_ORDER
    covered = [
        np.arange(p << 2 * (COVERAGE_ORDER - o), (p + 1) << 2 * (COVERAGE_ORDER - o))
        for o, p in zip(order[wide].tolist(), pixel[wide].tolist(), strict=True)
    ]
    parents, index = np.unique(pixel[~wide] >> 2 * (order[~wide] - COVERAGE_ORDER), return_inverse=True)
    filled = np.zeros(parents.size, dtype=np.int64)
    np.add.at(filled, index, np.int64(1) << 2 * (ORDER - order[~wide]))
    covered.append(parents[filled >= 1 << 2 * (ORDER - COVERAGE_ORDER)])
    pixels = np.unique(np.concatenate(covered)).astype(np.int64)
    if not pixels.size:
        raise ValueError(f"{path.name} covers no pixel of order {COVERAGE_ORDER} (14 arcmin) whole")
    return Coverage(COVERAGE_ORDER, pixels)
