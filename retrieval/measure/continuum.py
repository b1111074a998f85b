"""Starlight under the lines: which stars of a small set, mixed, leave the absorption that a spectrum shows.

The set holds mean spectra of stars, divided by their own smooth continuum, and a featureless one for stars
too hot to absorb much (benchmarks/stars.py makes it, docs/measurement.md says what it is worth). A spectrum
is a smooth curve times a mixture of them with shares that are not negative; curve and shares are found in
turn, emission lines left out. Only absorption is taken from the stars: neither dust nor flux calibration
matters.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import BSpline
from scipy.ndimage import gaussian_filter1d
from scipy.optimize import nnls

from retrieval.lines import LINES, SKY_BANDS, SPEED_OF_LIGHT

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

REST_RANGE = (3750.0, 6900.0)  # Angstrom: from the Balmer limit to redward of [S II]
LEAST_PIXELS = 500
LEAST_SNR = 2.0  # median per pixel; under it noise would choose the stars
EMISSION_KMS = 450.0  # pixels nearer to an emission line are left out
KNOTS = 220.0  # Angstrom between knots of the smooth curve: far wider than a Balmer line
ROUNDS = 4
CLIP = 4.0
DISPERSIONS = (0.0, 100.0, 200.0)  # km/s, of the stars beyond the instrument's; the best is taken

# Emission lines that the line table has no use for: He I, H epsilon and H 8, [N II], [N I].
_MORE_EMISSION = (3890.15, 3971.20, 4472.73, 5201.7, 5756.19, 6679.99, 7067.1)
_EMISSION: Array = np.array([x.wavelength for x in LINES if x.kind == "emission"] + list(_MORE_EMISSION))


@dataclass(frozen=True, eq=False)
class Stars:
    """`absorption` (dispersions, kinds, n): flux over smooth continuum; `log_wavelength` (n,): ln of vacuum
    Angstrom."""

    log_wavelength: Array
    absorption: Array


@cache
def stars() -> Stars:
    """The set as kept beside this module, widened to each dispersion, the featureless one first."""
    with np.load(Path(__file__).with_name("stars.npz")) as held:
        grid, kept = held["log_wavelength"].astype(np.float64), held["absorption"].astype(np.float64)
    kept = np.vstack((np.ones_like(grid), kept))
    widths = [dispersion / SPEED_OF_LIGHT / (grid[1] - grid[0]) for dispersion in DISPERSIONS]
    sets = [gaussian_filter1d(kept, width, axis=1, mode="nearest") if width else kept for width in widths]
    return Stars(grid, np.array(sets))


def absorption(wavelength: Array, flux: Array, ivar: Array, good: Mask, z: float) -> Array | None:
    """Starlight over its smooth continuum, (n,), at the pixels of one spectrum.

    `wavelength` (n,) observed vacuum Angstrom, `good` (n,) the pixels to use. None where the spectrum shows
    too little of its stars: under 500 usable pixels, or a signal to noise under 2 per pixel.
    """
    rest = wavelength / (1.0 + z)
    usable = good & (rest > REST_RANGE[0]) & (rest < REST_RANGE[1])
    for low, high in SKY_BANDS[:3]:  # narrow and strong; telluric bands are part of the smooth curve
        usable &= (wavelength < low) | (wavelength > high)
    ends = np.searchsorted(
        rest, np.outer(_EMISSION, (1 - EMISSION_KMS / SPEED_OF_LIGHT, 1 + EMISSION_KMS / SPEED_OF_LIGHT))
    )
    for first, last in ends:
        usable[first:last] = False
    if np.count_nonzero(usable) < LEAST_PIXELS:
        return None
    at = slice(*(np.flatnonzero(usable)[[0, -1]] + (0, 1)))
    x, y, root, kept = rest[at], flux[at], np.sqrt(np.where(usable, ivar, 0.0)[at]), usable[at]
    if np.median((y * root)[kept]) < LEAST_SNR:
        return None
    shape = _mix(x, np.where(kept, y, 0.0), root, kept)
    return np.interp(np.log(rest), stars().log_wavelength, shape)


def _mix(x: Array, y: Array, root: Array, kept: Mask) -> Array:
    """The mixture of stars, on their own grid, that leaves the least."""
    held = stars()
    at = np.log(x)
    curves = _splines(x)
    weight = root.copy()
    chosen, shares = 0, np.full(held.absorption.shape[1], 1.0 / held.absorption.shape[1])
    sets = [
        np.array([np.interp(at, held.log_wavelength, kind) for kind in kinds]) for kinds in held.absorption
    ]
    for _ in range(ROUNDS):
        basis = curves * (shares @ sets[chosen] * weight)[:, None]
        smooth = curves @ np.linalg.solve(_normal(basis.T), basis.T @ (y * weight))
        found = [_shares(kinds * (smooth * weight), y * weight) for kinds in sets]
        chosen = int(np.argmin([left for _, left in found]))
        if not found[chosen][0].sum() > 0:
            break
        residual = (y - smooth * (found[chosen][0] @ sets[chosen])) * root
        shares = found[chosen][0] / found[chosen][0].sum()
        scatter = 1.4826 * np.median(np.abs(residual[kept]))
        weight = np.where(np.abs(residual) < CLIP * max(scatter, 1.0), root, 0.0)
    return shares @ held.absorption[chosen]


def _shares(design: Array, target: Array) -> tuple[Array, float]:
    """Least squares with shares >= 0, on the triangular root of the normal equations; what they leave."""
    root = np.linalg.cholesky(_normal(design))
    shares, _ = nnls(root.T, np.linalg.solve(root, design @ target), maxiter=1000)
    return shares, float(((target - shares @ design) ** 2).sum())


def _normal(design: Array) -> Array:
    """Normal matrix of a design (k, n), kept from being singular where columns have no weight."""
    normal = design @ design.T
    return normal + 1e-10 * np.trace(normal) * np.eye(len(normal))


def _splines(x: Array) -> Array:
    """Cubic B-splines (n, k) with evenly spaced knots over `x`."""
    inner = np.linspace(x[0], x[-1], max(round((x[-1] - x[0]) / KNOTS), 1) + 1)
    knots = np.concatenate(([inner[0]] * 3, inner, [inner[-1]] * 3))
    return BSpline.design_matrix(x, knots, 3).toarray().astype(np.float64)
