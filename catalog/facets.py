"""What stands beside the filters of a list: rows of each choice, common values, a histogram of each range.

Each is counted under the *other* active filters, so that it says what choosing something else would give.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import django_filters as filters
import numpy as np
from django.contrib.postgres.aggregates import BitOr
from django.contrib.postgres.fields import ArrayField
from django.db.models import Aggregate, Count, F, FloatField, Func, IntegerField, Min, QuerySet, Value
from django.db.models.functions import Cast, Lower
from django.http import QueryDict

from retrieval.flags import LineFlag

from .filterkinds import ChoicesFilter, ReleaseFilter, ValuesFilter, YesNoFilter, bits_set
from .models import LineMeasurement, Run
from .tables import Table

BINS = 24
MOST_VALUES = 10
OF_LINES = ("line_flag", "without_line_flag")
"""Choices by the flags of a candidate's lines: counted as others, they would cost a look-up for each row."""

EVERY = 2**62
"""A limit above any number of rows: with it the database works out each annotation once a row."""


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
    """By filter: the rows of each choice, those of the commonest values, and the histogram of each range."""

    choices: dict[str, dict[str, int]]
    values: dict[str, list[tuple[str, int]]]
    ranges: dict[str, Histogram]


def facets(*, table: Table, run: Run | None, params: QueryDict) -> Facets:
    """Counts for a query that is valid; none where the list waits for its first run."""
    if table.of_run and run is None:
        return Facets({}, {}, {})
    counted = _Counted(table, run, params)
    return Facets(counted.choices(), counted.values(), counted.ranges())


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

    def of_kind(self, *kinds: type[filters.Filter]) -> dict[str, Any]:
        return {name: kind for name, kind in self.filterset.filters.items() if isinstance(kind, kinds)}

    def choices(self) -> dict[str, dict[str, int]]:
        """One query for all idle filters, one more for each active one; flags of lines take another."""
        wanted = self.of_kind(ChoicesFilter, ReleaseFilter, YesNoFilter)
        active = [name for name in wanted if any(self.params.getlist(name))]
        idle = [name for name in wanted if name not in active]
        counted: dict[str, dict[str, int]] = {}
        for names in filter(None, (idle, *([name] for name in active))):
            counted |= self._together(self.under_others(*names), {name: wanted[name] for name in names})
        return counted

    def _together(self, rows: QuerySet[Any], kinds: dict[str, Any]) -> dict[str, dict[str, int]]:
        """The rows of each choice of some filters."""
        of_lines = {name: kind for name, kind in kinds.items() if name in OF_LINES}
        parts = {
            f"facet_{name}_{i}": (name, value, kind.condition(value))
            for name, kind in kinds.items()
            if name not in OF_LINES
            for i, value in enumerate(self._values(name))
        }
        counts = {alias: Count("pk", filter=condition) for alias, (_, _, condition) in parts.items()}
        found = rows[:EVERY].aggregate(total=Count("pk"), **counts)
        counted: dict[str, dict[str, int]] = {}
        for alias, (name, value, _) in parts.items():
            counted.setdefault(name, {})[value] = found[alias]
        for name, kind in kinds.items():
            if isinstance(kind, YesNoFilter):
                counted[name]["false"] = found["total"] - counted[name]["true"]
        flagged = _flagged(rows) if of_lines else {}
        for name, kind in of_lines.items():
            counted[name] = {flag: found["total"] - n if kind.exclude else n for flag, n in flagged.items()}
        return counted

    def _values(self, name: str) -> list[str]:
        """What is counted: each choice but the empty one; of yes and no the first, which tells both."""
        if isinstance(self.filterset.filters[name], YesNoFilter):
            return ["true"]
        return [str(value) for value, _ in self.filterset.form[name].field.choices]

    def values(self) -> dict[str, list[tuple[str, int]]]:
        """One query: of each text of which some values are common, the commonest, in whatever capitals."""
        legs = []
        for name, kind in self.of_kind(ValuesFilter).items():
            path = kind.field_name
            rows = self.under_others(name).exclude(**{path: ""}).filter(**{f"{path}__isnull": False})
            grouped = rows.annotate(facet=Value(name), alike=Lower(path)).values("facet", "alike")
            counted = grouped.annotate(value=Min(path), rows=Count("pk"))
            commonest = counted.order_by("-rows", "value")[:MOST_VALUES]
            legs.append(commonest.values_list("facet", "value", "rows"))
        found: dict[str, list[tuple[str, int]]] = {}
        for name, value, rows in legs[0].union(*legs[1:], all=True) if legs else ():
            found.setdefault(name, []).append((value, rows))
        return {name: sorted(pairs, key=lambda pair: (-pair[1], pair[0])) for name, pairs in found.items()}

    def ranges(self) -> dict[str, Histogram]:
        """Two queries: the spread of each over the whole list, and the rows in the bins of all."""
        paths = {name: kind.field_name for name, kind in self.of_kind(filters.RangeFilter).items()}
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


def _flagged(candidates: QuerySet[Any]) -> dict[str, int]:
    """For each flag of lines: the candidates of which any line has it. Each line is looked at once."""
    lines = LineMeasurement.objects.filter(candidate__in=candidates.values("pk"), flags__gt=0).order_by()
    bits = lines.values("candidate").annotate(bits=BitOr("flags"))
    counts: dict[str, int] = bits.aggregate(
        **{name: Count("candidate", filter=bit) for name, bit in bits_set("bits", LineFlag).items()}
    )
    return counts
