"""Emission lines by threshold over a pseudo-continuum: the sliding-window search of Lu et al. 2022."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.ndimage import maximum_filter1d, median_filter


@dataclass(frozen=True)
class DetectParameters:
    """Parameters of the line search, in Angstrom where not said otherwise.

    `median_width`: width of the median filter that gives the pseudo-continuum: ten times the widest line or
    blend, so that lines do not lift it, and narrower than the curves of a stellar continuum.
    `quantile`: residuals above this quantile are strong (0.90: the paper's top tenth of the flux values).
    `window`: width of the sliding window. A line is where the mean residual over the window is strong, and
    largest within a window to either side; wider than a noise spike, narrower than the 21 A between H alpha
    and [N II].
    """

    median_width: float = 300.0
    quantile: float = 0.90
    window: float = 10.0

    def __post_init__(self) -> None:
        if not (self.median_width > self.window > 0):
            raise ValueError(
                f"median_width is {self.median_width} A and window {self.window} A: "
                "need median_width > window > 0."
            )
        if not 0 < self.quantile < 1:
            raise ValueError(f"quantile is {self.quantile}; it must lie between 0 and 1.")


@dataclass(frozen=True)
class DetectedLines:
    """Lines found in one spectrum, by increasing wavelength: arrays of one length, wavelengths in Angstrom.

    All stem from the residual over the pseudo-continuum, averaged over the sliding window: `center` is
    weighted by it, `first` and `last` are the outermost strong samples, `peak` is its highest value and
    `flux` its sum times the step over those samples. `continuum` is the pseudo-continuum on the whole grid.
    """

    center: NDArray[np.float64]
    first: NDArray[np.float64]
    last: NDArray[np.float64]
    peak: NDArray[np.float64]
    flux: NDArray[np.float64]
    continuum: NDArray[np.float64]

    def __len__(self) -> int:
        return int(self.center.size)


def pseudo_continuum(grid: ArrayLike, x: ArrayLike, width: float) -> NDArray[np.float64]:
    """Running median of `x` (n,) over `width` Angstrom of the evenly spaced `grid` (n,)."""
    wavelength, flux = _checked(grid, x)
    return median_filter(flux, size=_samples(width, wavelength), mode="nearest")


def detect_lines(
    grid: ArrayLike, x: ArrayLike, *, parameters: DetectParameters | None = None
) -> DetectedLines:
    """Find emission lines in a prepared spectrum `x` (n,) on its evenly spaced `grid` (n,), Angstrom.

    Subtract the pseudo-continuum; call the top tenth of the residuals strong; slide a window along and take
    each place where its mean is strong and highest. Lines that touch are cut at the lowest sample between
    their peaks. ValueError when the two arrays do not fit together or hold values that are not finite.
    """
    parameters = parameters or DetectParameters()
    wavelength, flux = _checked(grid, x)
    continuum = pseudo_continuum(wavelength, flux, parameters.median_width)
    residual = flux - continuum
    threshold = max(float(np.quantile(residual, parameters.quantile)), 0.0)

    window = _samples(parameters.window, wavelength)
    half = window // 2
    mean = np.convolve(np.pad(residual, half, mode="edge"), np.full(window, 1.0 / window), mode="valid")
    strong = mean > threshold
    peaks = np.flatnonzero(strong & (mean == maximum_filter1d(mean, window, mode="nearest")))
    peaks = peaks[np.diff(peaks, prepend=-window) > half]  # a flat top counts once

    bounds = [_extent(strong, mean, peaks, i) for i in range(peaks.size)]
    center = np.array(
        [_center(wavelength, mean, *b, int(p), half) for p, b in zip(peaks, bounds, strict=True)]
    )
    step = wavelength[1] - wavelength[0]
    line_flux = np.array([mean[first : last + 1].sum() * step for first, last in bounds], dtype=np.float64)
    first, last = np.array(bounds, dtype=np.intp).reshape(-1, 2).T
    return DetectedLines(
        center.astype(np.float64), wavelength[first], wavelength[last], mean[peaks], line_flux, continuum
    )


def _extent(
    strong: NDArray[np.bool_], mean: NDArray[np.float64], peaks: NDArray[np.intp], i: int
) -> tuple[int, int]:
    """First and last strong sample about the i-th peak, no further than the dips towards its neighbours."""
    peak = int(peaks[i])
    low = 0 if i == 0 else _lowest(mean, int(peaks[i - 1]), peak) + 1
    high = mean.size - 1 if i == peaks.size - 1 else _lowest(mean, peak, int(peaks[i + 1]))
    before = np.flatnonzero(~strong[low:peak])
    after = np.flatnonzero(~strong[peak : high + 1])
    first = low + int(before[-1]) + 1 if before.size else low
    last = peak + int(after[0]) - 1 if after.size else high
    return first, last


def _lowest(mean: NDArray[np.float64], start: int, stop: int) -> int:
    return start + int(np.argmin(mean[start:stop]))


def _center(
    wavelength: NDArray[np.float64], mean: NDArray[np.float64], first: int, last: int, peak: int, half: int
) -> float:
    """Flux-weighted wavelength, over the window about the peak and no further than the line's own samples.

    The wings of a long strong stretch are other features.
    """
    near = slice(max(first, peak - half), min(last, peak + half) + 1)
    return float(wavelength[near] @ mean[near] / mean[near].sum())


def _samples(width: float, wavelength: NDArray[np.float64]) -> int:
    """The odd number of samples nearest to `width` Angstrom, so that windows are centred."""
    return 2 * int(width / (wavelength[1] - wavelength[0]) / 2) + 1


def _checked(grid: ArrayLike, x: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    wavelength, flux = np.asarray(grid, dtype=np.float64), np.asarray(x, dtype=np.float64)
    if wavelength.ndim != 1 or wavelength.shape != flux.shape or wavelength.size < 2:
        raise ValueError(f"Grid has shape {wavelength.shape}, flux {flux.shape}: both must be one (n,).")
    if not (np.isfinite(wavelength).all() and np.isfinite(flux).all()):
        raise ValueError(f"{np.count_nonzero(~np.isfinite(flux))} of {flux.size} flux values are not finite.")
    steps = np.diff(wavelength)
    if not (steps[0] > 0 and np.allclose(steps, steps[0], rtol=1e-6)):
        raise ValueError(f"The grid is not even: its steps run from {steps.min():g} to {steps.max():g} A.")
    return wavelength, flux
