"""What is downloaded: a table, a run and the query string of its page, checked before a byte is sent."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from django.db.models import F, QuerySet
from django.http import QueryDict
from django_filters.widgets import SuffixedMultiWidget

from catalog.models import Catalogue, Run
from catalog.tables import ALL, Table, current_run

PAGE_PARAMS = frozenset({"run", "sort", "after", "before", "columns"})
"""Parameters of a page's address that are not filters; a download holds every page of the list."""


class SelectionError(ValueError):
    """The query cannot be read; the message names each field and says what to type."""


class NothingMatchesError(LookupError):
    """The query is sound and no row answers it; the message repeats the query."""


@dataclass(frozen=True)
class Selection:
    """Rows to download. ``query`` is the query string that selects them again, without the run; the table
    has the columns asked for.

    ``catalogue`` is the published catalogue whose frozen rows they are, if any.
    """

    table: Table
    run: Run | None
    query: str
    rows: QuerySet[Any]
    catalogue: Catalogue | None = None

    @property
    def stem(self) -> str:
        """File name without date and suffix."""
        return f"glowworm-{self.table.name}" + (f"-run{self.run.pk}" if self.run else "")


def select(*, table: Table, params: QueryDict) -> Selection:
    """The rows that a page with these parameters lists, in its order.

    Raises SelectionError where a parameter is unknown or wrong, NothingMatchesError where no row is left.
    """
    run = _run(params) if table.of_run else None
    filters = table.filter(run=run, params=params)
    known = _names(filters.form)
    if unknown := sorted(set(params) - known - PAGE_PARAMS):
        raise SelectionError(
            f"{table.name} has no filter {', '.join(unknown)}; there are {', '.join(sorted(known))}."
        )
    if not filters.is_valid():
        raise SelectionError(
            "\n".join(f"{name}: {' '.join(errors)}" for name, errors in filters.form.errors.items())
        )
    query = params.copy()
    for name in (*PAGE_PARAMS - {"sort"}, *(name for name in params if not any(params.getlist(name)))):
        query.pop(name, None)
    rows = filters.qs.order_by(*_order(table, params.get("sort") or table.order))
    if not rows.exists():
        of_run = f" of run {run.pk}" if run else ""
        asked = f"the query {query.urlencode()}" if query else "it holds no rows yet"
        raise NothingMatchesError(f"Nothing to download: no row of {table.name}{of_run} matches; {asked}.")
    return Selection(table=_of_columns(table, params), run=run, query=query.urlencode(), rows=rows)


def _of_columns(table: Table, params: QueryDict) -> Table:
    """The table with all its columns, or those of the parameter ``columns``, in its order."""
    try:
        return replace(table, columns=table.chosen(params.get("columns") or ALL))
    except KeyError as error:
        raise SelectionError(f"columns: {error.args[0]}.") from error


def _run(params: QueryDict) -> Run:
    number = params.get("run")
    try:
        run = current_run(number)
    except (Run.DoesNotExist, ValueError, OverflowError) as error:
        raise SelectionError(f"run: there is no complete run {number}.") from error
    if run is None:
        raise NothingMatchesError("Nothing to download: no retrieval run is complete yet.")
    return run


def _names(form: Any) -> set[str]:
    """Names of the query parameters that the filters read: a range has two."""
    names: set[str] = set()
    for name, field in form.fields.items():
        widget = field.widget
        ends = widget.suffixes if isinstance(widget, SuffixedMultiWidget) else [None]
        names.update(f"{name}_{end}" if end else name for end in ends)
    return names


def _order(table: Table, sort: str) -> tuple[Any, Any]:
    """Order by a published column, missing values last, ties by id."""
    try:
        path = table.column(sort.removeprefix("-")).path
    except KeyError as error:
        raise SelectionError(f"sort: {error.args[0]}.") from error
    if sort.startswith("-"):
        return F(path).desc(nulls_last=True), "-pk"
    return F(path).asc(nulls_last=True), "pk"
