"""The JSON behind a spectrum's page: its figure, other spectra over it, its distance by segment."""

from __future__ import annotations

from typing import Literal

from django.http import HttpRequest, JsonResponse
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_safe

from catalog.arrays import load_spectrum
from catalog.evidence import Evidence
from catalog.figures.plain import rounded
from catalog.figures.spectrum import Overlay, compared, spectrum_figure
from catalog.models import Run, Spectrum
from catalog.segments import neighbour_segments
from retrieval.readers import ObservedSpectrum, Refused

from .cells import spectrum_url
from .lists import run_asked
from .spectrum import parse_z, spectrum_asked


@require_safe
@gzip_page
def figure(request: HttpRequest, name: str) -> JsonResponse:
    """What the viewer draws of a spectrum, ``?z=`` and ``?run=`` as on its page.

    A spectrum whose file is missing or can no longer be read gives 404 with ``error`` in words.
    """
    spectrum, _ = spectrum_asked(name=name, release=request.GET.get("release"))
    evidence = Evidence(spectrum=spectrum, run=run_asked(request))
    try:
        observed = load_spectrum(spectrum)
    except (OSError, Refused) as error:
        return _not_drawn(error)
    z = parse_z(request.GET.get("z", ""))
    if z is None and evidence.redshift:
        z = evidence.redshift.value
    drawn = spectrum_figure(
        observed=observed, z=z, overlays=overlays(evidence, pinned=bool(request.GET.get("run"))),
        fits=evidence.measurements.values(),
        continuum_width=evidence.run.detection.get("median_width") if evidence.run else None,
    )  # fmt: skip
    return JsonResponse(drawn)


@require_safe
@gzip_page
def over(request: HttpRequest, name: str, release: str, other: str) -> JsonResponse:
    """Another spectrum on the pixels of this one, scaled to it; errors as those of the figure."""
    spectrum, _ = spectrum_asked(name=name, release=request.GET.get("release"))
    drawn, _ = spectrum_asked(name=other, release=release)
    try:
        return JsonResponse(compared(observed=load_spectrum(spectrum), other=load_spectrum(drawn)))
    except (OSError, Refused) as error:
        return _not_drawn(error)


def overlays(evidence: Evidence, *, pinned: bool) -> list[Overlay]:
    """What can be drawn over a spectrum: its kin under the run, nearest first, then the source's epochs."""
    run = evidence.run if pinned else None
    nearest = [evidence.template] if evidence.template else []
    templates = [*nearest, *(neighbour.template for neighbour in evidence.neighbours)]
    kin = {other.pk: other for other in templates if other.file}
    epochs = {other.pk: other for other in evidence.same_source if other.file and other.pk not in kin}
    return [
        _overlay(evidence.spectrum, other, "template", run, _arrays(other) if other in nearest else None)
        for other in kin.values()
    ] + [_overlay(evidence.spectrum, other, "epoch", run) for other in epochs.values()]


def _overlay(
    spectrum: Spectrum,
    other: Spectrum,
    kind: Literal["template", "epoch"],
    run: Run | None,
    observed: ObservedSpectrum | None = None,
) -> Overlay:
    where = reverse("spectrum-over", args=[spectrum.name, other.release.slug, other.name])
    return Overlay(
        key=f"{other.release.slug}/{other.name}",
        label=other.name if kind == "template" else f"{other.name}, {other.release.name}, MJD {other.mjd}",
        kind=kind,
        z=other.z,
        link=spectrum_url(other, run=run),
        url=f"{where}?{urlencode({'release': spectrum.release.slug})}",
        observed=observed,
    )


def _arrays(spectrum: Spectrum) -> ObservedSpectrum | None:
    """The template's arrays; without its file the figure is drawn without it."""
    try:
        return load_spectrum(spectrum)
    except (OSError, Refused):
        return None


def _not_drawn(error: Exception) -> JsonResponse:
    return JsonResponse({"error": f"The figure cannot be drawn. {error}"}, status=404)


@require_safe
@gzip_page
def distance(request: HttpRequest, name: str) -> JsonResponse:
    """Each segment's share of the distance from its template in ``?configuration=`` step:segments:centres.

    404 with ``error`` in words where the run did not search it so, or what it needs is lost.
    """
    spectrum, _ = spectrum_asked(name=name, release=request.GET.get("release"))
    evidence = Evidence(spectrum=spectrum, run=run_asked(request))
    wanted = request.GET.get("configuration", "")
    found = [one for one in evidence.neighbours if not wanted or one.codebook.label == wanted]
    if not found:
        return JsonResponse({"error": "The run did not search this spectrum so."}, status=404)
    neighbour = found[0]
    try:
        segments = neighbour_segments(neighbour=neighbour)
    except (OSError, ValueError) as error:
        return JsonResponse({"error": f"The shares cannot be computed. {error}"}, status=404)
    z = evidence.redshift.value if evidence.redshift else neighbour.z
    return JsonResponse(
        {
            "configuration": neighbour.codebook.label,
            "template": neighbour.template.name,
            "edges": rounded(segments.edges, 7),
            "stored": neighbour.distance,
        }
        | segments.told(z=z)
    )
