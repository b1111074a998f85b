"""Redshifts beside those that the services give."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import plotly.graph_objects as go
from django.db.models import F, FloatField, QuerySet
from django.db.models.expressions import ExpressionWrapper

from .drawing import Cell, Data, TextTable, Told, layout
from .histogram import binned
from .plain import as_dict, rounded
from .shown import Shown

MOST_POINTS = 20_000  # of one service: more would be one blot
EDGES = (-0.01, -0.003, -0.001, -0.0003, 0.0003, 0.001, 0.003, 0.01)
ROLES = (("first", "circle"), ("second", "diamond"), ("third", "triangle-up"))


@dataclass(frozen=True)
class Comparison:
    """Column ``value`` against each of the columns ``others`` (label and column)."""

    value: str
    others: tuple[tuple[str, str], ...]

    def _pairs(self, shown: Shown, other: str) -> QuerySet[Any]:
        return shown.rows.filter(**{f"{shown.path(other)}__isnull": False}).order_by("pk")

    def tell(self, shown: Shown) -> Told:
        """Counted in the database, by the difference of the two redshifts."""
        columns, sentences = [], []
        own = shown.path(self.value)
        for label, other in self.others:
            difference = ExpressionWrapper(F(own) - F(shown.path(other)), output_field=FloatField())
            found = binned(self._pairs(shown, other), difference, EDGES)
            counts = [found.get((n,), 0) for n in range(len(EDGES) + 1)]
            columns.append(counts)
            total, near = sum(counts), sum(counts[3:6])
            drawn = f", the first {MOST_POINTS:,} of them drawn" if total > MOST_POINTS else ""
            sentences.append(
                f"{label} gives a redshift of {total:,}{drawn}; {near:,} of them are within 0.001 of ours."
            )
        names = [
            f"below {EDGES[0]:g}", *(f"{low:g} to {high:g}" for low, high in pairwise(EDGES)),
            f"{EDGES[-1]:g} or more",
        ]  # fmt: skip
        headings = ("Our z minus theirs", *(label for label, _ in self.others))
        rows = tuple((name, *values) for name, *values in zip(names, *columns, strict=True))
        return Told(tuple(sentences), (TextTable("Galaxies by difference of redshift", headings, rows),))

    def _points(self, shown: Shown, other: str) -> list[tuple[Any, ...]]:
        paths = ("file_LAMOST", "spectrum__release__slug", self.value, other)
        return list(self._pairs(shown, other).values_list(*map(shown.path, paths))[:MOST_POINTS])

    def plot(self, shown: Shown) -> dict[str, Any]:
        figure = go.Figure()
        ends = []
        for (label, other), (role, symbol) in zip(self.others, ROLES, strict=True):
            points = self._points(shown, other)
            theirs = [point[3] for point in points]
            ends += [value for point in points for value in point[2:]]
            figure.add_scattergl(
                x=rounded(theirs, 7), y=rounded([point[2] for point in points], 7), mode="markers",
                customdata=[[name, shown.page_of(name, release)] for name, release, *_ in points],
                name=f"{label} ({len(points):,})", meta={"role": role},
                marker={"symbol": symbol, "size": 7, "opacity": 0.7},
                hovertemplate="<b>%{customdata[0]}</b><br>theirs %{x:.5f}<br>ours %{y:.5f}"
                f"<extra>{label}</extra>",
            )  # fmt: skip
        line = rounded([min(ends), max(ends)]) if ends else []
        figure.add_scatter(
            x=line, y=line, name="equal", mode="lines", hoverinfo="skip", line={"dash": "dot", "width": 1},
            meta={"role": "curve"},
        )  # fmt: skip
        figure.update_layout(layout("z of the service", "z from emission lines"))
        return as_dict(figure)

    def data(self, shown: Shown) -> Data:
        rows: list[tuple[Cell, ...]] = [
            (name, label, z, z_there)
            for label, other in self.others
            for name, _, z, z_there in self._points(shown, other)
        ]
        return Data(("file_LAMOST", "service", self.value, "z_service"), rows)
