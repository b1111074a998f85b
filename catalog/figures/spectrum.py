"""The figure of one spectrum: flux with its error, masks, continuum, template, lines at a redshift."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from retrieval.detect import DetectParameters, pseudo_continuum
from retrieval.lines import ARM_JOIN, SKY_BANDS, Line
from retrieval.masks import decode
from retrieval.readers import ObservedSpectrum

from .lines import DRAWN_LINES
from .plain import as_dict, rounded

CONTINUUM_STEP = 10.0  # Angstrom; the running median is smooth
MASK_GAP = 3  # masked stretches closer than this many pixels are drawn as one


@dataclass(frozen=True)
class MaskedStretch:
    """Consecutive pixels not to be trusted: first and last wavelength (Angstrom), and why."""

    first: float
    last: float
    reasons: tuple[str, ...]


def masked_stretches(observed: ObservedSpectrum) -> list[MaskedStretch]:
    """Where the spectrum is masked, by increasing wavelength, with the names of the bits set there."""
    bad = np.flatnonzero(observed.bad)
    if not bad.size:
        return []
    cuts = np.flatnonzero(np.diff(bad) > MASK_GAP) + 1
    found = []
    for pixels in np.split(bad, cuts):
        bits = int(np.bitwise_or.reduce(observed.andmask[pixels]))
        names = decode(bits) if observed.has_named_bits else ("the survey's mask",) * bool(bits)
        unweighted = ("no inverse variance",) if (observed.ivar[pixels] <= 0).any() else ()
        first, last = observed.wavelength[pixels[[0, -1]]]
        found.append(MaskedStretch(float(first), float(last), (*names, *unweighted)))
    return found


def spectrum_figure(
    *,
    observed: ObservedSpectrum,
    z: float | None,
    template: ObservedSpectrum | None = None,
    continuum_width: float | None = None,
) -> dict[str, Any]:
    """Plotly data and layout of a spectrum, with the lines of the one table at ``z`` if there is one.

    ``template`` is drawn over it at its own observed wavelengths, as the retrieval compares them, scaled by
    least squares. ``continuum_width`` is the running median's width in Angstrom.
    """
    good = ~observed.bad
    wave, flux = observed.wavelength, observed.flux.astype(np.float64)
    unit = "relative flux" if observed.header.flux_unit == "relative" else observed.header.flux_unit
    figure = go.Figure()
    figure.add_scatter(
        **_error_band(observed), name="±1σ", meta={"role": "band"}, mode="lines", fill="toself",
        hoverinfo="skip", line={"width": 0},
    )  # fmt: skip
    if template is not None:
        scaled = _scaled(template, wave, flux, np.where(good, observed.ivar, 0.0))
        figure.add_scatter(
            x=_wavelengths(template.wavelength), y=rounded(scaled), name="nearest template, scaled",
            meta={"role": "template"}, mode="lines", line={"width": 1}, hoverinfo="skip",
        )  # fmt: skip
    figure.add_scatter(
        x=_wavelengths(wave), y=rounded(flux), name="flux", meta={"role": "flux"}, mode="lines",
        line={"width": 1}, hovertemplate="%{x:.2f} Å<br>%{y:.4g}<extra></extra>",
    )  # fmt: skip
    grid, continuum = _continuum(wave, flux, good, continuum_width or DetectParameters().median_width)
    figure.add_scatter(
        x=_wavelengths(grid), y=rounded(continuum), name="pseudo-continuum", meta={"role": "continuum"},
        mode="lines", line={"width": 2}, hoverinfo="skip",
    )  # fmt: skip
    view = [float(wave[0]), float(wave[-1])]
    lines = [] if z is None else _within(z, view)
    figure.update_layout(
        xaxis={"title": {"text": "Observed vacuum wavelength (Å)"}, "range": view},
        yaxis={"title": {"text": unit}, "range": _flux_range(flux, observed.ivar, good)},
        margin={"l": 64, "r": 16, "t": 56, "b": 96},
        legend={"orientation": "h", "x": 0, "yref": "container", "y": 0, "yanchor": "bottom"},
        hovermode="closest",
        shapes=[*_bands(observed), *(_line_shape(line, at) for line, at in lines)],
        annotations=[_line_label(line, at) for line, at in lines],
    )
    if z is not None:
        # A second axis is drawn only where a trace uses it.
        figure.add_scatter(x=[view[0] / (1 + z)], y=[None], xaxis="x2", showlegend=False, hoverinfo="skip")
        figure.update_layout(
            xaxis2={
                "title": {"text": "Rest vacuum wavelength (Å)"}, "overlaying": "x", "side": "top",
                "range": [edge / (1 + z) for edge in view], "showgrid": False, "tickmode": "auto",
            }
        )  # fmt: skip
    return as_dict(figure)


def _wavelengths(values: NDArray[np.float64]) -> list[float]:
    return np.round(values, 2).tolist()


def _error_band(observed: ObservedSpectrum) -> dict[str, list[float | None]]:
    """A polygon flux + sigma there, flux - sigma back, for each stretch with an error."""
    known = np.flatnonzero(observed.ivar > 0)
    x: list[float | None] = []
    y: list[float | None] = []
    for pixels in np.split(known, np.flatnonzero(np.diff(known) > 1) + 1):
        wave = _wavelengths(observed.wavelength[pixels])
        flux = observed.flux[pixels].astype(np.float64)
        sigma = 1.0 / np.sqrt(observed.ivar[pixels].astype(np.float64))
        x += [*wave, *reversed(wave), None]
        y += [*rounded(flux + sigma, 4), *reversed(rounded(flux - sigma, 4)), None]
    return {"x": x[:-1], "y": y[:-1]}


def _scaled(
    template: ObservedSpectrum,
    wave: NDArray[np.float64],
    flux: NDArray[np.float64],
    weight: NDArray[np.float64],
) -> NDArray[np.float64]:
    usable = ~template.bad
    if not usable.any():
        return np.full(template.flux.shape, np.nan)
    other = template.flux.astype(np.float64)
    on_wave = np.interp(wave, template.wavelength[usable], other[usable], left=0.0, right=0.0)
    power = float((weight * on_wave**2).sum())
    scale = float((weight * on_wave * flux).sum()) / power if power > 0 else 1.0
    return np.where(usable, other * scale, np.nan)


def _continuum(
    wave: NDArray[np.float64], flux: NDArray[np.float64], good: NDArray[np.bool_], width: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    grid = np.arange(wave[0], wave[-1], 2.0)
    kept = good if good.sum() > 1 else np.ones_like(good)
    continuum = pseudo_continuum(grid, np.interp(grid, wave[kept], flux[kept]), width)
    every = slice(None, None, int(CONTINUUM_STEP / 2.0))
    return grid[every], continuum[every]


def _flux_range(flux: NDArray[np.float64], ivar: NDArray[np.float32], good: NDArray[np.bool_]) -> list[float]:
    """The flux axis: most good pixels, and every one that stands out significantly (a line)."""
    kept = good if good.any() else np.ones_like(good)
    low, high = np.percentile(flux[kept], [0.5, 99.5])
    significant = kept & (flux * np.sqrt(np.maximum(ivar, 0.0)) > 10.0)
    if significant.any():
        high = max(high, float(flux[significant].max()))
    pad = 0.06 * (high - low) or 1.0
    return [float(f"{low - pad:.5g}"), float(f"{high + 2 * pad:.5g}")]


def _bands(observed: ObservedSpectrum) -> list[dict[str, Any]]:
    """Stretches that stay where they are when the redshift changes."""
    bands = [("sky", first, last) for first, last in SKY_BANDS]
    if observed.header.survey == "LAMOST":
        bands.append(("join", *ARM_JOIN))
    bands += [("mask", stretch.first, stretch.last) for stretch in masked_stretches(observed)]
    return [
        {
            "name": name, "type": "rect", "x0": round(max(first, observed.wavelength[0]), 2),
            "x1": round(min(last, observed.wavelength[-1]), 2), "yref": "paper", "y0": 0, "y1": 1,
            "layer": "below", "line": {"width": 0},
        }
        for name, first, last in bands
        if last >= observed.wavelength[0] and first <= observed.wavelength[-1]
    ]  # fmt: skip


def _within(z: float, view: list[float]) -> list[tuple[Line, float]]:
    """Lines that fall into the view, with their observed wavelengths."""
    observed = ((line, line.wavelength * (1 + z)) for line in DRAWN_LINES)
    return [(line, at) for line, at in observed if view[0] <= at <= view[1]]


def _line_shape(line: Line, at: float) -> dict[str, Any]:
    return {
        "name": f"line:{line.key}", "type": "line", "x0": at, "x1": at, "yref": "paper", "y0": 0, "y1": 1,
        "layer": "below", "line": {"width": 1, "dash": "dot" if line.kind == "emission" else "dashdot"},
    }  # fmt: skip


def _line_label(line: Line, at: float) -> dict[str, Any]:
    return {
        "name": f"line:{line.key}", "text": line.label, "x": at, "yref": "paper",
        "y": 0.995, "yanchor": "top", "xanchor": "right", "textangle": -90, "showarrow": False,
        "font": {"size": 11},
    }  # fmt: skip
