"""The retrieval as a flow with live counts."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from catalog.kept import kept
from catalog.pipeline import flow

from .filters import without
from .lists import run_asked


@require_safe
def pipeline(request: HttpRequest) -> HttpResponse:
    """/pipeline/: what is left after each step of the shown run."""
    run = run_asked(request)
    counted = kept("flow", run=run, count=lambda: flow(run=run)) if run else None
    context = {
        "run": run,
        "pinned": bool(request.GET.get("run")),
        "pin": without(request.GET, run=str(run.pk)) if run else "",
        "unpin": without(request.GET, "run"),
        "flow": counted.value if counted else None,
        "counted_at": counted.counted_at if counted else None,
    }
    return render(request, "catalog/figures/pipeline.html", context)
