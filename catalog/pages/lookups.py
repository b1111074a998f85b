"""What the look-ups of counterparts still wait for, and who answers."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from catalog.counterparts.summary import services_summary, snapshots_held
from catalog.kept import kept
from catalog.tables import LOOKUPS

from .lists import run_asked, table_page


@require_safe
def lookups(request: HttpRequest) -> HttpResponse:
    """/lookups/: the galaxies that wait, below how far each service is, its outages, and the snapshots."""
    run = run_asked(request)
    counted = kept("services", run=run, count=lambda: services_summary(run=run)) if run else None
    about = {
        "services": counted.value if counted else [],
        "counted_at": counted.counted_at if counted else None,
        "snapshots": snapshots_held(),
    }
    return table_page(request, LOOKUPS, template="catalog/lookups.html", **about)
