"""The BPT figure: galaxies by class among the curves of the literature."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go
from django.db.models import Count, Q, QuerySet

from catalog.lean import lean
from catalog.models import Candidate
from retrieval.diagnose import (
    KAUFFMANN03_END,
    KEWLEY01_END,
    kauffmann03,
    kewley01,
    schawinski07,
)

from .drawing import Data, TextTable, Told, layout
from .plain import as_dict, rounded
from .shown import Shown

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
    probability: float | None


def bpt_figure(points: Sequence[BptPoint]) -> dict[str, Any]:
    """Plotly data and layout. Each point carries its name, the address of its page, z, both errors, and the
    probability of its class."""
    figure = go.Figure()
    for bpt_class, symbol in SYMBOLS.items():
        chosen = [point for point in points if point.bpt_class == bpt_class]
        if not chosen:
            continue
        figure.add_scattergl(
            x=rounded([point.x for point in chosen], 4), y=rounded([point.y for point in chosen], 4),
            customdata=[[point.name, point.url, round(point.z, 5), *_in_words(point)] for point in chosen],
            name=f"{bpt_class.label} ({len(chosen)})", meta={"role": str(bpt_class)}, mode="markers",
            marker={"symbol": symbol, "size": 7, "opacity": 0.75},
            hovertemplate=(
                "<b>%{customdata[0]}</b><br>z %{customdata[2]}<br>log([N II]/Hα) %{x:.3f} ± %{customdata[3]}"
                "<br>log([O III]/Hβ) %{y:.3f} ± %{customdata[4]}"
                f"<br>{bpt_class.label}%{{customdata[5]}}<extra></extra>"
            ),
        )  # fmt: skip
    for name, dash, x, y in literature():
        figure.add_scatter(
            x=x, y=y, name=name, mode="lines", hoverinfo="skip", line={"dash": dash, "width": 1.5},
            meta={"role": "curve"},
        )  # fmt: skip
    drawn = layout("log([N II] 6585 / Hα)", "log([O III] 5008 / Hβ)", meta={"narrow": {"l": 48, "b": 220}})
    drawn["xaxis"]["range"], drawn["yaxis"]["range"] = list(X_RANGE), list(Y_RANGE)
    figure.update_layout(drawn)
    return as_dict(figure)


def literature() -> Iterator[tuple[str, str, list[float | None], list[float | None]]]:
    """The curves of the diagram: name, dash, and the two ratios in dex."""
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
        yield name, dash, rounded(x[seen], 4), rounded(y[seen], 4)


def _in_words(point: BptPoint) -> list[str]:
    errors = ["unknown" if error is None else f"{error:.3f}" for error in (point.x_err, point.y_err)]
    return [*errors, "" if point.probability is None else f", probability {point.probability:.2f}"]


X, Y, CLASS, REASON = "log(NII_H)", "log(OIII_Hb)", "class_our", "class_reason"
PROBABILITY = {
    "star-forming": "p_star_forming", "composite": "p_composite", "LINER": "p_LINER", "Seyfert": "p_Seyfert"
}  # fmt: skip


@dataclass(frozen=True)
class Bpt:
    """The diagram of the galaxies that have both ratios, and all of them counted by class."""

    def _has_both(self, shown: Shown) -> Q:
        return Q(**{f"{shown.path(name)}__isnull": False for name in (X, Y)})

    def _points(self, shown: Shown) -> list[tuple[Any, ...]]:
        """Name, release, z, ratios with errors, class, its probability, and the lowest S/N of the lines."""
        names = ("file_LAMOST", "spectrum__release__slug", "z_CL", X, f"{X}_err", Y, f"{Y}_err", CLASS)
        more = ("snr_min", *PROBABILITY.values())
        paths = [shown.path(name) for name in (*names, *more)]
        rows = lean(shown.rows, *paths).filter(self._has_both(shown)).order_by("pk").values_list(*paths)
        order = list(PROBABILITY)
        points = []
        for row in rows:
            *point, bpt_class, snr = row[:9]
            probability = row[9 + order.index(bpt_class)] if bpt_class in order else None
            points.append((*point, bpt_class, probability, snr))
        return points

    def tell(self, shown: Shown) -> Told:
        paths = (shown.path(CLASS), shown.path(REASON))
        rows: QuerySet[Any] = lean(shown.rows, *paths).order_by().values_list(*paths)
        found, reasons, drawn = Counter[str](), Counter[str](), 0
        for bpt_class, reason, n, both in rows.annotate(
            n_=Count("pk"), both_=Count("pk", filter=self._has_both(shown))
        ):
            found[bpt_class] += n
            drawn += both
            if bpt_class == Candidate.BptClass.UNCLASSIFIED:
                reasons[reason] += n
        classes = [(str(label), found.get(value, 0)) for value, label in Candidate.BptClass.choices]
        if unmeasured := found.get("", 0):
            classes.append(("not measured yet", unmeasured))
        total = sum(n for _, n in classes)
        tables = [TextTable("Galaxies by class", ("Class", "Galaxies"), tuple(classes))]
        often = sorted(reasons.items(), key=lambda one: (-one[1], one[0]))
        if why := tuple((name or "no reason recorded", n) for name, n in often):
            tables.append(TextTable("Why the unclassified are", ("Reason", "Galaxies"), why))
        sentences = (
            f"{drawn:,} of {total:,} galaxies have both ratios and are drawn.",
            "Stellar absorption under the Balmer lines is taken out.",
        )
        return Told(sentences, tuple(tables))

    def plot(self, shown: Shown) -> dict[str, Any]:
        return bpt_figure(
            [
                BptPoint(name, shown.page_of(name, release), *rest)
                for name, release, *rest, _ in self._points(shown)
            ]
        )

    def data(self, shown: Shown) -> Data:
        headings = ("file_LAMOST", "z", X, f"{X}_err", Y, f"{Y}_err", CLASS, "probability", "snr_min")
        return Data(headings, [(name, *rest) for name, _, *rest in self._points(shown)])
