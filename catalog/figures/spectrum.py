"""The figure of one spectrum: arrays and words, which static/js/viewer.js draws.

It is made of observed arrays alone, so that it serves a spectrum that was just uploaded as well as one held.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from retrieval.detect import DetectParameters, pseudo_continuum
from retrieval.lines import ARM_JOIN, LINE, SKY_BANDS, SPEED_OF_LIGHT
from retrieval.masks import MASK_BIT, decode
from retrieval.measure import REPORTED, WINDOWS
from retrieval.readers import ObservedSpectrum

from .lines import DRAWN_LINES
from .plain import rounded

Array = NDArray[np.float64]

CONTINUUM_STEP = 10.0  # Angstrom; the running median is smooth
VIEWER_PARTS = (
    ("error", "error, ±1σ"),
    ("masks", "masked pixels"),
    ("sky", "sky bands and arm join"),
    ("continuum", "pseudo-continuum"),
    ("fit", "fitted lines"),
    ("residual", "residual below"),
)
"""What a reader may switch off, as static/js/viewer.js names it, and its label."""
FIT_REACH = 5.0  # sigma either side of a fitted line that are drawn


@dataclass(frozen=True)
class MaskRun:
    """Consecutive pixels with one mask, ends included; ``bad`` where they are not to be used."""

    pixels: tuple[int, int]
    first: float
    last: float
    bad: bool
    why: str


@dataclass(frozen=True)
class Overlay:
    """Another spectrum that can be drawn over this one: at observed wavelengths, as the retrieval compares.

    ``key`` names it in addresses, ``link`` is its page, ``url`` answers with `compared`. With ``observed``
    its flux comes with the figure: that of the nearest template does.
    """

    key: str
    label: str
    kind: Literal["template", "epoch"]
    z: float | None
    link: str
    url: str
    observed: ObservedSpectrum | None = None


class Fitted(Protocol):
    """What is drawn of a fitted line: a row of the database, or what ``retrieval.measure`` returns."""

    @property
    def line(self) -> str: ...
    @property
    def flux(self) -> float | None: ...
    @property
    def center(self) -> float: ...
    @property
    def sigma_kms(self) -> float | None: ...
    @property
    def continuum(self) -> float | None: ...


def spectrum_figure(
    *,
    observed: ObservedSpectrum,
    z: float | None,
    overlays: Sequence[Overlay] = (),
    fits: Iterable[Fitted] = (),
    continuum_width: float | None = None,
) -> dict[str, Any]:
    """What the viewer draws; static/js/viewer.js describes the form. Wavelengths are vacuum Angstrom.

    ``overlays`` are offered in their order, ``fits`` drawn over the data. ``continuum_width`` is the running
    median's width in Angstrom.
    """
    good = ~observed.bad
    wave, flux = observed.wavelength, observed.flux.astype(np.float64)
    grid, continuum = _continuum(wave, flux, good, continuum_width or DetectParameters().median_width)
    return {
        "name": observed.name,
        "z": z,
        "unit": "relative flux" if observed.header.flux_unit == "relative" else observed.header.flux_unit,
        "wavelength": np.round(wave, 3).tolist(),
        "flux": rounded(flux),
        "error": rounded(_error(observed), 4),
        "masks": [asdict(run) for run in mask_runs(observed)],
        "bands": _bands(observed),
        "continuum": {"wavelength": np.round(grid, 2).tolist(), "flux": rounded(continuum)},
        "fit": _fitted(fits),
        "overlays": [_overlay(observed, overlay) for overlay in overlays],
        "range": _flux_range(flux, observed.ivar, good),
        "lines": [asdict(line) for line in DRAWN_LINES],
    }


def compared(*, observed: ObservedSpectrum, other: ObservedSpectrum) -> dict[str, Any]:
    """``other`` on the pixels of ``observed``, scaled to it by inverse-variance weighted least squares.

    ``flux`` holds None where the other is masked or has no pixels; ``scale`` is what it was multiplied by.
    """
    usable = ~other.bad
    if usable.sum() < 2:
        return {"flux": [None] * observed.wavelength.size, "scale": None}
    wave, values = other.wavelength, other.flux.astype(np.float64)
    there = np.interp(observed.wavelength, wave, (~usable).astype(np.float64), left=1.0, right=1.0) == 0
    on_pixels = np.interp(observed.wavelength, wave[usable], values[usable])
    weight = np.where(there & ~observed.bad, observed.ivar, 0.0)
    power = float((weight * on_pixels**2).sum())
    scale = float((weight * on_pixels * observed.flux).sum()) / power if power > 0 else 1.0
    return {"flux": rounded(np.where(there, on_pixels * scale, np.nan)), "scale": float(f"{scale:.5g}")}


def mask_runs(observed: ObservedSpectrum) -> list[MaskRun]:
    """Where the mask says anything, by increasing wavelength, and what it says in words."""
    bits = observed.andmask.astype(np.int64)
    if not observed.has_named_bits:
        bits = (bits != 0).astype(np.int64)
    unweighted = ~(observed.ivar > 0)
    state = 2 * bits + unweighted
    cuts = np.flatnonzero(np.diff(state)) + 1
    runs = []
    for start, stop in zip([0, *cuts], [*cuts, state.size], strict=True):
        if not state[start]:
            continue
        words = ["no inverse variance"] * bool(unweighted[start])
        if observed.has_named_bits:
            words = [MASK_BIT[name].words for name in decode(int(bits[start]))] + words
        elif bits[start]:
            words = ["the survey's mask", *words]
        bad = bool(observed.bad[start])
        first, last = (round(float(observed.wavelength[at]), 1) for at in (start, stop - 1))
        runs.append(MaskRun((int(start), int(stop) - 1), first, last, bad, ", ".join(words)))
    return runs


def _overlay(observed: ObservedSpectrum, overlay: Overlay) -> dict[str, Any]:
    told = {name: value for name, value in vars(overlay).items() if name != "observed"}
    return told | (compared(observed=observed, other=overlay.observed) if overlay.observed else {})


def _error(observed: ObservedSpectrum) -> Array:
    """One sigma of each pixel, NaN where there is none."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(observed.ivar > 0, 1.0 / np.sqrt(observed.ivar.astype(np.float64)), np.nan)


