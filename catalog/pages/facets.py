"""The counts beside the filters of a list, as JSON that the page asks for once it is shown."""

from __future__ import annotations

from dataclasses import asdict

from django.http import Http404, HttpRequest, JsonResponse
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_safe

from catalog.downloads.selection import PAGE_PARAMS
from catalog.facets import facets
from catalog.tables import TABLES

from .filters import groups, unknown
from .lists import run_asked


@require_safe
@gzip_page
def table_facets(request: HttpRequest, table: str) -> JsonResponse:
    """``{"choices": {filter: {value: rows}}, "values": {filter: [[value, rows], ...]},
    "ranges": {filter: {low, high, counts}}}``."""
    if table not in TABLES:
        raise Http404(f"There is no list {table}.")
    params, shown = request.GET, TABLES[table]
    run = run_asked(request) if shown.of_run else None
    filterset = shown.filter(run=run, params=params)
    if unknown(groups(filterset), params, tuple(PAGE_PARAMS)) or not filterset.is_valid():
        return JsonResponse({"error": "A filter could not be read."}, status=400)
    return JsonResponse(asdict(facets(table=shown, run=run, params=params)))
