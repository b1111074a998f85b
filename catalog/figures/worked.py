"""Plots of the worked example: the spectra in their segments, the centres, and what each segment adds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import plotly.graph_objects as go

from catalog.worked_example import Example

from .drawing import layout
from .plain import as_dict, rounded

ROLES = ("first", "second", "third", "fourth")
DASHES = ("solid", "dash", "dot", "dashdot")
THINNED = 2  # samples of the grid to one that is drawn


def _borders(example: Example) -> list[dict[str, Any]]:
    return [
        {
            "type": "line", "x0": edge, "x1": edge, "y0": 0, "y1": 1, "yref": "paper",
            "line": {"width": 1, "dash": "dot", "color": "rgba(125, 138, 135, 0.6)"},
        }
        for edge in example.edges
    ]  # fmt: skip


def spectra_plot(example: Example) -> dict[str, Any]:
    """The prepared spectra one above the other, each with what its codes stand for."""
    figure = go.Figure()
    wave = rounded(example.grid[::THINNED], 6)
    codes = example.codes.astype(np.intp)
    decoded = example.centers[np.arange(codes.shape[1]), codes].reshape(len(codes), -1)
    for n, role in enumerate(ROLES):
        own, shift = example.prepared[n], len(ROLES) - 1 - n
        low, scale = float(own.min()), float(np.ptp(own)) / 0.9
        for values, colour, line in (
            (own, role, {"width": 1.2}),
            (decoded[n], "curve", {"width": 1, "dash": "dot"}),
        ):
            figure.add_scatter(
                x=wave, y=rounded((values[::THINNED] - low) / scale + shift), mode="lines", line=line,
                name=_label(example, n), meta={"role": colour}, hoverinfo="skip", showlegend=values is own,
            )  # fmt: skip
    figure.update_layout(layout("Wavelength (Å)", "Prepared flux (scaled)", shapes=_borders(example)))
    figure.update_layout(yaxis={"showticklabels": False}, meta={"narrow": {"l": 32, "b": 180}})
    return as_dict(figure)


def centers_plot(example: Example) -> dict[str, Any]:
    """The K centres of every segment, and the query."""
    figure = go.Figure()
    wave = example.grid[::THINNED]
    figure.add_scatter(
        x=rounded(wave, 6), y=rounded(example.prepared[-1][::THINNED]), mode="lines", name="the query",
        line={"width": 1}, meta={"role": "unclassified"}, hoverinfo="skip",
    )  # fmt: skip
    for k in range(example.centers.shape[1]):
        x, y = [], []
        for m, center in enumerate(example.centers[:, k]):
            width = center.size
            x += [*rounded(example.grid[m * width : (m + 1) * width : THINNED], 6), None]
            y += [*rounded(center[::THINNED]), None]
        figure.add_scatter(
            x=x, y=y, mode="lines", name=f"centre {k}", line={"width": 1.5, "dash": DASHES[k]},
            meta={"role": ROLES[k]}, hoverinfo="skip",
        )  # fmt: skip
    figure.update_layout(layout("Wavelength (Å)", "Prepared flux", shapes=_borders(example)))
    return as_dict(figure)


def segments_plot(example: Example) -> dict[str, Any]:
    """What each segment adds to the distance of the query from each spectrum."""
    figure = go.Figure()
    edges = rounded(example.edges, 6)
    for n, role in enumerate(ROLES):
        parts = example.parts[n]
        figure.add_scatter(
            x=edges, y=rounded([*parts, parts[-1]]), mode="lines",
            line={"shape": "hv", "width": 2, "dash": DASHES[n]}, name=_label(example, n), meta={"role": role},
            hovertemplate="from %{x} Å<br>adds %{y:.4g}<extra></extra>",
        )  # fmt: skip
    figure.update_layout(layout("Wavelength (Å)", "Added to the distance"))
    figure.update_layout(meta={"narrow": {"l": 56, "b": 200}})
    return as_dict(figure)


def _label(example: Example, n: int) -> str:
    return f"{n + 1}{' (query)' if n == len(ROLES) - 1 else ''}: {example.spectra[n].name}"


PLOTS: dict[str, Callable[[Example], dict[str, Any]]] = {
    "spectra": spectra_plot,
    "centres": centers_plot,
    "segments": segments_plot,
}