def _continuum(wave: Array, flux: Array, good: NDArray[np.bool_], width: float) -> tuple[Array, Array]:
    grid = np.arange(wave[0], wave[-1], 2.0)
    kept = good if good.sum() > 1 else np.ones_like(good)
    continuum = pseudo_continuum(grid, np.interp(grid, wave[kept], flux[kept]), width)
    every = slice(None, None, int(CONTINUUM_STEP / 2.0))
    return grid[every], continuum[every]


def _fitted(fits: Iterable[Fitted]) -> dict[str, list[float | None]]:
    """The sum of the Gaussians over their local continuum, window by window, None between two windows."""
    by_key = {fit.line: fit for fit in fits}
    x: list[float | None] = []
    y: list[float | None] = []
    for window in WINDOWS:
        known = [
            (fit, float(fit.flux), float(fit.sigma_kms), float(fit.continuum))
            for key, parts in REPORTED.items()
            if parts[0] in window.keys and (fit := by_key.get(key)) is not None
            and fit.flux is not None and fit.sigma_kms is not None and fit.continuum is not None
        ]  # fmt: skip
        known = [row for row in known if np.isfinite(row[1:]).all()]
        if not known:
            continue
        centers = np.array([fit.center for fit, *_ in known])
        level = np.polynomial.Polynomial.fit(centers, [row[3] for row in known], deg=min(len(known) - 1, 1))
        reach = FIT_REACH * max(row[0].center * row[2] for row in known) / SPEED_OF_LIGHT
        grid = np.arange(centers.min() - reach, centers.max() + reach, 0.5)
        total = level(grid)
        for fit, flux, sigma_kms, _ in known:
            parts = REPORTED[fit.line]
            for part in parts:  # a blend is reported as one flux: its members are drawn alike
                center = fit.center * LINE[part].wavelength / LINE[fit.line].wavelength
                sigma = center * sigma_kms / SPEED_OF_LIGHT
                peak = flux / len(parts) / (sigma * np.sqrt(2 * np.pi))
                total = total + peak * np.exp(-0.5 * ((grid - center) / sigma) ** 2)
        x += [*np.round(grid, 2).tolist(), None]
        y += [*rounded(total), None]
    return {"wavelength": x[:-1], "flux": y[:-1]}


def _flux_range(flux: Array, ivar: NDArray[np.float32], good: NDArray[np.bool_]) -> list[float]:
    """The flux axis: most good pixels, and every one that stands out significantly (a line)."""
    kept = good if good.any() else np.ones_like(good)
    low, high = np.percentile(flux[kept], [0.5, 99.5])
    significant = kept & (flux * np.sqrt(np.maximum(ivar, 0.0)) > 10.0)
    if significant.any():
        high = max(high, float(flux[significant].max()))
    pad = 0.06 * (high - low) or 1.0
    return [float(f"{low - pad:.5g}"), float(f"{high + 2 * pad:.5g}")]


def _bands(observed: ObservedSpectrum) -> list[dict[str, Any]]:
    """Stretches of observed wavelength that stay where they are when the redshift changes."""
    bands = [("sky", *band, "night-sky lines or telluric absorption") for band in SKY_BANDS]
    if observed.header.survey == "LAMOST":
        bands.append(("join", *ARM_JOIN, "join of the blue and the red arm"))
    start, stop = (float(end) for end in observed.wavelength[[0, -1]])
    return [
        {"kind": kind, "first": round(max(first, start), 2), "last": round(min(last, stop), 2), "why": why}
        for kind, first, last, why in bands
        if last >= start and first <= stop
    ]
