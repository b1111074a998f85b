"""Gaussians on starlight, many spectra at once.

One velocity for all lines of a spectrum, one width for its forbidden lines and one for its Balmer lines.
Given these three the model is linear, so only they are searched: variable projection (Golub & Pereyra 1973)
in Kaufman's form (1975), with Levenberg's damping, each spectrum with its own. What is usual of velocity and
width enters as a Gaussian prior, so that faint lines keep to it and strong ones do not feel it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from retrieval.lines import LINE, SPEED_OF_LIGHT
from retrieval.measure.blocks import BALMER_SIGMA, Block
from retrieval.measure.model import (
    BALMER,
    LARGEST_OFFSET,
    LN_BALMER_SCATTER,
    LN_SIGMA_SCATTER,
    OFFSET_SCATTER,
    SIGMA_RANGE,
    USUAL_SIGMA,
)

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

SHAPE_SNR = 6.0  # all lines together, in quadrature: from here they may set velocity and width
ROUNDS = 20
TOLERANCE = 1e-4  # change of chi square, absolute: far under what a fit can tell
_START_OFFSETS = (-200.0, -100.0, 0.0, 100.0, 200.0)
_START_SIGMAS = (75.0, 110.0, 160.0, 240.0)

# Shape parameters: offset in units of OFFSET_SCATTER, then ln width over the usual one, forbidden and Balmer.
_USUAL = np.zeros(3)
_LOW = np.array([-LARGEST_OFFSET / OFFSET_SCATTER, *[np.log(SIGMA_RANGE[0] / USUAL_SIGMA)] * 2])
_HIGH = np.array([LARGEST_OFFSET / OFFSET_SCATTER, *[np.log(SIGMA_RANGE[1] / USUAL_SIGMA)] * 2])
_PRIOR = np.array(
    [
        [1.0, 0.0, 0.0],
        [0.0, LN_SIGMA_SCATTER**-2 + LN_BALMER_SCATTER**-2, -(LN_BALMER_SCATTER**-2)],
        [0.0, -(LN_BALMER_SCATTER**-2), LN_BALMER_SCATTER**-2],
    ]
)


@dataclass(frozen=True, eq=False)
class WindowFit:
    """One block fitted.

    `amplitudes` (rows, m): flux of each profile with wavelengths at rest; level and slope of the continuum;
    and in a Balmer window the equivalent width, times level, that absorbs more than the stars say.
    `covariance` (rows, m, m) includes what velocity and width add. `absorbed` (rows, profiles) is the flux
    that each profile would lack on a straight continuum.
    """

    amplitudes: Array
    covariance: Array
    absorbed: Array


@dataclass(frozen=True, eq=False)
class Fit:
    """`offset` (rows,) km/s from z; `sigma` and `sigma_err` (rows, 2) km/s, forbidden and Balmer; `free`
    (rows,) False where the lines were too faint to show velocity and width, so that usual ones were taken."""

    offset: Array
    sigma: Array
    sigma_err: Array
    free: Mask
    windows: list[WindowFit]


def fit_blocks(blocks: Sequence[Block]) -> Fit:
    """Fit all windows of all spectra. Rows of unusable windows hold amplitudes 0."""
    shape = _search(blocks)
    shape[:] = np.where(_significance(blocks, shape)[:, None] > SHAPE_SNR, shape, _USUAL)
    free = (shape != _USUAL).any(axis=1)
    terms = [_terms(block, shape) for block in blocks]
    spread = np.linalg.inv(np.where(free[:, None, None], _curvature(terms), _PRIOR))
    windows = []
    for block, part in zip(blocks, terms, strict=True):
        response = part.inverse @ part.cross
        covariance = part.inverse + response @ spread @ response.transpose(0, 2, 1)
        windows.append(WindowFit(part.amplitudes, covariance, _absorbed(block, shape, part.amplitudes)))
    sigma = USUAL_SIGMA * np.exp(shape[:, 1:])
    sigma_err = sigma * np.sqrt(np.diagonal(spread, axis1=1, axis2=2)[:, 1:])
    return Fit(shape[:, 0] * OFFSET_SCATTER, sigma, sigma_err, free, windows)


def _search(blocks: Sequence[Block]) -> Array:
    """The shape of least chi square of each spectrum, (rows, 3): the best of a few starts, then descent."""
    rows = len(blocks[0].rest)
    shape, chi2 = np.zeros((rows, 3)), np.full(rows, np.inf)
    for offset, sigma in product(_START_OFFSETS, _START_SIGMAS):
        ln_sigma = np.log(sigma / USUAL_SIGMA)
        trial = np.tile([offset / OFFSET_SCATTER, ln_sigma, ln_sigma], (rows, 1))
        found = _chi2([_solve(block, _columns(block, trial)[0]) for block in blocks], trial)
        better = found < chi2
        shape[better], chi2[better] = trial[better], found[better]

    damping = np.full(rows, 1e-2)
    active = np.arange(rows)
    for _ in range(ROUNDS):
        here = [block.rows(active) for block in blocks] if active.size < rows else blocks
        now = shape[active]
        terms = [_terms(block, now) for block in here]
        gradient = sum((part.gradient for part in terms), start=-now @ _PRIOR)
        curvature = _curvature(terms)
        curvature = curvature + damping[active, None, None] * curvature * np.eye(3)
        trial = np.clip(now + np.linalg.solve(curvature, gradient[:, :, None])[:, :, 0], _LOW, _HIGH)
        found = _chi2([_solve(block, _columns(block, trial)[0]) for block in here], trial)
        better = found <= chi2[active]
        settled = np.abs(chi2[active] - found) < TOLERANCE
        shape[active[better]], chi2[active[better]] = trial[better], found[better]
        damping[active] *= np.where(better, 0.1, 10.0)
        active = active[~settled & (damping[active] < 1e6)]
        if not active.size:
            break
    return shape


@dataclass(frozen=True, eq=False)
class _Solution:
    """The linear problem of one window: best amplitudes (rows, m), inverse normal matrix, what remains."""

    amplitudes: Array
    inverse: Array
    residual: Array


@dataclass(frozen=True, eq=False)
class _Terms:
    """How half of chi square changes with the shape, amplitudes following: `gradient` (rows, 3) downhill,
    `curvature` (rows, 3, 3); `cross` (rows, m, 3) is the normal matrix between amplitudes and shape."""

    amplitudes: Array
    inverse: Array
    cross: Array
    gradient: Array
    curvature: Array


def _columns(block: Block, shape: Array) -> tuple[Array, Array]:
    """Weighted linear columns (rows, m, pixels), and the profiles' derivatives with the shape, (rows,
    profiles, 3, pixels)."""
    window = block.window
    count = len(window.profiles)
    rows, pixels = block.rest.shape
    columns = np.zeros((rows, count + 2 + (window.balmer is not None), pixels))
    slopes = np.zeros((rows, count, 3, pixels))
    for number, profile in enumerate(window.profiles):
        for key, share in profile.items():
            kind = 2 if key in BALMER else 1
            center = LINE[key].wavelength * (1.0 + shape[:, :1] * (OFFSET_SCATTER / SPEED_OF_LIGHT))
            width = center * (USUAL_SIGMA / SPEED_OF_LIGHT) * np.exp(shape[:, kind, None])
            u = (block.rest - center) / width
            value = np.exp(-0.5 * u * u) * block.root * (share / np.sqrt(2 * np.pi) / width)
            columns[:, number] += value
            slopes[:, number, 0] += value * u * (center / width * (OFFSET_SCATTER / SPEED_OF_LIGHT))
            slopes[:, number, kind] += value * (u * u - 1.0)
    columns[:, count] = block.stars
    columns[:, count + 1] = block.stars * block.slope
    if window.balmer is not None:
        u = (block.rest - LINE[window.balmer].wavelength) / BALMER_SIGMA
        columns[:, -1] = np.exp(-0.5 * u * u) * block.root * (-1.0 / np.sqrt(2 * np.pi) / BALMER_SIGMA)
        columns[:, -1, -1] = block.prior  # the last pixel holds no flux: it serves the prior
    return columns, slopes


def _solve(block: Block, columns: Array) -> _Solution:
    inverse = _inverse(columns @ columns.transpose(0, 2, 1))
    amplitudes = (inverse @ (columns @ block.flux[:, :, None]))[:, :, 0]
    return _Solution(amplitudes, inverse, block.flux - (amplitudes[:, None, :] @ columns)[:, 0])


def _terms(block: Block, shape: Array) -> _Terms:
    columns, slopes = _columns(block, shape)
    solution = _solve(block, columns)
    rows, count, _, pixels = slopes.shape
    tangents = solution.amplitudes[:, None, :count] @ slopes.reshape(rows, count, -1)
    tangents = tangents.reshape(rows, 3, pixels)
    cross = columns @ tangents.transpose(0, 2, 1)
    return _Terms(
        solution.amplitudes,
        solution.inverse,
        cross,
        gradient=(tangents @ solution.residual[:, :, None])[:, :, 0],
        curvature=tangents @ tangents.transpose(0, 2, 1)
        - cross.transpose(0, 2, 1) @ solution.inverse @ cross,
    )


def _curvature(terms: Sequence[_Terms]) -> Array:
    return sum((part.curvature for part in terms), start=_PRIOR[None])


def _chi2(solutions: Sequence[_Solution], shape: Array) -> Array:
    prior = np.einsum("ri,ij,rj->r", shape, _PRIOR, shape)
    return sum((np.einsum("rp,rp->r", part.residual, part.residual) for part in solutions), start=prior)


def _significance(blocks: Sequence[Block], shape: Array) -> Array:
    """Signal to noise of all profiles in emission, in quadrature."""
    total = np.zeros(len(shape))
    for block in blocks:
        solution = _solve(block, _columns(block, shape)[0])
        count = len(block.window.profiles)
        error = np.sqrt(np.diagonal(solution.inverse, axis1=1, axis2=2)[:, :count])
        total += ((np.maximum(solution.amplitudes[:, :count], 0.0) / error) ** 2).sum(axis=1)
    return np.asarray(np.sqrt(total))


def _absorbed(block: Block, shape: Array, amplitudes: Array) -> Array:
    """Fit profiles and a straight line to the fitted continuum: what it lacks at each profile."""
    columns, _ = _columns(block, shape)
    count = len(block.window.profiles)
    continuum = (amplitudes[:, None, count:] @ columns[:, count:])[:, 0]
    columns[:, count], columns[:, count + 1] = block.root, block.root * block.slope
    straight = columns[:, : count + 2]
    inverse = _inverse(straight @ straight.transpose(0, 2, 1))
    return -(inverse @ (straight @ continuum[:, :, None]))[:, :count, 0]


def _inverse(normal: Array) -> Array:
    """Inverses of normal matrices (rows, m, m) whose parameters differ by many orders in scale."""
    scale = np.sqrt(np.diagonal(normal, axis1=1, axis2=2))
    scale = np.where(scale > 0, scale, 1.0)
    both = scale[:, :, None] * scale[:, None, :]
    return np.linalg.inv(normal / both + 1e-12 * np.eye(normal.shape[1])) / both
