"""Histograms of one value: the database counts, no row is loaded."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import plotly.graph_objects as go
from django.contrib.postgres.fields import ArrayField
from django.db.models import Count, F, FloatField, Func, IntegerField, Max, Min, QuerySet, Value

from catalog.lean import lean

from .drawing import Cell, Data, TextTable, Told, layout
from .plain import as_dict, rounded
from .shown import Shown

MOST_BINS = 40
KINDS = (("galaxy", "galaxies", "first"), ("nebula", "nebulae", "second"))
"""Value in the database, words, and role of the colour."""


def binned(rows: QuerySet[Any], value: Any, edges: Sequence[float], *by: str) -> dict[tuple[Any, ...], int]:
    """Rows by bin and by the fields ``by``: {(bin, *by): n}.

    Bin 0 lies below the first edge, bin i holds edges[i - 1] <= value < edges[i], the last one all above.
    Rows without a value are left out.
    """
    bucket = Func(
        value, Value(list(edges), output_field=ArrayField(FloatField())), function="WIDTH_BUCKET",
        output_field=IntegerField(),
    )  # fmt: skip
    counts = (rows.order_by().annotate(bin_=bucket).filter(bin_=F("bin_")).values_list("bin_", *by)).annotate(
        n=Count("pk")
    )
    return {tuple(key): n for *key, n in counts}


def nice_edges(low: float, high: float, finest: float, most: int = MOST_BINS) -> list[float]:
    """Edges at multiples of 1, 2 or 5 times a power of ten around low to high, at most ``most`` + 2 bins;
    ``finest`` is the narrowest bin that makes sense."""
    wanted = max((high - low) / most, finest)
    power = 10.0 ** math.floor(math.log10(wanted) + 1e-9)
    step = next(power * n for n in (1, 2, 5, 10) if power * n >= wanted * (1 - 1e-9))
    digits = max(0, 1 - math.floor(math.log10(step)))
    first, last = math.floor(low / step), math.floor(high / step) + 1
    edges = [round(n * step, digits) for n in range(first, last + 1)]
    if edges[0] > low:  # rounding of low / step
        edges.insert(0, round((first - 1) * step, digits))
    if edges[-1] <= high:
        edges.append(round((last + 1) * step, digits))
    return edges


@dataclass(frozen=True)
class Series:
    """Counts of one sort of rows: below the axis, in each bin, above it, and without a value."""

    label: str
    role: str
    below: int
    bins: tuple[int, ...]
    above: int
    missing: int

    @property
    def drawn(self) -> int:
        return sum(self.bins)


@dataclass(frozen=True)
class Histogram:
    """``value`` over ``span`` (what lies beyond is counted, not drawn), in bins no finer than ``finest``.

    Galaxies and nebulae are stacked; with ``templates`` the rows are drawn over that field of the run's
    templates instead, each as a share of its own, since there are many more templates.
    """

    value: str
    axis: str
    span: tuple[float, float]
    finest: float
    by_kind: bool = True
    templates: str = ""
    templates_of: Callable[[Shown], QuerySet[Any]] | None = None

    def counted(self, shown: Shown) -> tuple[list[float], list[Series]]:
        """The edges of the bins, and each series."""
        path = shown.path(self.value)
        own = (lean(shown.rows, path), path)
        sets = [own]
        if self.templates_of:
            sets.append((self.templates_of(shown), self.templates))
        ends = [self._ends(*one) for one in sets]
        lows, highs = (
            [low for low, _ in ends if low is not None],
            [high for _, high in ends if high is not None],
        )
        edges = nice_edges(min(lows), max(highs), self.finest) if lows else []
        if self.by_kind:
            return edges, _split(*own, edges, shown.path("kind"))
        words = (("galaxies", "first"), ("templates", "second"))
        return edges, [
            _series(label, role, rows.count(), binned(rows, F(path), edges) if edges else {}, len(edges))
            for (rows, path), (label, role) in zip(sets, words, strict=False)
        ]

    def _ends(self, rows: QuerySet[Any], path: str) -> tuple[float | None, float | None]:
        within = rows.order_by().filter(**{f"{path}__range": self.span})
        found = within.aggregate(low=Min(path), high=Max(path))
        return found["low"], found["high"]

    def tell(self, shown: Shown) -> Told:
        edges, series = self.counted(shown)
        sentences = []
        for one in series:
            beyond = "".join(
                f", {n:,} lie {where} the axis"
                for n, where in ((one.below, "below"), (one.above, "above"))
                if n
            )
            without = f", {one.missing:,} have no value" if one.missing else ""
            sentences.append(f"{one.drawn:,} {one.label} are drawn{beyond}{without}.")
        rows: tuple[tuple[Cell, ...], ...] = tuple(
            (f"{low:g} to {high:g}", *(one.bins[n] for one in series))
            for n, (low, high) in enumerate(pairwise(edges))
        )
        headings = (self.axis, *(one.label for one in series))
        return Told(tuple(sentences), (TextTable("Counts by bin", headings, rows),))

    def plot(self, shown: Shown) -> dict[str, Any]:
        edges, series = self.counted(shown)
        figure = go.Figure()
        for one in series:
            if self.templates:
                self._steps(figure, edges, one)
            else:
                self._bars(figure, edges, one)
        y = "Share of each (%)" if self.templates else "Number"
        figure.update_layout(layout(self.axis, y, barmode="stack", bargap=0.04))
        return as_dict(figure)

    def _bars(self, figure: go.Figure, edges: list[float], one: Series) -> None:
        bins = list(pairwise(edges))
        figure.add_bar(
            x=rounded([(low + high) / 2 for low, high in bins], 8), y=list(one.bins),
            width=edges[1] - edges[0] if edges else None, name=f"{one.label} ({one.drawn:,})",
            customdata=[[f"{low:g} to {high:g}"] for low, high in bins], meta={"role": one.role},
            hovertemplate="%{customdata[0]}<br>%{y}<extra>" + one.label + "</extra>",
        )  # fmt: skip

    def _steps(self, figure: go.Figure, edges: list[float], one: Series) -> None:
        whole = one.drawn or 1
        shares = [100 * n / whole for n in one.bins]
        figure.add_scatter(
            x=rounded(edges, 8), y=rounded([*shares, *shares[-1:]]), mode="lines",
            line={"shape": "hv", "width": 2}, name=f"{one.label} ({one.drawn:,})", meta={"role": one.role},
            customdata=[[n] for n in (*one.bins, *one.bins[-1:])],
            hovertemplate="from %{x}<br>%{y:.3g}%, %{customdata[0]} spectra<extra>" + one.label + "</extra>",
        )  # fmt: skip

    def data(self, shown: Shown) -> Data:
        edges, series = self.counted(shown)
        rows: list[tuple[Cell, ...]] = [
            (low, high, *(one.bins[n] for one in series)) for n, (low, high) in enumerate(pairwise(edges))
        ]
        if edges:
            rows.insert(0, (None, edges[0], *(one.below for one in series)))
            rows.append((edges[-1], None, *(one.above for one in series)))
        name = self.value.rpartition("__")[2]
        return Data((f"{name}_from", f"{name}_below", *(one.label for one in series)), rows)


def _split(rows: QuerySet[Any], path: str, edges: list[float], kind: str) -> list[Series]:
    """A series for each kind that occurs."""
    totals = dict(rows.order_by().values_list(kind).annotate(n=Count("pk")))
    counts: dict[str, dict[tuple[Any, ...], int]] = defaultdict(dict)
    for (number, of), n in (binned(rows, F(path), edges, kind) if edges else {}).items():
        counts[of][(number,)] = n
    return [
        _series(label, role, totals[value], counts[value], len(edges))
        for value, label, role in KINDS
        if value in totals
    ]


def _series(label: str, role: str, total: int, counts: dict[tuple[Any, ...], int], edges: int) -> Series:
    bins = tuple(counts.get((n,), 0) for n in range(1, edges))
    missing = total - sum(counts.values())
    return Series(label, role, counts.get((0,), 0), bins, counts.get((edges,), 0) if edges else 0, missing)
