"""The page of one H II region, and the JSON of its map."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_safe

from catalog.figures.region import Circle, MapPoint, region_figure
from catalog.models import Candidate, HIIRegion, Run
from catalog.region_evidence import MOST_OVERLAPPING, RegionEvidence, region_named
from catalog.regions import PAPER_VERSION
from retrieval.flags import candidate_warnings
from retrieval.velocity import UNLIKE_REGION

from .cells import MISSING, number, region_url, spectrum_url
from .lists import run_asked


@require_safe
def region_page(request: HttpRequest, name: str) -> HttpResponse:
    """One region: ``?version=`` tells namesakes of other versions apart, ``?run=`` pins the run."""
    evidence = _asked(request, name)
    region, run = evidence.region, evidence.run
    pinned = run if request.GET.get("run") else None
    query = {"version": region.version} | ({"run": str(run.pk)} if run else {})
    context: dict[str, Any] = {
        "region": region,
        "run": run,
        "pinned": pinned,
        "other_versions": [
            (other.version, region_url(other, run=pinned))
            for other in HIIRegion.objects.filter(name=region.name).exclude(pk=region.pk).order_by("version")
        ],
        "of_the_paper": region.version == PAPER_VERSION,
        "matched": run is not None and region.version == run.region_version,
        "inside": [
            (inside, spectrum_url(inside.candidate.spectrum, run=pinned), _warnings(inside.candidate))
            for inside in evidence.inside
        ],
        "near": evidence.near,
        "overlapping": [
            (overlap, region_url(overlap.region, run=pinned))
            for overlap in evidence.overlapping[:MOST_OVERLAPPING]
        ],
        "overlapping_total": len(evidence.overlapping),
        "unlike": UNLIKE_REGION,
        "field": evidence.field_deg,
        "list_query": f"?{urlencode({'region': region.name} | ({'run': run.pk} if pinned and run else {}))}",
        "figure_url": f"{reverse('region-figure', args=[name])}?{urlencode(query)}",
    }
    return render(request, "catalog/region.html", context)


@require_safe
@gzip_page
def figure(request: HttpRequest, name: str) -> JsonResponse:
    """Plotly's JSON of the region's map."""
    evidence = _asked(request, name)
    run = evidence.run if request.GET.get("run") else None
    points = [_point(inside.candidate, "inside", run) for inside in evidence.inside]
    points += [
        _point(candidate, "galaxy" if candidate.kind == Candidate.Kind.GALAXY else "near", run)
        for candidate in evidence.near
    ]
    return JsonResponse(
        region_figure(
            region=_circle(evidence.region),
            points=points,
            others=[_circle(overlap.region) for overlap in evidence.overlapping],
            field_deg=evidence.field_deg,
        )
    )


def _asked(request: HttpRequest, name: str) -> RegionEvidence:
    run = run_asked(request)
    version = request.GET.get("version", "")
    region = region_named(name=name, version=version, run=run)
    if region is None:
        raise Http404(f"No H II region {name} is held{f' in version {version}' if version else ''}.")
    return RegionEvidence(region=region, run=run)


def _circle(region: HIIRegion) -> Circle:
    return Circle(region.name, region.glon, region.glat, region.radius_arcsec)


def _point(candidate: Candidate, role: str, run: Run | None) -> MapPoint:
    spectrum = candidate.spectrum
    if role == "galaxy":
        words = f"galaxy, z {number(candidate.z_cl, 5)}"
    else:
        velocity = number(candidate.velocity_lsr_kms, 0)
        words = f"V LSR {velocity} km/s, {candidate.nebula_state or 'not measured'}"
    return MapPoint(
        name=spectrum.name, url=spectrum_url(spectrum, run=run), glon=spectrum.glon or 0.0,
        glat=spectrum.glat or 0.0, role=role, words=words,
    )  # fmt: skip


def _warnings(candidate: Candidate) -> str:
    return "; ".join(candidate_warnings(candidate.flags)) or MISSING
