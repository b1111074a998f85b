"""The paper's figures over any run, published catalogue or filter: gallery, pages, JSON and data."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import django_filters as filters
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_safe

from catalog.downloads.lines import csv_response
from catalog.figures.registry import BPT, FIGURES, PaperFigure
from catalog.figures.shown import Shown
from catalog.lean import lean
from catalog.models import Catalogue
from catalog.populations.asked import AXES, SELECTION, AskedError, population_asked
from catalog.selectors import candidates_by_kind
from catalog.tables import current_run

from .filters import Chip, Group, chips, groups, unknown, without
from .linked import plot_context, selection_context
from .lists import downloads, run_asked

NOT_FILTERS = ("sort", "after", "before", "run", "catalogue", "columns")
OF_PLOT = (*NOT_FILTERS, *AXES, *SELECTION)  # of the diagram that is linked with its rows
NEWEST = 5  # catalogues that a page offers


@dataclass(frozen=True)
class Asked:
    """What an address asks for: the rows, the filters as a form and as chips, and what is wrong with them."""

    figure: PaperFigure
    shown: Shown
    filterset: filters.FilterSet
    form: list[Group]
    chips: list[Chip]
    error: str

    @property
    def invalid(self) -> bool:
        """Whether a filter could not be read: its form says which."""
        return not self.filterset.is_valid()

    @property
    def valid(self) -> bool:
        return not (self.invalid or self.error)

    @property
    def pin(self) -> dict[str, str]:
        """The parameter that pins the run or the catalogue."""
        if self.shown.catalogue:
            return {"catalogue": str(self.shown.catalogue.number)}
        return {"run": str(self.shown.run.pk)} if self.shown.run else {}


def _asked(request: HttpRequest, slug: str) -> Asked:
    """Raises Http404 for a figure, run or catalogue that does not exist."""
    if slug not in FIGURES:
        raise Http404(f"There is no figure {slug}; there are {', '.join(FIGURES)}.")
    figure, params = FIGURES[slug], request.GET
    catalogue = _catalogue(params.get("catalogue", ""))
    run = current_run(catalogue.run_id) if catalogue else run_asked(request)
    filterset, shown = figure.of_run(run=run, params=params)
    form = groups(filterset)
    active = chips(filterset, form, params)
    error = ""
    if strange := unknown(form, params, OF_PLOT if slug == BPT else NOT_FILTERS):
        error = f"There is no filter {', '.join(strange)} here."
    elif catalogue and params.get("run") not in (None, "", str(catalogue.run_id)):
        error = f"Catalogue {catalogue.number} was published from run {catalogue.run_id}: leave out the run."
    if catalogue:
        shown = figure.of_catalogue(catalogue=catalogue, chosen=shown, filtered=bool(active))
    return Asked(figure, shown, filterset, form, active, error)


def _catalogue(number: str) -> Catalogue | None:
    if not number:
        return None
    if not number.isdecimal() or len(number) > 9:
        raise Http404(f"There is no catalogue {number}.")
    return get_object_or_404(
        Catalogue.objects.only("number", "run_id", "published_at", "inspected"), pk=number
    )


@require_safe
def gallery(request: HttpRequest) -> HttpResponse:
    """/figures/: every figure of the paper, with the number of rows that the shown run gives it."""
    run = run_asked(request)
    counts = candidates_by_kind(run=run)
    query = f"?{urlencode({'run': run.pk})}" if run and request.GET.get("run") else ""
    cards = [
        (figure, counts[figure.kind] if figure.kind else sum(counts.values()), figure.url + query)
        for figure in FIGURES.values()
    ]
    return render(request, "catalog/figures/gallery.html", {"run": run, "cards": cards, "query": query})


@require_safe
def figure_page(request: HttpRequest, slug: str) -> HttpResponse:
    """/figures/<slug>/: the plot, its caption, and the same in tables."""
    params, asked = request.GET, _asked(request, slug)
    figure, shown = asked.figure, asked.shown
    total = lean(shown.rows).count() if asked.valid else 0
    kept = [(name, params[name]) for name in ("run", "catalogue") if params.get(name)]
    query = without(params, *OF_PLOT, **asked.pin)
    pinned = {"run": str(shown.run.pk)} if shown.run else {}
    of_list = without(params, *OF_PLOT, **figure.list_params, **pinned)
    linked, error = _linked(asked, request) if total else ({}, "")
    context: dict[str, Any] = {
        "figure": figure,
        "table": figure.table,
        "shown": shown,
        "run": shown.run,
        "pinned": bool(kept),
        "pin": without(params, **asked.pin),
        "unpin": without(params, "run", "catalogue"),
        "catalogues": [
            (catalogue, without(params, "run", catalogue=str(catalogue.number)))
            for catalogue in Catalogue.objects.only("number")[:NEWEST]
        ],
        "total": total,
        "told": figure.drawing.tell(shown) if total else None,
        "counted_at": datetime.now(UTC),
        "groups": asked.form,
        "chips": asked.chips,
        "clear": without(params, *(name for name in params if name not in ("run", "catalogue"))),
        "kept": kept,
        "list_url": f"{reverse(figure.table.name)}{of_list}",
        "downloads": [] if shown.catalogue else _downloads(asked, request),
        "figure_url": reverse("figure-json", args=[slug]) + query,
        "data_url": reverse("figure-data", args=[slug]) + query,
        "populations_url": _populations(figure, of_list) if not shown.catalogue else "",
        "error": asked.error or error,
        "invalid": asked.invalid,
        "linked": bool(linked),
    }
    status = 200 if asked.valid and not error else 400
    return render(request, "catalog/figures/figure.html", context | linked, status=status)


def _linked(asked: Asked, request: HttpRequest) -> tuple[dict[str, Any], str]:
    """The BPT diagram as a population, linked with its rows, and what is wrong with the selection on it.

    A published catalogue's frozen rows are drawn alone."""
    if asked.figure.slug != BPT or asked.shown.catalogue:
        return {}, ""
    params = request.GET.copy()
    params["of"] = asked.figure.table.name
    params["x"], params["y"] = asked.figure.axes
    params.pop("sky", None)
    try:
        population = population_asked(
            table=asked.figure.table, run=asked.shown.run, params=params, filterset=asked.filterset
        )
    except AskedError as wrong:
        return {}, str(wrong)
    return plot_context(population, params) | selection_context(population, params, request.user), ""


