"""From an observed spectrum to the vector that is compared: cut, interpolate, normalise.

Lu et al. 2022, section 3.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from retrieval.grid import make_grid

Normalization = Literal["l2", "as_printed"]
NORMALIZATIONS: tuple[Normalization, ...] = ("l2", "as_printed")

MINIMUM_COVERAGE = 0.5  # share of the grid that must lie on good pixels


class PrepareError(ValueError):
    """A spectrum that cannot be prepared: `code` of the refusal registry, `detail`, `advice`."""

    def __init__(self, code: str, detail: str, advice: str) -> None:
        super().__init__(f"{detail} {advice}")
        self.code = code
        self.detail = detail
        self.advice = advice


def prepare(
    wavelength: ArrayLike,
    flux: ArrayLike,
    step: float = 2,
    normalization: Normalization = "l2",
    ivar: ArrayLike | None = None,
    mask: ArrayLike | None = None,
) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """Put one spectrum, or rows of spectra with one wavelength scale, on the grid 3900 to 8900 A; normalise.

    `wavelength` (n,) vacuum Angstrom, increasing; `flux` (n,) or (rows, n), any unit. Pixels where `mask` is
    True or
    `ivar` is not above 0 (both shaped like `flux`) are bad: they are bridged by a straight line between their
    good neighbours. Grid samples before the first or after the last good pixel hold 0: nothing was observed
    there.

    `normalization` "l2" divides by sqrt(sum f^2), giving unit norm; "as_printed" divides by sum f^2, the
    paper's equation as it stands.

    Returns the prepared flux, float32 (n_grid,) or (rows, n_grid), and the grid, float64 (n_grid,).
    Raises PrepareError, a ValueError, for input that cannot be compared.
    """
    if normalization not in NORMALIZATIONS:
        raise ValueError(f"normalization is {normalization!r}; choose one of {', '.join(NORMALIZATIONS)}.")
    grid = make_grid(step)
    w = _checked_wavelength(wavelength)
    f = np.asarray(flux, dtype=np.float64)
    if f.ndim not in (1, 2) or f.shape[-1] != w.size:
        raise PrepareError(
            "length-mismatch",
            f"Flux has shape {f.shape} but there are {w.size} wavelengths.",
            "Give one flux per wavelength.",
        )
    rows = np.atleast_2d(f)
    good = _good_pixels(rows.shape, ivar, mask)
    covered = np.ones((rows.shape[0], grid.size), dtype=bool)
    if good is None:
        _refuse_nan(rows)
        covered[:] = (grid >= w[0]) & (grid <= w[-1])
    else:
        rows = np.where(good, rows, 0.0)
        _refuse_nan(rows)
        for row, is_good, is_covered in zip(rows, good, covered, strict=True):
            ends = w[is_good][[0, -1]] if is_good.any() else np.array([np.inf, -np.inf])
            is_covered[:] = (grid >= ends[0]) & (grid <= ends[1])
            if is_good.any():
                row[~is_good] = np.interp(w[~is_good], w[is_good], row[is_good])
    _refuse_poor_coverage(w, grid, good, covered)

    prepared = np.where(covered, _interpolate(grid, w, rows), 0.0)
    power = np.einsum("ij,ij->i", prepared, prepared)
    if not (power > 0).all():
        row = int(np.argmin(power > 0))
        raise PrepareError(
            "zero-flux",
            f"All flux of row {row} is zero between {grid[0]:g} and {grid[-1] + step:g} A.",
            "Leave this spectrum out: it holds no signal.",
        )
    prepared /= (np.sqrt(power) if normalization == "l2" else power)[:, None]
    result = prepared.astype(np.float32)
    return (result if f.ndim == 2 else result[0]), grid


def _checked_wavelength(wavelength: ArrayLike) -> NDArray[np.float64]:
    w = np.asarray(wavelength, dtype=np.float64)
    if w.ndim != 1 or w.size < 2:
        raise PrepareError(
            "wavelength-missing",
            f"Wavelength has shape {w.shape}; one row of at least 2 values is needed.",
            "Read the file with a wavelength scale.",
        )
    if not np.isfinite(w).all():
        raise PrepareError(
            "wavelength-missing",
            f"{np.count_nonzero(~np.isfinite(w))} of {w.size} wavelengths are not finite.",
            "Read the file with a whole wavelength scale.",
        )
    falls = np.flatnonzero(np.diff(w) <= 0)
    if falls.size:
        at = int(falls[0])
        raise PrepareError(
            "wavelength-not-monotonic",
            f"Wavelength does not increase at pixel {at + 1}: {w[at]:g} is followed by {w[at + 1]:g} A.",
            "Sort the spectrum by wavelength and drop repeated pixels.",
        )
    return w


def _good_pixels(
    shape: tuple[int, ...], ivar: ArrayLike | None, mask: ArrayLike | None
) -> NDArray[np.bool_] | None:
    """True where a pixel may be used, (rows, n); None when neither ivar nor mask was given."""
    if ivar is None and mask is None:
        return None
    good = np.ones(shape, dtype=bool)
    for name, given in (("ivar", ivar), ("mask", mask)):
        if given is None:
            continue
        values = np.atleast_2d(np.asarray(given))
        if values.shape != shape:
            raise PrepareError(
                "length-mismatch",
                f"{name} has shape {values.shape} but flux has {shape}.",
                f"Give one {name} value per flux value.",
            )
        good &= (values > 0) if name == "ivar" else ~values.astype(bool)
    return good


def _refuse_nan(rows: NDArray[np.float64]) -> None:
    finite = np.isfinite(rows)
    if not finite.all():
        row = int(np.argmin(finite.all(axis=1)))
        raise PrepareError(
            "nan-flux",
            f"{np.count_nonzero(~finite[row])} of {rows.shape[1]} flux values of row {row} are not finite.",
            "Mask these pixels or leave the spectrum out.",
        )


def _refuse_poor_coverage(
    w: NDArray[np.float64],
    grid: NDArray[np.float64],
    good: NDArray[np.bool_] | None,
    covered: NDArray[np.bool_],
) -> None:
    """Count the grid samples inside the covered stretch whose nearest pixel is good."""
    if good is not None:
        middles = (w[:-1] + w[1:]) / 2.0
        covered = covered & good[:, np.searchsorted(middles, grid)]
    share = covered.mean(axis=1)
    if (share < MINIMUM_COVERAGE).any():
        row = int(np.argmax(share < MINIMUM_COVERAGE))
        raise PrepareError(
            "no-overlap",
            f"Good pixels of row {row} ({w[0]:g} to {w[-1]:g} A) cover {share[row]:.0%} of "
            f"{grid[0]:g} to {2 * grid[-1] - grid[-2]:g} A; at least {MINIMUM_COVERAGE:.0%} is needed.",
            "Use an optical low-resolution spectrum whose good pixels cover this range.",
        )


def _interpolate(
    grid: NDArray[np.float64], w: NDArray[np.float64], rows: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Linear interpolation of every row at once; beyond the ends, the end values."""
    left = np.clip(np.searchsorted(w, grid, side="right") - 1, 0, w.size - 2)
    t = np.clip((grid - w[left]) / (w[left + 1] - w[left]), 0.0, 1.0)
    return rows[:, left] * (1.0 - t) + rows[:, left + 1] * t
