"""The BPT page and the JSON of its figure; both take the filters of the galaxies."""

from __future__ import annotations

from django.db.models import Q
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_safe

from catalog.figures.bpt import BptPoint, bpt_figure
from catalog.selectors import bpt_counts
from catalog.tables import GALAXIES

from .filters import chips, groups, unknown, without
from .lists import run_asked

NOT_FILTERS = ("sort", "after", "before", "run")
DRAWN = Q(log_nii_ha__isnull=False, log_oiii_hb__isnull=False)


@require_safe
def bpt_page(request: HttpRequest) -> HttpResponse:
    params, run = request.GET, run_asked(request)
    filterset = GALAXIES.filter(run=run, params=params)
    form = groups(filterset)
    strange = unknown(form, params, NOT_FILTERS)
    valid = filterset.is_valid() and not strange
    galaxies = filterset.qs if valid else GALAXIES.rows(None)
    counts = bpt_counts(galaxies=galaxies)
    pin = {"run": str(run.pk)} if run else {}
    context = {
        "table": GALAXIES,
        "run": run,
        "pinned": run if params.get("run") else None,
        "pin": without(params, **pin),
        "unpin": without(params, "run"),
        "counts": counts,
        "total": sum(n for _, n in counts.classes),
        "drawn": galaxies.filter(DRAWN).count(),
        "groups": form,
        "chips": chips(filterset, params),
        "clear": without(params, *(name for name in params if name != "run")),
        "kept": [("run", params["run"])] if params.get("run") else [],
        "list_query": without(params, *NOT_FILTERS, **pin),
        "figure_url": reverse("bpt-figure") + without(params, *NOT_FILTERS, **pin),
        "error": f"There is no filter {', '.join(strange)} here." if strange else "",
        "invalid": not filterset.is_valid(),
    }
    return render(request, "catalog/bpt.html", context, status=200 if valid else 400)


@require_safe
@gzip_page
def figure(request: HttpRequest) -> JsonResponse:
    """Plotly's JSON of the galaxies that the query selects and that have both ratios."""
    run = run_asked(request)
    filterset = GALAXIES.filter(run=run, params=request.GET)
    if not filterset.is_valid():
        return JsonResponse({"error": "A filter could not be read."}, status=400)
    rows = filterset.qs.filter(DRAWN).order_by("pk").values_list(
        "spectrum__name", "spectrum__release__slug", "z_cl", "log_nii_ha", "log_nii_ha_err",
        "log_oiii_hb", "log_oiii_hb_err", "bpt_class",
    )  # fmt: skip
    points = [
        BptPoint(name, _page(name, release, run.pk if run else None), *rest) for name, release, *rest in rows
    ]
    return JsonResponse(bpt_figure(points))


def _page(name: str, release: str, run: int | None) -> str:
    query = {"release": release} | ({"run": run} if run else {})
    return f"{reverse('spectrum', args=[name])}?{urlencode(query)}"
