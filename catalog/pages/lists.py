"""The lists: galaxies, nebulae, candidates, spectra, refusals. State stands in the address."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from catalog.downloads.archive import MAX_SPECTRA, has_spectra
from catalog.downloads.stream import FORMATS
from catalog.models import Run
from catalog.paging import BadTokenError, Order, Page, get_page
from catalog.populations.presets import PRESETS
from catalog.tables import TABLES, Table, current_run

from .cells import cell
from .filters import chips, groups, unknown, without

NOT_FILTERS = ("sort", "after", "before", "run", "columns")
ALL = "all"
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
    shown = table.columns if params.get("columns") == ALL else [table.column(name) for name in table.shown]
    order, error = _order(table, params, [column.name for column in shown])
    if strange := unknown(form, params, NOT_FILTERS):
        error = f"There is no filter {', '.join(strange)} in this list."
    valid = filterset.is_valid() and not error
    page, total = Page((), None, None), 0
    if valid:
        total = filterset.qs.count()
        try:
            page = get_page(
                filterset.qs, order=order, after=params.get("after", ""), before=params.get("before", "")
            )
        except BadTokenError as bad:
            error, valid = str(bad), False
    active = chips(filterset, params)
    pinned = run if params.get("run") else None
    rows = [[cell(column, row, run=pinned) for column in shown] for row in page.rows]
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
        "clear": without(params, *(name for name in params if name not in KEPT)),
        "kept": [(name, params[name]) for name in KEPT if params.get(name)],
        "more_columns": without(params, columns=ALL) if len(shown) < len(table.columns) else "",
        "fewer_columns": without(params, "columns", "sort") if len(shown) > len(table.shown) else "",
        "first": without(params, "after", "before"),
        "previous": without(params, "after", before=page.before) if page.before else "",
        "next": without(params, "before", after=page.after) if page.after else "",
        "downloads": downloads(table, params, run),
        "plot_url": _plot(table, params),
    }
    return render(request, template, context | more, status=200 if valid else 400)


def _order(table: Table, params: QueryDict, shown: list[str]) -> tuple[Order, str]:
    """The sort asked for, by a shown column, and what is wrong with it."""
    asked = params.get("sort") or table.order
    name = asked.removeprefix("-")
    if name not in shown:
        return (
            Order(table.column(table.order.removeprefix("-")).path),
            f"There is no shown column “{name}” to sort by.",
        )
    return Order(table.column(name).path, asked.startswith("-")), ""


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


def downloads(table: Table, params: QueryDict, run: Run | None) -> list[tuple[str, str]]:
    """Label and address of each download of exactly these rows, with the run pinned."""
    query = params.copy()
    for name in ("after", "before"):
        query.pop(name, None)
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
    ] * has_spectra(table)
