"""What stands beside the filters of a list: rows of each choice, and histograms of each range.

Each is counted under the *other* active filters, so that it says what choosing something else would give.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import django_filters as filters
import numpy as np
from django.contrib.postgres.fields import ArrayField
from django.db.models import Aggregate, Count, F, FloatField, Func, IntegerField, QuerySet, Value
from django.db.models.functions import Cast
from django.http import QueryDict

from .filterkinds import ChoicesFilter, ReleaseFilter
from .models import Run
from .tables import Table

BINS = 24
NOT_COUNTED = ("line_flag", "without_line_flag", "without_flag")
"""Choices whose counts would cost a look-up for each row and flag, or say again what others do."""


class Spread(Aggregate):
    """The values between which all but a hundredth of the rows lie: [low, high]."""

    function = "percentile_cont"
    template = "%(function)s(ARRAY[0.005, 0.995]) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = ArrayField(FloatField())


class Bin(Func):
    """The bin of a value, from 1; 0 below the first, one more than there are above the last."""

    function = "width_bucket"
    output_field = IntegerField()


@dataclass(frozen=True)
class Histogram:
    """Rows in bins of even width from ``low`` to ``high``; those beyond count in the first and the last."""

    low: float
    high: float
    counts: tuple[int, ...]


@dataclass(frozen=True)
class Facets:
    """By filter: the rows of each choice, and the histogram of each range."""

    choices: dict[str, dict[str, int]]
    ranges: dict[str, Histogram]


def facets(*, table: Table, run: Run | None, params: QueryDict) -> Facets:
    """Counts for a query that is valid; none where the list waits for its first run."""
    if table.of_run and run is None:
        return Facets({}, {})
    counted = _Counted(table, run, params)
    return Facets(counted.choices(), counted.ranges())


class _Counted:
    """A list under a query. Its rows are described once: that takes longer than many a query."""

    def __init__(self, table: Table, run: Run | None, params: QueryDict) -> None:
        self.table, self.params = table, params
        self.everything = table.rows(run).order_by()
        self.filterset = table.filterset(data=params, queryset=self.everything)

    def under_others(self, *names: str) -> QuerySet[Any]:
        """The rows under all active filters but those of these parameters."""
        if not any(self.params.getlist(name) for name in names):
            return self.filterset.qs
        left = self.params.copy()
        for name in names:
            left.pop(name, None)
        rows: QuerySet[Any] = self.table.filterset(data=left, queryset=self.everything).qs
        return rows

    def choices(self) -> dict[str, dict[str, int]]:
        """One query for all filters that are idle, one more for each that is active."""
        wanted = {
            name: kind
            for name, kind in self.filterset.filters.items()
            if isinstance(kind, (ChoicesFilter, ReleaseFilter)) and name not in NOT_COUNTED
        }
        active = [name for name in wanted if any(self.params.getlist(name))]
        idle = [name for name in wanted if name not in active]
        counted: dict[str, dict[str, int]] = {}
        for names in (idle, *([name] for name in active)):
            parts = {
                f"facet_{name}_{i}": (
                    name,
                    str(value),
                    Count("pk", filter=wanted[name].condition(str(value))),
                )
                for name in names
                for i, (value, _) in enumerate(self.filterset.form[name].field.choices)
            }
            if parts:
                rows = self.under_others(*names)
                found = rows.aggregate(**{alias: count for alias, (_, _, count) in parts.items()})
                for alias, (name, value, _) in parts.items():
                    counted.setdefault(name, {})[value] = found[alias]
        return counted

    def ranges(self) -> dict[str, Histogram]:
        """Two queries: the spread of each over the whole list, and the rows in the bins of all."""
        paths = {
            name: kind.field_name
            for name, kind in self.filterset.filters.items()
            if isinstance(kind, filters.RangeFilter) and not kind.method
        }
        if not paths:
            return {}
        spread = self.everything.aggregate(
            **{f"spread_{name}": Spread(Cast(F(path), FloatField())) for name, path in paths.items()}
        )
        found = {name: spread[f"spread_{name}"] for name in paths}
        limits = {name: ends for name, ends in found.items() if ends and ends[0] is not None}
        legs = [self._leg(name, paths[name], *ends) for name, ends in limits.items() if ends[0] < ends[1]]
        if not legs:
            return {}
        counts = {name: np.zeros(BINS, dtype=int) for name, ends in limits.items() if ends[0] < ends[1]}
        for name, at, rows in legs[0].union(*legs[1:], all=True):
            counts[name][min(max(at, 1), BINS) - 1] += rows
        return {
            name: Histogram(limits[name][0], limits[name][1], tuple(of.tolist()))
            for name, of in counts.items()
        }

    def _leg(self, name: str, path: str, low: float, high: float) -> QuerySet[Any, Any]:
        """The rows of each bin of one range: its name, the bin, how many."""
        rows = self.under_others(f"{name}_min", f"{name}_max").filter(**{f"{path}__isnull": False})
        at = Bin(Cast(F(path), FloatField()), Value(low), Value(high), Value(BINS))
        grouped = rows.annotate(facet=Value(name), bin=at).values("facet", "bin")
        return grouped.annotate(rows=Count("pk")).values_list("facet", "bin", "rows")
