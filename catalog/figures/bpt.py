"""The BPT figure: galaxies by class among the curves of the literature."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go

from catalog.models import Candidate
from retrieval.diagnose import (
    KAUFFMANN03_END,
    KEWLEY01_END,
    kauffmann03,
    kewley01,
    schawinski07,
)

from .plain import as_dict, rounded

X_RANGE, Y_RANGE = (-2.0, 0.8), (-1.5, 1.6)
SYMBOLS = {
    Candidate.BptClass.STAR_FORMING: "circle",
    Candidate.BptClass.COMPOSITE: "diamond",
    Candidate.BptClass.LINER: "triangle-up",
    Candidate.BptClass.SEYFERT: "square",
    Candidate.BptClass.UNCLASSIFIED: "circle-open",
}


@dataclass(frozen=True)
class BptPoint:
    """One galaxy of the diagram; ratios and their errors in dex."""

    name: str
    url: str
    z: float
    x: float
    x_err: float | None
    y: float
    y_err: float | None
    bpt_class: str


def bpt_figure(points: Sequence[BptPoint]) -> dict[str, Any]:
    """Plotly data and layout. Each point carries its name, the address of its page, z and both errors."""
    figure = go.Figure()
    for bpt_class, symbol in SYMBOLS.items():
        chosen = [point for point in points if point.bpt_class == bpt_class]
        if not chosen:
            continue
        figure.add_scattergl(
            x=rounded([point.x for point in chosen], 4), y=rounded([point.y for point in chosen], 4),
            customdata=[[point.name, point.url, round(point.z, 5), *_errors(point)] for point in chosen],
            name=f"{bpt_class.label} ({len(chosen)})", meta={"role": str(bpt_class)}, mode="markers",
            marker={"symbol": symbol, "size": 7, "opacity": 0.75},
            hovertemplate=(
                "<b>%{customdata[0]}</b><br>z %{customdata[2]}<br>log([N II]/Hα) %{x:.3f} ± %{customdata[3]}"
                "<br>log([O III]/Hβ) %{y:.3f} ± %{customdata[4]}<extra></extra>"
            ),
        )  # fmt: skip
    low_x, low_y = X_RANGE[0], Y_RANGE[0]
    kauffmann = np.linspace(low_x, KAUFFMANN03_END - 0.02, 200)
    kewley = np.linspace(low_x, KEWLEY01_END - 0.02, 200)
    # Below Kewley 2001 nothing is active: the line between LINER and Seyfert begins at it.
    between = np.linspace(low_x, X_RANGE[1], 400)
    between = between[(between >= KEWLEY01_END) | (schawinski07(between) >= kewley01(between))]
    for name, x, y, dash in (
        ("Kauffmann et al. 2003", kauffmann, kauffmann03(kauffmann), "dash"),
        ("Kewley et al. 2001", kewley, kewley01(kewley), "solid"),
        ("Schawinski et al. 2007", between, schawinski07(between), "dot"),
    ):
        seen = y >= low_y - 1.0
        figure.add_scatter(
            x=rounded(x[seen], 4), y=rounded(y[seen], 4), name=name, mode="lines", hoverinfo="skip",
            line={"dash": dash, "width": 1.5}, meta={"role": "curve"},
        )  # fmt: skip
    figure.update_layout(
        xaxis={"title": {"text": "log([N II] 6585 / Hα)"}, "range": list(X_RANGE), "zeroline": False},
        yaxis={"title": {"text": "log([O III] 5008 / Hβ)"}, "range": list(Y_RANGE), "zeroline": False},
        margin={"l": 64, "r": 16, "t": 16, "b": 104},
        legend={"orientation": "h", "x": 0, "yref": "container", "y": 0, "yanchor": "bottom"},
        hovermode="closest",
        dragmode="zoom",
    )
    return as_dict(figure)


def _errors(point: BptPoint) -> list[str]:
    return ["unknown" if error is None else f"{error:.3f}" for error in (point.x_err, point.y_err)]
