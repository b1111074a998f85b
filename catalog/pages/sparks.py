"""The spark spectra of a page of a list: one request for all its rows."""

from __future__ import annotations

import hashlib
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseNotModified, JsonResponse
from django.utils.cache import patch_cache_control
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_safe

from catalog.models import Spectrum
from catalog.paging import PAGE_SIZE
from catalog.sparks import sparks

DAY = 86_400


def spark_of(row: Any) -> tuple[int, str] | None:
    """Id and name of the spectrum of a list's row, where there is a file to draw."""
    spectrum = row if isinstance(row, Spectrum) else getattr(row, "spectrum", None)
    return (spectrum.pk, spectrum.name) if isinstance(spectrum, Spectrum) and spectrum.file else None


@require_safe
@gzip_page
def page_of_sparks(request: HttpRequest) -> HttpResponse:
    """``?ids=1,2,3`` gives ``{id: [heights, 0 to 255]}``: see ``catalog.sparks``. At most a page of rows."""
    ids = request.GET.get("ids", "").split(",")
    if len(ids) > PAGE_SIZE or not all(part.isdecimal() and len(part) < 19 for part in ids):
        return JsonResponse(
            {"error": f"ids are at most {PAGE_SIZE} numbers with commas between."}, status=400
        )
    spectra = list(
        Spectrum.objects.filter(pk__in=ids)
        .exclude(file="")
        .only("pk", "name", "file", "sha256")
        .order_by("pk")
    )
    etag = hashlib.sha256(",".join(f"{s.pk}:{s.sha256}" for s in spectra).encode()).hexdigest()[:32]
    tag = f'W/"{etag}"'
    if request.headers.get("If-None-Match", "") == tag:
        response: HttpResponse = HttpResponseNotModified()
    else:
        response = JsonResponse(sparks(spectra=spectra))
    response["ETag"] = tag
    patch_cache_control(response, public=True, max_age=DAY)
    return response
