"""Statistics of a selection: counts by class, and quartiles of columns, by the database."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db.models import Aggregate, Count, FloatField, Max, Min, QuerySet, Sum

from catalog.columns import Column
from catalog.lean import lean
from catalog.tables import CLASS_PROBABILITIES

from .asked import Population
from .points import categories_of

ALWAYS = ("z_cl", "spectrum__snr_r", "spectrum__mag_g")
"""Paths of the columns that are summed up whatever the axes are."""


class Quartiles(Aggregate):
    """Lower quartile, median and upper quartile of the values there are, interpolated; None without any."""

    function = "PERCENTILE_CONT"
    template = "%(function)s(ARRAY[0.25, 0.5, 0.75]) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = ArrayField(FloatField())


@dataclass(frozen=True)
class Summary:
    """One column over some rows, in its unit: ``n`` have a value; the rest is None without any."""

    column: Column
    n: int
    lowest: float | None
    quartiles: tuple[float | None, float | None, float | None]
    highest: float | None


def summed_up(population: Population) -> tuple[Summary, ...]:
    """The axes and some telling columns over the selection, in one query."""
    columns = {axis.path: axis for axis in population.axes}
    for path in ALWAYS:
        columns.setdefault(path, population.of_path(path))
    wanted: dict[str, Any] = {}
    for n, path in enumerate(columns):
        wanted |= {
            f"n{n}": Count(path),
            f"low{n}": Min(path),
            f"q{n}": Quartiles(path),
            f"high{n}": Max(path),
        }
    found = lean(population.chosen, *columns).order_by().aggregate(**wanted)
    return tuple(
        Summary(
            column,
            found[f"n{n}"],
            found[f"low{n}"],
            tuple(found[f"q{n}"] or (None, None, None)),
            found[f"high{n}"],
        )
        for n, column in enumerate(columns.values())
    )


@dataclass(frozen=True)
class ClassCount:
    """Rows of one class or state; ``expected`` is the sum of all rows' probabilities of it, or None."""

    label: str
    n: int
    expected: float | None


def counted(population: Population) -> tuple[ClassCount, ...]:
    """The selection by what colours it; BPT classes with the number that the probabilities add up to."""
    colour = population.colour
    if colour is None:
        return ()
    rows: QuerySet[Any] = lean(population.chosen, colour.path).order_by()
    classed = colour.path == "bpt_class"
    sums = {f"sum_{field}": Sum(field) for _, field in CLASS_PROBABILITIES} if classed else {}
    groups = list(rows.values_list(colour.path).annotate(n_=Count("pk"), **sums))
    found = {value: n for value, n, *_ in groups}
    expected: dict[str, float | None] = {}
    for place, (value, _) in enumerate(CLASS_PROBABILITIES if classed else (), 2):
        parts = [group[place] for group in groups if group[place] is not None]
        expected[str(value)] = sum(parts) if parts else None
    return tuple(
        ClassCount(category.label, found.get(category.value, 0), expected.get(str(category.value)))
        for category in categories_of(population)
        if found.get(category.value, 0) or expected.get(str(category.value))
    )
