"""Fluxes of emission lines at a known redshift: Gaussians on a local continuum, fitted together.

All lines share one velocity and one width, so that faint lines lean on strong ones; the ratios that atomic
physics fixes are fixed. Given velocity and width the model is linear, so only these two are searched
(variable projection, Golub & Pereyra 1973). Stellar absorption under the Balmer lines (1 to 2 A of equivalent
width) is not corrected.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import least_squares

from retrieval.flags import LineFlag
from retrieval.lines import ARM_JOIN, LINE, NII_RATIO, OIII_RATIO, SKY_BANDS, SPEED_OF_LIGHT

Array = NDArray[np.float64]

LARGEST_OFFSET = 300.0  # km/s either side of z: the tolerance of a line redshift
SIGMA_RANGE = (50.0, 500.0)  # km/s; a spectrograph of R = 1800 alone gives 71
UNDETECTED_SIGMA = 100.0  # km/s, assumed where no line is strong enough to show its own width
SHAPE_SNR = 6.0  # all lines together, in quadrature: from here they may set velocity and width
LOW_SNR = 5.0
LIMIT_SNR = 3.0
NEAR_LINE = 600.0  # km/s: pixels further from every line show the scatter of the continuum


@dataclass(frozen=True)
class LineFit:
    """One measured line.

    `line` is its key in `retrieval.lines`; `flux` and `flux_err` in flux unit times Angstrom, as observed;
    `ew` and
    `ew_err` the equivalent width at rest in Angstrom, above 0 in emission; `center` observed vacuum Angstrom;
    `sigma_kms` the width as observed, instrument included; `snr` flux over error; `continuum` in flux units
    under the line; `flags` bits of `LineFlag`. Under a `snr` of 3 take 3 `flux_err` as the limit. A failed
    fit holds NaN.
    """

    line: str
    flux: float
    flux_err: float
    ew: float
    ew_err: float
    center: float
    sigma_kms: float
    snr: float
    continuum: float
    flags: int


@dataclass(frozen=True)
class _Window:
    """A stretch of rest wavelengths with a straight continuum; each profile is lines of fixed relative
    flux."""

    low: float
    high: float
    profiles: tuple[dict[str, float], ...]

    def rest(self) -> Array:
        return np.array([LINE[key].wavelength for profile in self.profiles for key in profile])


WINDOWS: tuple[_Window, ...] = (
    _Window(3690.0, 3770.0, ({"oii_3727": 1.0}, {"oii_3730": 1.0})),
    _Window(4800.0, 4925.0, ({"hb": 1.0},)),
    _Window(4925.0, 5060.0, ({"oiii_5008": 1.0, "oiii_4960": 1.0 / OIII_RATIO},)),
    _Window(6490.0, 6645.0, ({"ha": 1.0}, {"nii_6585": 1.0, "nii_6550": 1.0 / NII_RATIO})),
    _Window(6660.0, 6795.0, ({"sii_6718": 1.0}, {"sii_6733": 1.0})),
)

# Each reported line and the lines of the model that it sums: the [O II] doublet is reported as its blend.
REPORTED: dict[str, tuple[str, ...]] = {
    "oii": ("oii_3727", "oii_3730"),
    **{key: (key,) for key in ("hb", "oiii_4960", "oiii_5008", "nii_6550", "ha", "nii_6585")},
    **{key: (key,) for key in ("sii_6718", "sii_6733")},
}


def measure_lines(
    wavelength: ArrayLike, flux: ArrayLike, ivar: ArrayLike, z: float, *, mask: ArrayLike | None = None
) -> tuple[LineFit, ...]:
    """Measure the diagnostic lines of one spectrum at redshift `z`, by increasing wavelength.

    `wavelength` (n,) vacuum Angstrom, increasing; `flux` and `ivar` (n,) in one unit of flux and its inverse
    square;
    `mask` (n,) True where a pixel is bad. Pixels whose ivar is not above 0 are not used. Only lines inside
    the wavelength range are returned. Errors come from the covariance of all parameters; where the continuum
    scatters more than `ivar` says, they grow by as much. ValueError for arrays that do not fit together or a
    z at or below -1.
    """
    w, f = np.asarray(wavelength, dtype=np.float64), np.asarray(flux, dtype=np.float64)
    weight = np.asarray(ivar, dtype=np.float64)
    if w.ndim != 1 or not w.shape == f.shape == weight.shape:
        raise ValueError(f"Wavelength {w.shape}, flux {f.shape} and ivar {weight.shape} must be one (n,).")
    if not z > -1.0:
        raise ValueError(f"z is {z}; it must lie above -1.")
    good = np.isfinite(f) & np.isfinite(weight) & (weight > 0)
    if mask is not None:
        bad = np.asarray(mask, dtype=bool)
        if bad.shape != w.shape:
            raise ValueError(f"mask has shape {bad.shape} but wavelength {w.shape}.")
        good &= ~bad
    pieces = [piece for window in WINDOWS if (piece := _cut(window, w, f, weight, good, z)) is not None]
    fit = _fit(pieces, z) if pieces else None
    return tuple(
        _report(key, parts, fit, w, good, z)
        for key, parts in REPORTED.items()
        if w.size and w[0] <= LINE[key].wavelength * (1.0 + z) <= w[-1]
    )


@dataclass(frozen=True)
class _Piece:
    """The good pixels of one window and the root of their weights."""

    window: _Window
    wavelength: Array
    flux: Array
    root_weight: Array


def _cut(
    window: _Window, w: Array, f: Array, weight: Array, good: NDArray[np.bool_], z: float
) -> _Piece | None:
    """The window's good pixels, their weights lowered where the continuum scatters more than they promise.

    None when there are too few pixels, or some profile has no good pixel near any of its lines.
    """
    inside = good & (w >= window.low * (1.0 + z)) & (w <= window.high * (1.0 + z))
    x, y, root = w[inside], f[inside], np.sqrt(weight[inside])
    centers = window.rest() * (1.0 + z)
    parameters = 2 + len(window.profiles)
    if x.size < 3 * parameters:
        return None
    for profile in window.profiles:
        reached = [np.abs(x / (LINE[key].wavelength * (1.0 + z)) - 1.0).min() for key in profile]
        if min(reached) * SPEED_OF_LIGHT > UNDETECTED_SIGMA:
            return None
    off = (np.abs(x[:, None] / centers - 1.0) * SPEED_OF_LIGHT > NEAR_LINE).all(axis=1)
    if np.count_nonzero(off) >= 10:
        design = np.column_stack((np.ones(x.size), x - x.mean()))
        line, *_ = np.linalg.lstsq(design[off] * root[off, None], y[off] * root[off], rcond=None)
        residual = (y - design @ line)[off] * root[off]
        root = root / max(1.0, 1.4826 * float(np.median(np.abs(residual - np.median(residual)))))
    return _Piece(window, x, y, root)


def _design(piece: _Piece, z: float, offset: float, sigma: float) -> Array:
    """Weighted columns of the linear model: one profile of unit flux each, then level and slope."""
    x = piece.wavelength
    columns = []
    for profile in piece.window.profiles:
        column = np.zeros_like(x)
        for key, share in profile.items():
            center = _observed(key, z, offset)
            width = center * sigma / SPEED_OF_LIGHT
            column += share * np.exp(-0.5 * ((x - center) / width) ** 2) / (np.sqrt(2.0 * np.pi) * width)
        columns.append(column)
    middle = x.mean()
    columns += [np.ones_like(x), (x - middle) / (x[-1] - x[0])]
    return np.column_stack(columns) * piece.root_weight[:, None]


def _observed(key: str, z: float, offset: float) -> float:
    return LINE[key].wavelength * (1.0 + z) * (1.0 + offset / SPEED_OF_LIGHT)


def _solve(piece: _Piece, z: float, offset: float, sigma: float) -> tuple[Array, Array]:
    """Best linear parameters and the weighted residual they leave."""
    design = _design(piece, z, offset, sigma)
    target = piece.flux * piece.root_weight
    parameters = np.linalg.lstsq(design, target, rcond=None)[0].astype(np.float64)
    return parameters, target - design @ parameters


@dataclass(frozen=True)
class _Fit:
    """Velocity, width, and per model line: flux, and continuum with its error.

    `index` tells for each line its parameter and its share of it, for errors from the `covariance`.
    """

    offset: float
    sigma: float
    flux: dict[str, float]
    continuum: dict[str, tuple[float, float]]
    index: dict[str, tuple[int, float]]
    covariance: Array

    def error(self, keys: tuple[str, ...]) -> float:
        at = np.array([self.index[key][0] for key in keys])
        share = np.array([self.index[key][1] for key in keys])
        return float(np.sqrt(max(share @ self.covariance[np.ix_(at, at)] @ share, 0.0)))


def _fit(pieces: list[_Piece], z: float) -> _Fit:
    """Search velocity and width where the lines are strong enough; else take z as given and a usual width."""

    def residual(shape: Array) -> Array:
        return np.concatenate([_solve(piece, z, shape[0], np.exp(shape[1]))[1] for piece in pieces])

    starts = [
        np.array([offset, np.log(sigma)])
        for offset in (-200.0, -100.0, 0.0, 100.0, 200.0)
        for sigma in (75.0, 130.0, 230.0)
    ]
    start = min(starts, key=lambda shape: float(np.sum(residual(shape) ** 2)))
    low, high = (-LARGEST_OFFSET, np.log(SIGMA_RANGE[0])), (LARGEST_OFFSET, np.log(SIGMA_RANGE[1]))
    best = least_squares(residual, start, bounds=(low, high), x_scale=(50.0, 0.3)).x
    fit = _summarise(pieces, z, float(best[0]), float(np.exp(best[1])), free=True)
    snr = [max(fit.flux[key], 0.0) / fit.error((key,)) for key in fit.flux if fit.index[key][1] == 1.0]
    if np.linalg.norm(snr) > SHAPE_SNR:
        return fit
    return _summarise(pieces, z, 0.0, UNDETECTED_SIGMA, free=False)


def _summarise(pieces: list[_Piece], z: float, offset: float, sigma: float, *, free: bool) -> _Fit:
    """Linear parameters at this velocity and width, and the covariance of all parameters.

    With `free`, velocity and width are parameters too, so that their uncertainty reaches the fluxes.
    """
    solutions = [_solve(piece, z, offset, sigma)[0] for piece in pieces]
    total = sum(solution.size for solution in solutions)
    normal = np.zeros((total + 2, total + 2))
    flux: dict[str, float] = {}
    index: dict[str, tuple[int, float]] = {}
    at = 0
    for piece, solution in zip(pieces, solutions, strict=True):
        design = _design(piece, z, offset, sigma)
        by_offset = (_design(piece, z, offset + 1.0, sigma) - _design(piece, z, offset - 1.0, sigma)) / 2.0
        by_sigma = (_design(piece, z, offset, sigma + 1.0) - _design(piece, z, offset, sigma - 1.0)) / 2.0
        jacobian = np.column_stack((design, by_offset @ solution, by_sigma @ solution))
        where = np.r_[at : at + solution.size, total, total + 1]
        normal[np.ix_(where, where)] += jacobian.T @ jacobian
        for number, profile in enumerate(piece.window.profiles):
            for key, share in profile.items():
                flux[key] = share * float(solution[number])
                index[key] = (at + number, share)
        at += solution.size
    kept = normal if free else normal[:total, :total]
    covariance = _inverse(kept)

    continuum: dict[str, tuple[float, float]] = {}
    at = 0
    for piece, solution in zip(pieces, solutions, strict=True):
        x = piece.wavelength
        level = slice(at + solution.size - 2, at + solution.size)
        for profile in piece.window.profiles:
            for key in profile:
                basis = np.array([1.0, (_observed(key, z, offset) - x.mean()) / (x[-1] - x[0])])
                variance = basis @ covariance[level, level] @ basis
                continuum[key] = float(basis @ solution[-2:]), float(np.sqrt(max(variance, 0.0)))
        at += solution.size
    return _Fit(offset, sigma, flux, continuum, index, covariance)


def _inverse(normal: Array) -> Array:
    """Inverse of a normal matrix whose parameters differ by many orders in scale."""
    scale = np.sqrt(np.diag(normal))
    scale[scale == 0] = 1.0
    return np.linalg.pinv(normal / np.outer(scale, scale), hermitian=True) / np.outer(scale, scale)


def _report(
    key: str, parts: tuple[str, ...], fit: _Fit | None, w: Array, good: NDArray[np.bool_], z: float
) -> LineFit:
    offset = fit.offset if fit else 0.0
    sigma = fit.sigma if fit else UNDETECTED_SIGMA
    center = _observed(key, z, offset)
    width = center * sigma / SPEED_OF_LIGHT
    flags = _place_flags(parts, center, width, w, good, z)
    if fit is None or any(part not in fit.flux for part in parts):
        nan = float("nan")
        return LineFit(key, nan, nan, nan, nan, center, nan, nan, nan, int(flags | LineFlag.FIT_FAILED))
    flux = sum(fit.flux[part] for part in parts)
    error = fit.error(parts)
    snr = flux / error if error > 0 else 0.0
    if snr < LOW_SNR:
        flags |= LineFlag.LOW_SNR
    if snr < LIMIT_SNR:
        flags |= LineFlag.UPPER_LIMIT
    level, level_err = fit.continuum[parts[0]]
    if level > 0:
        ew = flux / level / (1.0 + z)
        ew_err = float(np.hypot(error, flux * level_err / level)) / level / (1.0 + z)
    else:
        ew = ew_err = float("nan")
    return LineFit(key, flux, error, ew, ew_err, center, sigma, snr, level, int(flags))


def _place_flags(
    parts: tuple[str, ...], center: float, width: float, w: Array, good: NDArray[np.bool_], z: float
) -> LineFlag:
    """Flags that follow from where the line lies."""
    flags = LineFlag(0)
    low, high = center - 2.0 * width, center + 2.0 * width
    if low < ARM_JOIN[1] and high > ARM_JOIN[0]:
        flags |= LineFlag.ARM_JOIN
    if any(low < stop and high > start for start, stop in SKY_BANDS):
        flags |= LineFlag.SKY_LINE
    core = (w >= low) & (w <= high)
    if low < w[0] or high > w[-1] or not good[core].all():
        flags |= LineFlag.EDGE
    gaps = [
        abs(LINE[part].wavelength - other) * (1.0 + z)
        for part in parts
        for window in WINDOWS
        for other in window.rest()
        if other != LINE[part].wavelength
    ]
    if min(gaps) < 2.3548 * width:
        flags |= LineFlag.BLENDED
    return flags
