"""/populations/: any list of candidates over any two columns, with its rows beneath."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_POST, require_safe

from catalog.given.services import ListError, list_create, of_names
from catalog.inspection.groups import MAY_VOTE
from catalog.populations.asked import (
    AXES,
    LISTS,
    PLAIN,
    SELECTION,
    AskedError,
    Population,
    list_asked,
    numbers,
    population_asked,
)
from catalog.populations.colours import colours_of
from catalog.populations.points import MOST_POINTS, chosen_of, drawn_of, view_asked
from catalog.populations.presets import PRESETS, Preset
from catalog.populations.sky import regions_drawn
from catalog.tables import TABLES

from .filters import Chip, Group, chips, groups, unknown, without
from .linked import NOT_FILTERS, PAGING, plot_context, selection_context
from .lists import run_asked

KEPT = ("run", *AXES)  # while filters change


@dataclass(frozen=True)
class Asked:
    """A population with its filters as a form and as chips; ``error`` says what is wrong with the address."""

    population: Population
    form: list[Group]
    chips: list[Chip]
    error: str

    @property
    def invalid(self) -> bool:
        """Whether a filter could not be read: its form says which."""
        return not self.population.filterset.is_valid()

    @property
    def valid(self) -> bool:
        return not (self.invalid or self.error)


def asked(request: HttpRequest) -> Asked:
    """Raises Http404 for a run that does not exist."""
    params, run = request.GET, run_asked(request)
    error = ""
    try:
        population = population_asked(table=list_asked(params), run=run, params=params)
    except AskedError as wrong:
        error = str(wrong)
        plain = _without_axes(params)
        table = TABLES[params["of"] if params.get("of") in LISTS else LISTS[0]]
        population = population_asked(table=table, run=run, params=plain)
    form = groups(population.filterset)
    if not error and (strange := unknown(form, params, NOT_FILTERS)):
        error = f"There is no filter {', '.join(strange)} here."
    return Asked(population, form, chips(population.filterset, form, params), error)


def _without_axes(params: QueryDict) -> QueryDict:
    left = params.copy()
    for name in (*AXES, *SELECTION):
        left.pop(name, None)
    return left


@require_safe
def populations(request: HttpRequest) -> HttpResponse:
    """The plot, its controls, and the rows, statistics and downloads of the selection."""
    params, found = request.GET, asked(request)
    population = found.population
    table, run = population.table, population.run
    context: dict[str, Any] = {
        "table": table,
        "run": run,
        "pinned": bool(params.get("run")),
        "pin": without(params, *PAGING, run=str(run.pk)) if run else "",
        "unpin": without(params, *PAGING, "run"),
        "lists": [
            (TABLES[name], without(QueryDict(), of=name, **_pinned(params)), name == table.name)
            for name in LISTS
        ],
        "presets": [
            (
                preset,
                without(params, *AXES, *SELECTION, *PAGING, **_axes_of(preset, params)),
                _is(preset, population),
            )
            for preset in PRESETS[table.name]
        ],
        "numbers": numbers(table),
        "colours": colours_of(table).values(),
        "plain": PLAIN,
        "groups": found.form,
        "chips": found.chips,
        "clear": without(params, *(name for name in params if name not in KEPT)),
        "kept": [(name, params[name]) for name in KEPT if params.get(name)],
        "filters": [
            (name, value)
            for name in params
            if name not in NOT_FILTERS
            for value in params.getlist(name)
            if value
        ],
        "error": found.error,
        "invalid": found.invalid,
    } | plot_context(population, params)  # fmt: skip
    if found.valid:
        context |= selection_context(population, params, request.user)
    return render(request, "catalog/populations/page.html", context, status=200 if found.valid else 400)


@require_safe
def selection(request: HttpRequest) -> HttpResponse:
    """What stands under the plot, alone: fetched when the selection, the sort or the page changes."""
    found = asked(request)
    if not found.valid:
        return render(
            request, "catalog/populations/_wrong.html", {"error": found.error or WRONG_FILTER}, status=400
        )
    context = plot_context(found.population, request.GET)
    context |= selection_context(found.population, request.GET, request.user)
    return render(request, "catalog/populations/_selection.html", context)


WRONG_FILTER = "A filter could not be read."
WRONG_VIEW = "The visible part of the plot could not be read."


@require_safe
@gzip_page
def plot(request: HttpRequest) -> JsonResponse:
    """Points, density or histogram; ``view`` is the visible part, ``most`` a lower limit of points."""
    found = asked(request)
    if not found.valid:
        return JsonResponse({"error": found.error or WRONG_FILTER}, status=400)
    try:
        view = view_asked(found.population, request.GET.get("view", ""))
        most = min(int(request.GET.get("most") or MOST_POINTS), MOST_POINTS)
    except ValueError:
        return JsonResponse({"error": WRONG_VIEW}, status=400)
    return JsonResponse(drawn_of(found.population, view=view, most=most))


@require_safe
@gzip_page
def chosen(request: HttpRequest) -> JsonResponse:
    """``chosen``: ids of the spectra that the selection holds, of those in ``view``."""
    found = asked(request)
    if not found.valid:
        return JsonResponse({"error": found.error or WRONG_FILTER}, status=400)
    try:
        view = view_asked(found.population, request.GET.get("view", ""))
    except ValueError:
        return JsonResponse({"error": WRONG_VIEW}, status=400)
    return JsonResponse({"chosen": chosen_of(found.population, view=view)})


@require_safe
@gzip_page
def regions(request: HttpRequest) -> JsonResponse:
    """Circles of the H II regions for the sky of a run."""
    sky = "galactic" if request.GET.get("sky") == "galactic" else "equatorial"
    return JsonResponse(regions_drawn(run=run_asked(request), sky=sky))


@require_POST
@permission_required(MAY_VOTE, raise_exception=True)
def inspect(request: HttpRequest) -> HttpResponse:
    """Keep the selection as a list and go to the inspection of just these."""
    found = asked(request)
    if not found.valid:
        messages.error(request, found.error or WRONG_FILTER)
        return redirect("populations")
    run = found.population.run
    names = found.population.chosen.order_by("pk").values_list("spectrum__name", flat=True)
    try:
        made = list_create(entries=of_names(names))
    except ListError as error:
        messages.error(request, str(error))
        return redirect(f"{reverse('populations')}?{request.GET.urlencode()}")
    query = {"list": made.token} | ({"run": str(run.pk)} if run else {})
    return redirect(f"{reverse('inspect')}?{urlencode(query)}")


def _pinned(params: QueryDict) -> dict[str, str]:
    return {"run": str(params["run"])} if params.get("run") else {}


def _axes_of(preset: Preset, params: QueryDict) -> dict[str, str]:
    kept = {name: str(params[name]) for name in ("of", "colour") if params.get(name)}
    return kept | {name: value for name, value in preset.params.items() if value}


def _is(preset: Preset, population: Population) -> bool:
    """Whether a preset is what is drawn."""
    if population.sky or "sky" in preset.params:
        return preset.params.get("sky", "") == population.sky
    drawn = tuple(axis.name for axis in population.axes)
    return drawn == tuple(filter(None, (preset.params["x"], preset.params["y"])))
