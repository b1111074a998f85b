"""What an address asks for: a list and its filters, two axes, colours, and the selection on the plot."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import django_filters as filters
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import QueryDict

from catalog.columns import CANDIDATE_COLUMNS, Column, numbers_of
from catalog.filterkinds import LIST, ListField, ListFilter
from catalog.lean import lean
from catalog.models import GivenList, Run
from catalog.tables import TABLES, Table
from catalog.within import Within, number_of

from .colours import Colour, colours_of
from .presets import PRESETS

LISTS = tuple(PRESETS)
SKIES = {"equatorial": ("spectrum__ra", "spectrum__dec"), "galactic": ("spectrum__glon", "spectrum__glat")}
ENDS = ("x_min", "x_max", "y_min", "y_max")
SELECTION = (*ENDS, "picked")
AXES = ("of", "x", "y", "colour", "sky", "errors")
PLAIN = "none"  # the colour of one colour for all


class AskedError(ValueError):
    """An address that cannot be read; says what is wrong and what there is."""


@dataclass(frozen=True)
class Population:
    """Rows of ``table`` by ``filterset``, drawn over ``x`` and ``y`` (None: a histogram).

    The selection is a box (``ranges``, of x and y) and a stored list (``picked``); a row must be in both. On
    the sky (``sky``: equatorial or galactic) x and y are longitude and latitude.
    """

    table: Table
    run: Run | None
    filterset: filters.FilterSet
    x: Column
    y: Column | None
    colour: Colour | None
    sky: str
    errors: bool
    ranges: tuple[Within, ...]
    picked: GivenList | None

    @cached_property
    def rows(self) -> QuerySet[Any]:
        """Rows that the filters select; none where a filter cannot be read."""
        return self.filterset.qs if self.filterset.is_valid() else self.table.rows(None)

    @property
    def drawn(self) -> QuerySet[Any]:
        """Rows with a value on each axis."""
        of = [self.colour.path] if self.colour else []
        rows = lean(self.rows, *(axis.path for axis in self.axes), *of)
        return rows.filter(**{f"{axis.path}__isnull": False for axis in self.axes})

    @property
    def axes(self) -> tuple[Column, ...]:
        return (self.x,) if self.y is None else (self.x, self.y)

    @property
    def selects(self) -> bool:
        return bool(self.ranges or self.picked)

    @cached_property
    def chosen(self) -> QuerySet[Any]:
        """Rows of the selection; all rows where nothing is selected."""
        rows = self.rows
        for one in self.ranges:
            rows = one.applied(rows)
        return ListFilter("spectrum").filter(rows, self.picked)

    def of_path(self, path: str) -> Column:
        """The numeric column of that ORM path."""
        return _of_path(self.table, path)


def numbers(table: Table) -> tuple[Column, ...]:
    """The columns that a list can be drawn by."""
    return numbers_of(table.columns)


def list_asked(params: QueryDict) -> Table:
    """The list of an address, galaxies where it names none. Raises AskedError."""
    name = params.get("of") or LISTS[0]
    if name not in LISTS:
        raise AskedError(f"There is no list “{name}” to draw; there are {', '.join(LISTS)}.")
    return TABLES[name]


def population_asked(
    *, table: Table, run: Run | None, params: QueryDict, filterset: filters.FilterSet | None = None
) -> Population:
    """The population that ``params`` ask for, by their filters or by those that the page has read already.

    Raises AskedError for axes, colours or a selection that cannot be read, not for filters.
    """
    sky = params.get("sky", "")
    if sky and sky not in SKIES:
        raise AskedError(f"There is no sky “{sky}”; there are {', '.join(SKIES)}.")
    if sky:
        x, y = (_of_path(table, path) for path in SKIES[sky])
    else:
        first = PRESETS[table.name][0].params
        named = params if "x" in params or "y" in params else first
        x, y = _wanted(table, named.get("x") or first["x"]), None
        if named.get("y"):
            y = _wanted(table, named["y"])
    ranges = [_range(axis, params, end) for axis, end in ((x, "x"), (y, "y")) if axis is not None]
    return Population(
        table=table, run=run, filterset=filterset or table.filter(run=run, params=params), x=x, y=y,
        colour=_colour(table, params.get("colour", "")), sky=sky, errors=bool(params.get("errors")),
        ranges=tuple(one for one in ranges if one), picked=_picked(params.get("picked", "")),
    )  # fmt: skip


def _axis(table: Table, name: str) -> Column | None:
    found = {column.name: column for column in numbers(table)}
    if name in found:
        return found[name]
    paths = [column.path for column in CANDIDATE_COLUMNS if column.name == name]
    return next((column for column in found.values() if column.path in paths), None)


def _wanted(table: Table, name: str) -> Column:
    column = _axis(table, name)
    if column is None:
        there = ", ".join(column.name for column in numbers(table))
        raise AskedError(f"There is no numeric column “{name}” of {table.name}; there are {there}.")
    return column


def _of_path(table: Table, path: str) -> Column:
    return next(column for column in numbers(table) if column.path == path)


def _colour(table: Table, name: str) -> Colour | None:
    there = colours_of(table)
    if name == PLAIN:
        return None
    if not name:
        return next(iter(there.values()), None)
    if name not in there:
        raise AskedError(f"“{name}” is no colour of {table.name}; there are {', '.join(there)} and {PLAIN}.")
    return there[name]


def _picked(token: str) -> GivenList | None:
    try:
        return ListField(required=False).clean(token)
    except ValidationError as error:
        raise AskedError(error.messages[0]) from error


def _range(axis: Column, params: QueryDict, end: str) -> Within | None:
    """The selection's range on one axis."""
    try:
        low, high = (number_of(params.get(f"{end}_{side}", "")) for side in ("min", "max"))
    except ValueError as error:
        raise AskedError(f"Selection on the {end} axis: {error}") from error
    if low is None and high is None:
        return None
    if low is not None and high is not None and low > high:
        low, high = high, low
    return Within(axis, low, high)


def with_selection(population: Population, params: QueryDict) -> QueryDict:
    """The parameters of a list, a download or a narrower plot that hold exactly the selection."""
    query = params.copy()
    for name in (*SELECTION, *AXES):
        query.pop(name, None)
    query.setlist(
        "within", [*filter(None, params.getlist("within")), *(one.text for one in population.ranges)]
    )
    if not query.getlist("within"):
        del query["within"]
    if population.picked:  # picked among rows that any other list holds
        query[LIST] = population.picked.token
    return query
