"""Fluxes of emission lines at a known redshift: Gaussians on starlight, fitted together.

All lines share one velocity; Balmer and forbidden lines have one width each, which differ by about a tenth at
most; the ratios that atomic physics fixes are fixed; the continuum under a line is a straight line times the
absorption of a fitted mixture of stars. docs/measurement.md says what it is worth.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from retrieval.measure.blocks import Pixels, blocks_of
from retrieval.measure.fit import fit_blocks
from retrieval.measure.model import REPORTED, WINDOWS
from retrieval.measure.report import LineFit, report

__all__ = ["REPORTED", "WINDOWS", "LineFit", "measure_lines", "measure_many"]

BLOCK = 128  # spectra fitted at once: their windows fit the cache


class Observed(Protocol):
    """What `measure_many` needs of a spectrum, as `retrieval.readers` returns it: (n,) each."""

    @property
    def wavelength(self) -> NDArray[np.float64]: ...
    @property
    def flux(self) -> NDArray[np.float32]: ...
    @property
    def ivar(self) -> NDArray[np.float32]: ...
    @property
    def bad(self) -> NDArray[np.bool_]: ...


def measure_lines(
    wavelength: ArrayLike, flux: ArrayLike, ivar: ArrayLike, z: float, *, mask: ArrayLike | None = None
) -> tuple[LineFit, ...]:
    """Measure the diagnostic lines of one spectrum at redshift `z`, by increasing wavelength.

    `wavelength` (n,) vacuum Angstrom, increasing; `flux` and `ivar` (n,) in one unit of flux and its inverse
    square; `mask` (n,) True where a pixel is bad. Pixels whose ivar is not above 0 are not used. Only lines
    inside the wavelength range are returned. Errors come from the covariance of all parameters; where the
    continuum scatters more than `ivar` says, they grow by as much. ValueError for arrays that do not fit
    together or a z at or below -1.
    """
    return _measure([_checked(wavelength, flux, ivar, z, mask)])[0]


def measure_many(spectra: Sequence[Observed], z: Iterable[float]) -> list[tuple[LineFit, ...]]:
    """As `measure_lines` for each of `spectra` at its `z`, but in blocks, which takes a fraction of the time.

    A result does not depend on the spectra that it was measured with.
    """
    checked = [_checked(s.wavelength, s.flux, s.ivar, at, s.bad) for s, at in zip(spectra, z, strict=True)]
    return [
        fits for start in range(0, len(checked), BLOCK) for fits in _measure(checked[start : start + BLOCK])
    ]


def _measure(spectra: list[Pixels]) -> list[tuple[LineFit, ...]]:
    blocks = blocks_of(spectra)
    return report(spectra, blocks, fit_blocks(blocks))


def _checked(
    wavelength: ArrayLike, flux: ArrayLike, ivar: ArrayLike, z: float, mask: ArrayLike | None
) -> Pixels:
    w, f = np.asarray(wavelength, dtype=np.float64), np.asarray(flux, dtype=np.float64)
    weight = np.asarray(ivar, dtype=np.float64)
    if w.ndim != 1 or not w.shape == f.shape == weight.shape:
        raise ValueError(f"Wavelength {w.shape}, flux {f.shape} and ivar {weight.shape} must be one (n,).")
    if not (z > -1.0 and np.isfinite(z)):
        raise ValueError(f"z is {z}; it must be a number above -1.")
    good = np.isfinite(f) & np.isfinite(weight) & (weight > 0)
    if mask is not None:
        bad = np.asarray(mask, dtype=bool)
        if bad.shape != w.shape:
            raise ValueError(f"mask has shape {bad.shape} but wavelength {w.shape}.")
        good &= ~bad
    return Pixels(w, np.where(good, f, 0.0), np.where(good, weight, 0.0), float(z))
