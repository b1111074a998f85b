"""The first page: what this is, and what the shown run found, beside what the paper found."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from catalog import selectors
from catalog.kept import kept

from .lists import run_asked


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    run = run_asked(request)
    counted = kept("numbers", run=run, count=lambda: selectors.run_numbers(run=run)) if run else None
    context = {
        "run": run,
        "numbers": counted.value if counted else None,
        "counted_at": counted.counted_at if counted else None,
        "searched": urlencode(run.query_selection, doseq=True) if run else "",
        "releases": selectors.releases_held(),
    }
    return render(request, "catalog/home.html", context)


@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    """Robots may read pages, not every filter of every list, nor the files."""
    return render(request, "robots.txt", content_type="text/plain")
