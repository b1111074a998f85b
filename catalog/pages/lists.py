"""The lists: galaxies, nebulae, candidates, spectra, refusals. State stands in the address."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from catalog.columns import Column
from catalog.downloads.archive import MAX_SPECTRA, has_spectra
from catalog.downloads.stream import FORMATS
from catalog.lean import lean
from catalog.models import Run
from catalog.paging import BadTokenError, Order, Page, get_page
from catalog.populations.presets import PRESETS
from catalog.tables import TABLES, Table, current_run

from .cells import cell
from .columns import Chooser, columns_shown
from .filters import Chip, chips, groups, unknown, without
from .sparks import spark_of
from .through import can_lead, within

NOT_FILTERS = ("sort", "after", "before", "run", "columns")
KEPT = ("sort", "run", "columns")  # while filters change
ABOUT = {
    "galaxies": (
        "Candidates beyond the velocity limit: their redshifts from lines and from a template agree."
    ),
    "nebulae": (
        "Candidates under the velocity limit in both redshifts that lie inside a WISE H II region, or that "
        "the diagnostic finds outside, as in the paper's Table 2."
    ),
    "unclear": (
        "Candidates under the velocity limit that lie in no WISE H II region and that the diagnostic does "
        "not call H II-like: planetary nebulae among them, and what cannot be told."
    ),
    "regions": (
        "The WISE Catalog of Galactic H II Regions, with the nebula candidates that the run finds in each. A "
        "region that is not known (K) and holds one is newly certified."
    ),
    "candidates": (
        "Every spectrum whose redshift from lines is confirmed by its nearest template in at least one "
        "configuration."
    ),
    "spectra": "All spectra held, templates and unknowns, with or without their file.",
    "votes": (
        "Every vote that inspectors cast on candidates, as cast, those taken back too. Where votes are "
        "blind, those on a candidate appear once it has all it needs."
    ),
    "inspected": "Every candidate with its votes counted, and what inspection has come to.",
    "lookups": (
        "Galaxies of which nobody can say yet whether they are new: SIMBAD, SDSS or NED has not answered. "
        "One row for each source."
    ),
    "refusals": "Files and catalogue rows that an import refused, why, and what to do.",
}


@dataclass(frozen=True)
class Heading:
    """The head of a column: ``sorted`` is ascending, descending or empty; ``query`` sorts by it."""

    text: str
    description: str
    number: bool
    sorted: str
    query: str


@require_safe
def table_list(request: HttpRequest, table: str) -> HttpResponse:
    """A list of one of ``tables.TABLES``, for the shown run where it belongs to one."""
    return table_page(request, TABLES[table])


def run_asked(request: HttpRequest) -> Run | None:
    """The run that a page shows. Raises Http404 for one that does not exist or has not ended."""
    try:
        return current_run(request.GET.get("run"))
    except (Run.DoesNotExist, ValueError, OverflowError) as error:
        raise Http404(
            f"There is no complete run {request.GET['run']}. Its page may tell more, under Runs."
        ) from error


def table_page(
    request: HttpRequest, table: Table, *, template: str = "catalog/list.html", **more: Any
) -> HttpResponse:
    """The page of a table; ``template`` extends that of lists where ``more`` is shown above the rows."""
    params = request.GET
    run = run_asked(request) if table.of_run else None
    filterset = table.filter(run=run, params=params)
    form = groups(filterset)
    shown, error = columns_shown(table, params, request.user)
    order, unsortable = _order(table, params)
    error = error or unsortable
    if strange := unknown(form, params, NOT_FILTERS):
        error = f"There is no filter {', '.join(strange)} in this list."
    valid = filterset.is_valid() and not error
    page, total = Page((), None, None), 0
    if valid:
        total = lean(filterset.qs).count()
        try:
            page = get_page(
                filterset.qs, order=order.among(total), after=params.get("after", ""),
                before=params.get("before", ""), shown=[column.path for column in shown],
            )  # fmt: skip
        except BadTokenError as bad:
            error, valid = str(bad), False
    active = chips(filterset, form, params)
    pinned = run if params.get("run") else None
    context_of = within(table, params) if can_lead(table) else ""
    rows = [
        ([cell(column, row, run=pinned, within=context_of) for column in shown], spark_of(row))
        for row in page.rows
    ]
    context: dict[str, Any] = {
        "table": table,
        "about": ABOUT[table.name],
        "run": run,
        "pinned": pinned,
        "pin": without(params, "after", "before", run=str(run.pk)) if run else "",
        "unpin": without(params, "after", "before", "run"),
        "headings": [_heading(column, table, order, params) for column in shown],
        "rows": rows,
        "total": total,
        "error": error,
        "invalid": not filterset.is_valid(),
        "groups": form,
        "chips": active,
        "loosened": _loosened(table, run, active) if valid and not total else [],
        "facets": reverse("facets", args=[table.name])
        + without(params, "after", "before", "columns", "sort"),
        "sparks": reverse("sparks") if any(spark for _, spark in rows) else "",
        "state": without(params, "after", "before").removeprefix("?"),
        "clear": without(params, *(name for name in params if name not in KEPT)),
        "kept": [(name, params[name]) for name in KEPT if params.get(name)],
        "chooser": Chooser(table, tuple(shown), params),
        "sorted_aside": ""
        if any(column.path == order.path for column in shown)
        else _sorted_by(table, params),
        "first": without(params, "after", "before"),
        "previous": without(params, "after", before=page.before) if page.before else "",
        "next": without(params, "before", after=page.after) if page.after else "",
        "downloads": downloads(table, params, run),
        "plot_url": _plot(table, params),
        "downloads_shown": downloads(table, params, run, shown=shown)
        if len(shown) < len(table.columns)
        else [],
    }
    return render(request, template, context | more, status=200 if valid else 400)


def _loosened(table: Table, run: Run | None, active: list[Chip]) -> list[tuple[Chip, int]]:
    """For each active filter of an empty list, how many rows come back without it."""
    return [
        (chip, lean(table.filter(run=run, params=QueryDict(chip.query.removeprefix("?"))).qs).count())
        for chip in active
    ]


def _order(table: Table, params: QueryDict) -> tuple[Order, str]:
    """The sort asked for, by any column, and what is wrong with it."""
    asked = params.get("sort") or table.order
    name = asked.removeprefix("-")
    try:
        return Order.by(table.column(name), descending=asked.startswith("-")), ""
    except KeyError:
        return Order.by(
            table.column(table.order.removeprefix("-"))
        ), f"There is no column “{name}” to sort by."


def _sorted_by(table: Table, params: QueryDict) -> str:
    """The column that sorts, in words, where it is not shown."""
    asked = params.get("sort") or table.order
    way = "falling" if asked.startswith("-") else "rising"
    try:
        return f"{table.column(asked.removeprefix('-')).heading}, {way}"
    except KeyError:
        return ""


def _plot(table: Table, params: QueryDict) -> str:
    """Where these rows are drawn, if they can be."""
    if table.name not in PRESETS:
        return ""
    query = without(params, "sort", "after", "before", "columns", of=table.name)
    return f"{reverse('populations')}{query}"


def _heading(column: Any, table: Table, order: Order, params: QueryDict) -> Heading:
    direction = ""
    if column.path == order.path:
        direction = "descending" if order.descending else "ascending"
    ask = f"-{column.name}" if direction == "ascending" else column.name
    number = column.kind in ("int", "float")
    query = without(params, "after", "before", sort=ask)
    return Heading(column.heading, column.description, number, direction, query)


def downloads(
    table: Table, params: QueryDict, run: Run | None, *, shown: Sequence[Column] = ()
) -> list[tuple[str, str]]:
    """Label and address of each download of exactly these rows, with the run pinned.

    All columns, or those ``shown`` alone, of which there is no tar.
    """
    query = params.copy()
    for name in ("after", "before", "columns"):
        query.pop(name, None)
    if shown:
        query["columns"] = ",".join(column.name for column in shown)
    if run:
        query["run"] = str(run.pk)
    for name in [name for name in query if not any(query.getlist(name))]:
        del query[name]
    return [
        (form.label, f"{reverse('download', args=[table.name, suffix])}?{query.urlencode()}")
        for suffix, form in FORMATS.items()
    ] + [
        (
            f"spectra (tar, at most {MAX_SPECTRA:,})",
            f"{reverse('spectra-archive', args=[table.name])}?{query.urlencode()}",
        )
    ] * (has_spectra(table) and not shown)
