"""From spectra of any length to blocks of equal shape: the pixels of each window, padded with weight 0."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from retrieval.lines import LINE, SPEED_OF_LIGHT
from retrieval.measure.continuum import absorption
from retrieval.measure.model import FITTED, USUAL_SIGMA, WINDOWS, Window

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

NEAR_LINE = 600.0  # km/s: pixels further from every line show the scatter of the continuum
LEAST_OFF = 10  # pixels off the lines from which a scatter can be told
STELLAR_EW_ERR = 0.4  # Angstrom at rest: how well a mixture of stars predicts a Balmer line
UNKNOWN_EW_ERR = 2.0  # the same where the stars could not be told
CLIP = 4.0  # sigma
GRAIN_LAGS = 5  # pixels
LEAST_GRAIN = 0.8  # noise of resampled pixels may also cancel, but an estimate may err
GRAIN_SIGMA = 1.8  # pixels of 69 km/s: a usual line
BALMER_SIGMA = 3.0  # Angstrom at rest: width of the part of an absorption line that is not predicted


@dataclass(frozen=True, eq=False)
class Pixels:
    """One spectrum, checked: float64 (n,) each, ivar 0 where a pixel is bad, and its redshift."""

    wavelength: Array
    flux: Array
    ivar: Array
    z: float

    @property
    def good(self) -> Mask:
        return self.ivar > 0


@dataclass(frozen=True, eq=False)
class Block:
    """One window of many spectra, (rows, pixels) each.

    `rest` is wavelength over 1 + z. `root` is the root of the weights: 0 where there is no good pixel, in the
    rows that are not `usable`, and in the last pixel of each row. `flux` and `stars` (starlight over its
    smooth continuum) are weighted by it; `slope` runs from -1 to 1 over the window. `prior` (rows,) is one
    over what the absorption may differ from the stars', in flux units times Angstrom at rest.
    """

    window: Window
    rest: Array
    flux: Array
    root: Array
    stars: Array
    slope: Array
    prior: Array
    usable: Mask

    def rows(self, chosen: NDArray[np.intp]) -> Block:
        return Block(
            self.window, self.rest[chosen], self.flux[chosen], self.root[chosen], self.stars[chosen],
            self.slope[chosen], self.prior[chosen], self.usable[chosen],
        )  # fmt: skip


def blocks_of(spectra: Sequence[Pixels]) -> list[Block]:
    """One block per window, rows as in `spectra`."""
    shapes = [absorption(s.wavelength, s.flux, s.ivar, s.good, s.z) for s in spectra]
    blocks, residuals = zip(*(_block(window, spectra, shapes) for window in WINDOWS), strict=True)
    scatter = [_scatter(residual) for residual in residuals]
    grain = _grain(
        [part / np.maximum(one, 1e-3)[:, None] for part, one in zip(residuals, scatter, strict=True)]
    )
    return [
        _with_errors(block, np.maximum(1.0, one) * np.sqrt(grain))
        for block, one in zip(blocks, scatter, strict=True)
    ]


def _with_errors(block: Block, factor: Array) -> Block:
    """The block with errors larger by a factor, (rows,)."""
    by = factor[:, None]
    return replace(block, flux=block.flux / by, root=block.root / by, stars=block.stars / by)


def _block(window: Window, spectra: Sequence[Pixels], shapes: Sequence[Array | None]) -> tuple[Block, Array]:
    """The block, and the residuals of its continuum in units of its errors, NaN at the lines."""
    ends = [np.searchsorted(s.wavelength, np.array((window.low, window.high)) * (1 + s.z)) for s in spectra]
    width = max(last - first for first, last in ends) + 1
    flux, root = np.zeros((len(spectra), width)), np.zeros((len(spectra), width))
    rest, stars = np.full_like(flux, window.low), np.ones_like(flux)
    for row, (s, shape, (first, last)) in enumerate(zip(spectra, shapes, ends, strict=True)):
        here, there = slice(first, last), (row, slice(last - first))
        rest[there] = s.wavelength[here] / (1 + s.z)
        flux[there] = np.where(s.good[here], s.flux[here], 0.0)
        root[there] = np.sqrt(s.ivar[here])
        if shape is not None:
            stars[there] = shape[here]
    slope = (2 * rest - window.low - window.high) / (window.high - window.low)
    usable = _usable(window, rest, root > 0)
    root[~usable] = 0.0
    level, residual = _off_lines(rest, flux, root, stars, slope)
    error = np.where([shape is not None for shape in shapes], STELLAR_EW_ERR, UNKNOWN_EW_ERR)
    prior = 1.0 / np.maximum(error * np.abs(level), np.finfo(np.float64).tiny ** 0.25)
    return Block(window, rest, flux * root, root, stars * root, slope, prior, usable), residual


def _usable(window: Window, rest: Array, good: Mask) -> Mask:
    """Three pixels per parameter, and each line within reach of one."""
    enough = good.sum(axis=1) >= 3 * (4 + len(window.profiles))
    for key in window.keys:
        distance = np.abs(rest / LINE[key].wavelength - 1.0) * SPEED_OF_LIGHT
        enough &= np.min(np.where(good, distance, np.inf), axis=1, initial=np.inf) <= USUAL_SIGMA
    return enough


def _off_lines(rest: Array, flux: Array, root: Array, stars: Array, slope: Array) -> tuple[Array, Array]:
    """Level of the continuum between the lines, (rows,), and its residuals there in units of their errors.

    Residuals are NaN at the lines, and everywhere where too few pixels lie off them.
    """
    after = np.clip(np.searchsorted(FITTED, rest), 1, FITTED.size - 1)
    gap = np.minimum(np.abs(rest - FITTED[after - 1]), np.abs(rest - FITTED[after])) / rest * SPEED_OF_LIGHT
    off = np.where(gap > NEAR_LINE, root, 0.0)
    known = np.count_nonzero(off, axis=1) >= LEAST_OFF
    design = np.stack((stars, stars * slope), axis=1) * off[:, None, :]
    normal = design @ design.transpose(0, 2, 1)
    normal[~known] = np.eye(2)
    line = np.linalg.solve(normal, design @ (flux * off)[:, :, None])
    residual = np.where(off > 0, flux * off - (line.transpose(0, 2, 1) @ design)[:, 0], np.nan)
    residual[~known] = np.nan
    return np.asarray(line[:, 0, 0]), np.asarray(residual)


def _scatter(residual: Array) -> Array:
    """Standard deviation of residuals, (rows,), by their median; 1 where there are none."""
    scatter = np.ones(len(residual))
    known = np.isfinite(residual).any(axis=1)
    scatter[known] = 1.4826 * np.nanmedian(np.abs(residual[known]), axis=1)
    return scatter


def _grain(residuals: Sequence[Array]) -> Array:
    """How much more variance a line's flux has than independent pixels would give it, (rows,).

    Neighbouring pixels share noise where spectra were resampled, and share faint features of stars that no
    template has. For a Gaussian filter of sigma s pixels the variance grows by the sum over lags k of their
    correlation times exp(-k^2 / 4 s^2).
    """
    clipped = [np.clip(residual, -CLIP, CLIP) for residual in residuals]

    def product(lag: int) -> Array:
        pairs = np.concatenate([part[:, lag:] * part[:, : part.shape[1] - lag] for part in clipped], axis=1)
        there = np.isfinite(pairs)
        return np.where(there, pairs, 0.0).sum(axis=1) / np.maximum(there.sum(axis=1), 1)

    lags = range(1, GRAIN_LAGS + 1)
    shared = sum(2 * np.exp(-((lag / GRAIN_SIGMA) ** 2) / 4) * product(lag) for lag in lags)
    return np.maximum(LEAST_GRAIN, 1.0 + shared / np.maximum(product(0), 1e-6))