def _populations(figure: PaperFigure, of_list: str) -> str:
    """Where /populations/ draws the same rows over the same columns, if it can."""
    if not figure.axes:
        return ""
    axes = {"of": figure.table.name} | dict(zip("xy", figure.axes, strict=False))
    return f"{reverse('populations')}?{urlencode(axes)}&{of_list.removeprefix('?')}".rstrip("&")


def _downloads(asked: Asked, request: HttpRequest) -> list[tuple[str, str]]:
    """The rows behind a figure of a run, as the list has them."""
    params = request.GET.copy()
    for name in NOT_FILTERS:
        params.pop(name, None)
    params.update(asked.figure.list_params)
    return downloads(asked.figure.table, params, asked.shown.run)


@require_safe
@gzip_page
def figure_json(request: HttpRequest, slug: str) -> JsonResponse:
    """Plotly's JSON of the rows that the query selects."""
    asked = _asked(request, slug)
    if not asked.valid:
        return JsonResponse({"error": asked.error or "A filter could not be read."}, status=400)
    return JsonResponse(asked.figure.drawing.plot(asked.shown))


@require_safe
def figure_data(request: HttpRequest, slug: str) -> HttpResponseBase:
    """What the figure draws, as CSV: a line of names, then the rows."""
    asked = _asked(request, slug)
    if not asked.valid:
        said = asked.error or "A filter could not be read."
        return HttpResponse(f"{said}\n", status=400, content_type="text/plain; charset=utf-8")
    of = "-".join(f"{name}{number}" for name, number in asked.pin.items())
    name = "-".join(filter(None, ("glowworm-figure", str(asked.figure.number), slug, of)))
    return csv_response(asked.figure.drawing.data(asked.shown), f"{name}-{datetime.now(UTC):%Y%m%d}.csv")
