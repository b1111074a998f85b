"""What is drawn of a population: points while they are few, else a density that the database counts.

Compact on purpose: arrays side by side, points in the order of their category, texts once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Count, F, FloatField, Func, IntegerField, Max, Min, QuerySet, Value

from catalog.columns import CANDIDATE_COLUMNS, Column
from catalog.figures.bpt import PROBABILITY
from catalog.figures.histogram import binned, nice_edges
from catalog.figures.plain import rounded
from catalog.lean import lean

from .asked import Population
from .colours import Category
from .curves import curves_of
from .presets import bins_of
from .sky import Cone, sky_density

MOST_POINTS = 20_000
"""What Plotly's scattergl draws and pans fluidly; see docs/performance.md."""
BINS = (140, 90)  # of the density, along x and y
ALL = Category(None, "all", "first", "circle")
DIGITS = 7


@dataclass(frozen=True)
class View:
    """The visible part of the plot, in the columns' units."""

    x: tuple[float, float]
    y: tuple[float, float]

    @classmethod
    def parse(cls, text: str) -> View | None:
        """Of ``x0,x1,y0,y1``; None where empty. Raises ValueError."""
        if not text:
            return None
        x0, x1, y0, y1 = map(float, text.split(","))
        if not all(abs(end) < 1e30 for end in (x0, x1, y0, y1)):
            raise ValueError("a view has four finite ends")
        return cls((min(x0, x1), max(x0, x1)), (min(y0, y1), max(y0, y1)))

    def applied(self, population: Population, rows: QuerySet[Any]) -> QuerySet[Any]:
        for axis, ends in zip(population.axes, (self.x, self.y), strict=False):
            rows = rows.filter(**{f"{axis.path}__range": ends})
        return rows


def view_asked(population: Population, text: str) -> View | Cone | None:
    """The visible part of the plot as an address gives it. Raises ValueError."""
    return Cone.parse(text) if population.sky else View.parse(text)


def drawn_of(
    population: Population, *, view: View | Cone | None = None, most: int = MOST_POINTS
) -> dict[str, Any]:
    """JSON of a histogram, of points, or, where more than ``most`` lie in the view, of a density."""
    said: dict[str, Any] = {
        "axes": [{"name": axis.name, "title": axis.heading} for axis in population.axes],
        "curves": curves_of(population),
        "colour": population.colour.label if population.colour else "",
        "sky": population.sky,
    }
    if population.y is None:
        return said | _histogram(population)
    rows = population.drawn if view is None else view.applied(population, population.drawn)
    counts, spans = _counted(population, rows)
    n = sum(counts.values())
    said |= {"n": n, "view": view is not None}
    if n <= most:
        return said | _points(population, rows)
    said["categories"] = [
        {"label": category.label, "n": counts.get(category.value, 0)}
        for category in (population.colour.categories if population.colour else ())
    ]
    if isinstance(view, Cone) or population.sky:
        cone = view if isinstance(view, Cone) else None
        return said | sky_density(rows, sky=population.sky, cone=cone)
    return said | _density(rows, population.x.path, population.y.path, view or spans)


def chosen_of(population: Population, *, view: View | Cone | None = None) -> list[int]:
    """Ids of the spectra of the selection, of those in view."""
    rows = population.chosen if view is None else view.applied(population, population.chosen)
    return list(lean(rows).order_by("pk").values_list("spectrum_id", flat=True))


def _counted(population: Population, rows: QuerySet[Any]) -> tuple[dict[Any, int], View]:
    """The number of rows of each category (one for all without colours), and the spans of their values."""
    assert population.y is not None
    x, y = population.x.path, population.y.path
    ends = {"n": Count("pk"), "x0": Min(x), "x1": Max(x), "y0": Min(y), "y1": Max(y)}
    if population.colour is None:
        found = [{"of": None} | rows.order_by().aggregate(**ends)]
    else:
        found = list(rows.order_by().values(of=F(population.colour.path)).annotate(**ends))
    held = [one for one in found if one["n"]]
    spans = [
        (min(one[f"{axis}0"] for one in held), max(one[f"{axis}1"] for one in held)) if held else (0.0, 0.0)
        for axis in "xy"
    ]
    return {one["of"]: one["n"] for one in held}, View(spans[0], spans[1])


def categories_of(population: Population) -> tuple[Category, ...]:
    return population.colour.categories if population.colour else (ALL,)


