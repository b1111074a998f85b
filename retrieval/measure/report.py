"""From fits to what is reported of each line: flux, error, limit, equivalent width, flags."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from retrieval.flags import LineFlag
from retrieval.lines import ARM_JOIN, LINE, SKY_BANDS, SPEED_OF_LIGHT
from retrieval.measure.blocks import Block, Pixels
from retrieval.measure.fit import Fit
from retrieval.measure.model import BALMER, FITTED, REPORTED, WINDOWS

Array = NDArray[np.float64]

LOW_SNR = 5.0
LIMIT_SNR = 3.0
FWHM = 2.3548  # of a Gaussian, in sigma


@dataclass(frozen=True)
class LineFit:
    """One measured line.

    `line` is its key in `retrieval.lines`; `flux` and `flux_err` in flux unit times Angstrom, as observed;
    `flux_limit` 3 `flux_err` where `snr` is under 3, else NaN; `ew` and `ew_err` the equivalent width at rest
    in Angstrom, above 0 in emission; `center` observed vacuum Angstrom; `sigma_kms` the width as observed,
    instrument included, and `sigma_kms_err` its error, NaN where it was assumed; `snr` flux over error;
    `continuum` and `continuum_err` in flux units: the smooth continuum at the line, over any absorption;
    `absorption_ew` what the line would lack in `ew` had the stars' absorption not been taken out; `flags`
    bits of `LineFlag`. A failed fit holds NaN, as do equivalent widths without a continuum.
    """

    line: str
    flux: float
    flux_err: float
    flux_limit: float
    ew: float
    ew_err: float
    center: float
    sigma_kms: float
    sigma_kms_err: float
    snr: float
    continuum: float
    continuum_err: float
    absorption_ew: float
    flags: int


@dataclass(frozen=True, eq=False)
class _Column:
    """One line over all spectra, (rows,) each."""

    flux: Array
    flux_err: Array
    center: Array
    sigma: Array
    sigma_err: Array
    continuum: Array
    continuum_err: Array
    absorption: Array
    usable: NDArray[np.bool_]


def report(spectra: Sequence[Pixels], blocks: Sequence[Block], fit: Fit) -> list[tuple[LineFit, ...]]:
    """The lines of each spectrum inside its wavelength range, by increasing wavelength."""
    z = np.array([s.z for s in spectra])
    columns = {key: _column(key, parts, z, blocks, fit) for key, parts in REPORTED.items()}
    return [_of_spectrum(row, s, columns, bool(fit.free[row])) for row, s in enumerate(spectra)]


def _column(key: str, parts: tuple[str, ...], z: Array, blocks: Sequence[Block], fit: Fit) -> _Column:
    number = next(n for n, window in enumerate(WINDOWS) if parts[0] in window.keys)
    window, block, solved = WINDOWS[number], blocks[number], fit.windows[number]
    count, size = len(window.profiles), solved.amplitudes.shape[1]
    share = np.zeros(size)
    for at, profile in enumerate(window.profiles):
        share[at] = sum(profile.get(part, 0.0) for part in parts)
    level = np.zeros(size)
    wavelength = LINE[key].wavelength
    level[count : count + 2] = 1.0, (2 * wavelength - window.low - window.high) / (window.high - window.low)

    def error(of: Array) -> Array:
        return np.asarray(np.sqrt(np.maximum(np.einsum("i,rij,j->r", of, solved.covariance, of), 0.0)))

    continuum = solved.amplitudes @ level
    with np.errstate(divide="ignore", invalid="ignore"):
        taken = np.where(continuum > 0, solved.absorbed @ share[:count] / continuum, np.nan)
    kind = int(key in BALMER)
    return _Column(
        # Fitted at rest wavelengths, reported as observed.
        flux=(solved.amplitudes @ share) * (1 + z),
        flux_err=error(share) * (1 + z),
        center=wavelength * (1 + z) * (1 + fit.offset / SPEED_OF_LIGHT),
        sigma=fit.sigma[:, kind],
        sigma_err=np.where(fit.free, fit.sigma_err[:, kind], np.nan),
        continuum=continuum,
        continuum_err=error(level),
        absorption=taken,
        usable=block.usable,
    )


def _of_spectrum(row: int, s: Pixels, columns: dict[str, _Column], free: bool) -> tuple[LineFit, ...]:
    if not s.wavelength.size:
        return ()
    first, last = s.wavelength[[0, -1]] / (1 + s.z)
    shown = [key for key in REPORTED if first <= LINE[key].wavelength <= last]
    fits = [_line(key, columns[key], row, s, free) for key in shown]
    return tuple(fits)


def _line(key: str, column: _Column, row: int, s: Pixels, free: bool) -> LineFit:
    center, sigma = float(column.center[row]), float(column.sigma[row])
    flags = _place_flags(key, center, center * sigma / SPEED_OF_LIGHT, s)
    if not free:
        flags |= LineFlag.ASSUMED_SHAPE
    nan = float("nan")
    if not column.usable[row]:
        flags |= LineFlag.FIT_FAILED
        return LineFit(key, nan, nan, nan, nan, nan, center, nan, nan, nan, nan, nan, nan, int(flags))
    flux, error = float(column.flux[row]), float(column.flux_err[row])
    level, level_err = float(column.continuum[row]), float(column.continuum_err[row])
    taken = float(column.absorption[row])
    snr = flux / error if error > 0 else 0.0
    if snr < LOW_SNR:
        flags |= LineFlag.LOW_SNR
    if snr < LIMIT_SNR:
        flags |= LineFlag.UPPER_LIMIT
    ew = ew_err = nan
    if level > 0:
        ew = flux / level / (1 + s.z)
        ew_err = float(np.hypot(error, flux * level_err / level)) / level / (1 + s.z)
        if key in BALMER and taken > abs(ew):
            flags |= LineFlag.ABSORPTION
    return LineFit(
        key, flux, error, 3 * error if snr < LIMIT_SNR else nan, ew, ew_err, center, sigma,
        float(column.sigma_err[row]), snr, level, level_err, taken, int(flags),
    )  # fmt: skip


def _place_flags(key: str, center: float, width: float, s: Pixels) -> LineFlag:
    """Flags that follow from where the line lies."""
    flags = LineFlag(0)
    low, high = center - 2.0 * width, center + 2.0 * width
    if low < ARM_JOIN[1] and high > ARM_JOIN[0]:
        flags |= LineFlag.ARM_JOIN
    if any(low < stop and high > start for start, stop in SKY_BANDS):
        flags |= LineFlag.SKY_LINE
    first, last = np.searchsorted(s.wavelength, (low, high))
    if low < s.wavelength[0] or high > s.wavelength[-1] or not s.good[first:last].all():
        flags |= LineFlag.EDGE
    parts = [LINE[part].wavelength for part in REPORTED[key]]
    gaps = np.abs(FITTED - np.array(parts)[:, None])
    if gaps[gaps > 0].min() * (1 + s.z) < FWHM * width:
        flags |= LineFlag.BLENDED
    if key in ("ha", "hb") and _is_split(s.z):
        flags |= LineFlag.DECREMENT_SPLIT
    return flags


def _is_split(z: float) -> bool:
    """Whether the join of the arms lies between Hb and Ha, or on one of them."""
    return LINE["hb"].wavelength * (1 + z) < ARM_JOIN[1] and LINE["ha"].wavelength * (1 + z) > ARM_JOIN[0]
