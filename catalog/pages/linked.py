"""A plot and its rows, linked both ways: what /populations/ and /bpt/ show, and what their scripts fetch."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import AnonymousUser, User
from django.http import QueryDict
from django.urls import reverse

from catalog.columns import Column
from catalog.inspection.groups import MAY_VOTE
from catalog.lean import lean
from catalog.paging import BadTokenError, Order, Page, get_page, value_at
from catalog.populations.asked import AXES, SELECTION, Population, with_selection
from catalog.populations.points import MOST_POINTS
from catalog.populations.statistics import Summary, counted, summed_up

from .cells import Cell, cell, written
from .filters import without
from .lists import Heading, downloads
from .sparks import spark_of

PAGING = ("sort", "after", "before")
NOT_FILTERS = (*PAGING, "run", "columns", *AXES, *SELECTION, "view", "most")


@dataclass(frozen=True)
class Row:
    """A row under the plot: its cells, which spectrum it is, and where its point is drawn.

    ``spark`` is the spectrum's id and name where there is a file to draw.
    """

    cells: list[Cell]
    name: str
    release: str
    spark: tuple[int, str] | None
    x: float | None
    y: float | None


def plot_context(population: Population, params: QueryDict) -> dict[str, Any]:
    """What the plot's place needs. ``query`` is the address of the rows and the axes, the run pinned."""
    axes = {
        "of": population.table.name,
        "x": population.x.name,
        "y": population.y.name if population.y else "",
    }
    if population.run:
        axes["run"] = str(population.run.pk)
    if population.sky:
        axes = {name: value for name, value in axes.items() if name not in ("x", "y")}
    return {
        "population": population,
        "query": without(params, *PAGING, *SELECTION, "columns", **axes).removeprefix("?"),
        "most": MOST_POINTS,
        "carried": [
            (name, value)
            for name in params
            if name not in (*PAGING, *SELECTION)
            for value in params.getlist(name)
            if value
        ],
        "ends": [
            (
                axis,
                [
                    (f"{letter}_{side}", params.get(f"{letter}_{side}", ""), words)
                    for side, words in (("min", "from"), ("max", "to"))
                ],
            )
            for letter, axis in zip("xy", population.axes, strict=False)
        ],
    }  # fmt: skip


def selection_context(
    population: Population, params: QueryDict, user: User | AnonymousUser
) -> dict[str, Any]:
    """Rows, statistics, downloads and addresses of the selection; of all rows where nothing is selected."""
    columns = [population.table.column(name) for name in population.table.shown]
    shown = {column.path for column in columns}
    columns += [axis for axis in population.axes if axis.path not in shown]
    order, error = _order(population, params, columns)
    page = Page((), None, None)
    if not error:
        try:
            page = get_page(
                population.chosen, order=order, after=params.get("after", ""),
                before=params.get("before", ""), shown=[column.path for column in columns],
            )  # fmt: skip
        except BadTokenError as bad:
            error = str(bad)
    query = with_selection(population, params)
    of_run = {"run": str(population.run.pk)} if population.run else {}
    return {
        "population": population,
        "total": lean(population.rows).count(),
        "count": lean(population.chosen).count() if population.selects else None,
        "ranges": population.ranges,
        "summaries": [_in_words(summary) for summary in summed_up(population)],
        "classes": counted(population),
        "headings": [_heading(column, order, params) for column in columns],
        "rows": list(_rows(population, page.rows, columns, pinned=bool(params.get("run")))),
        "error": error,
        "first": without(params, "after", "before"),
        "previous": without(params, "after", before=page.before) if page.before else "",
        "next": without(params, "before", after=page.after) if page.after else "",
        "unselect": without(params, *SELECTION, *PAGING),
        "list_url": f"{reverse(population.table.name)}{without(query, *PAGING, **of_run)}",
        "narrow": f"{reverse('populations')}{without(query, *PAGING, **_axes(params))}",
        "downloads": downloads(population.table, query, population.run),
        "inspect_url": (
            f"{reverse('populations-inspect')}{without(params, *PAGING, **of_run)}"
            if user.has_perm(MAY_VOTE) and population.run
            else ""
        ),
    }


def _axes(params: QueryDict) -> dict[str, str]:
    return {name: str(params[name]) for name in AXES if params.get(name)}


def _rows(
    population: Population, rows: Iterable[Any], columns: list[Column], *, pinned: bool
) -> Iterable[Row]:
    run = population.run if pinned else None
    x, y = population.x.path, population.y.path if population.y else None
    for row in rows:
        yield Row(
            [cell(column, row, run=run) for column in columns], row.spectrum.name, row.spectrum.release.slug,
            spark_of(row), value_at(row, x), value_at(row, y) if y else None,
        )  # fmt: skip


def _order(population: Population, params: QueryDict, columns: list[Column]) -> tuple[Order, str]:
    asked = params.get("sort") or population.table.order
    by_name = {column.name: column for column in columns}
    name = asked.removeprefix("-")
    if name not in by_name:
        return Order.by(columns[0]), f"There is no shown column “{name}” to sort by."
    return Order.by(by_name[name], descending=asked.startswith("-")), ""


def _heading(column: Column, order: Order, params: QueryDict) -> Heading:
    direction = ""
    if column.path == order.path:
        direction = "descending" if order.descending else "ascending"
    ask = f"-{column.name}" if direction == "ascending" else column.name
    number = column.kind in ("int", "float")
    query = without(params, "after", "before", sort=ask)
    return Heading(column.heading, column.description, number, direction, query)


def _in_words(summary: Summary) -> tuple[Column, int, list[str]]:
    values = (summary.lowest, *summary.quartiles, summary.highest)
    return summary.column, summary.n, [_written(summary.column, value) for value in values]


def _written(column: Column, value: float | None) -> str:
    return written(column, float(value) if value is not None and column.kind == "float" else value)