def _points(population: Population, rows: QuerySet[Any]) -> dict[str, Any]:
    assert population.y is not None
    fields = {
        "id": "spectrum_id", "name": "spectrum__name", "release": "spectrum__release__slug",
        "x": population.x.path, "y": population.y.path,
    }  # fmt: skip
    if population.colour:
        fields["of"] = population.colour.path
    for axis, column in zip(("x", "y"), population.axes, strict=True):
        limit, error = _beside(column, "limit"), _beside(column, "err")
        if limit:
            fields[f"{axis}_limit"] = limit
        if error and population.errors:
            fields[f"{axis}_err"] = error
    if population.colour and population.colour.path == "bpt_class":
        fields |= {f"p_{n}": path for n, path in enumerate(_PROBABILITIES)}
    values = list(rows.order_by("pk").values_list(*fields.values()))
    categories = categories_of(population)
    order = {category.value: n for n, category in enumerate(categories)}
    of = list(fields).index("of") if "of" in fields else None
    values.sort(key=lambda row: order.get(row[of], len(order)) if of is not None else 0)
    columns = dict(zip(fields, zip(*values, strict=True) if values else [()] * len(fields), strict=True))
    drawn: dict[str, Any] = {
        "mode": "points",
        "ids": columns["id"],
        "names": columns["name"],
        "x": rounded(columns["x"], DIGITS),
        "y": rounded(columns["y"], DIGITS),
    }
    releases = sorted(set(columns["release"]))
    drawn["releases"] = releases
    drawn["release"] = [releases.index(slug) for slug in columns["release"]] if len(releases) > 1 else []
    counts = [0] * (len(categories) + 1)
    for value in columns.get("of", [None] * len(values)):
        counts[order.get(value, len(order))] += 1
    drawn["categories"] = [
        {"label": category.label, "role": category.role, "symbol": category.symbol, "n": n}
        for category, n in zip((*categories, Category("", "other", "unclassified", "x")), counts, strict=True)
    ]
    for axis in ("x", "y"):
        if f"{axis}_limit" in columns:
            drawn[f"{axis}_limit"] = [n for n, limit in enumerate(columns[f"{axis}_limit"]) if limit]
        if f"{axis}_err" in columns:
            drawn[f"{axis}_err"] = rounded([*map(_number, columns[f"{axis}_err"])], 3)
    if "p_0" in columns:
        drawn["p"] = [rounded([*map(_number, columns[f"p_{n}"])], 2) for n in range(len(_PROBABILITIES))]
    return drawn


def _number(value: float | None) -> float:
    return float("nan") if value is None else value


_BY_NAME = {column.name: column.path for column in CANDIDATE_COLUMNS}
_PROBABILITIES = tuple(_BY_NAME[name] for name in PROBABILITY.values())


def _beside(column: Column, what: str) -> str:
    """The column that holds a column's error or says that it is a limit, if there is one."""
    return _BY_NAME.get(f"{column.name}_{what}", "")


def _density(rows: QuerySet[Any], x: str, y: str, spans: View) -> dict[str, Any]:
    """Counts of a grid over the view: rows of y, each along x; empty bins are null."""
    edges = [_span(*spans.x), _span(*spans.y)]
    buckets = {
        f"{name}_": Func(
            F(path), *(Value(end, output_field=FloatField()) for end in ends), Value(bins),
            function="WIDTH_BUCKET", output_field=IntegerField(),
        )
        for name, path, ends, bins in zip("xy", (x, y), edges, BINS, strict=True)
    }  # fmt: skip
    counts: list[list[int | None]] = [[None] * BINS[0] for _ in range(BINS[1])]
    found = rows.order_by().annotate(**buckets).values_list("x_", "y_").annotate(count_=Count("pk"))
    for column, row, n in found:
        counts[row - 1][column - 1] = n
    drawn: dict[str, Any] = {"mode": "density", "counts": counts}
    for name, ends, bins in zip("xy", edges, BINS, strict=True):
        drawn[name] = rounded([*ends, (ends[1] - ends[0]) / bins], 8)
    return drawn


def _span(low: float, high: float) -> tuple[float, float]:
    """Wide enough that the highest value falls into the last bin: the database's bins are half open."""
    width = (high - low) or abs(low) or 1.0
    return low, high + 1e-6 * width


def _histogram(population: Population) -> dict[str, Any]:
    """Counts by bin and category; what lies beyond the axis is counted beside."""
    (low, high), finest = bins_of(population.x)
    path = population.x.path
    rows = population.drawn.order_by()
    ends = rows.filter(**{f"{path}__range": (low, high)}).aggregate(
        low=Min(path), high=Max(path), n=Count("pk")
    )
    edges = nice_edges(ends["low"], ends["high"], finest) if ends["n"] else []
    by = (population.colour.path,) if population.colour else ()
    found = binned(rows, F(path), edges, *by) if edges else {}
    categories, last = categories_of(population), len(edges)
    series = []
    for category in categories:
        key = (category.value,) if by else ()
        counts = [found.get((n, *key), 0) for n in range(last + 1)]
        if sum(counts):
            series.append(
                {
                    "label": category.label,
                    "role": category.role,
                    "counts": counts[1:-1],
                    "beyond": counts[0] + counts[-1],
                }
            )
    return {"mode": "histogram", "n": sum(found.values()), "edges": edges, "series": series}
