"""The page of one spectrum, and the JSON of its figure."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_safe

from catalog.arrays import load_spectrum
from catalog.evidence import Evidence, spectra_named
from catalog.figures.lines import DRAWN_LINES
from catalog.figures.spectrum import masked_stretches, spectrum_figure
from catalog.inspection import selectors as inspection
from catalog.inspection.services import HIGHEST_Z, LOWEST_Z
from catalog.models import Spectrum
from retrieval.lines import LINE
from retrieval.masks import MASK_BIT
from retrieval.readers import WARNINGS, ObservedSpectrum, Refused

from .lists import run_asked


@require_safe
def spectrum_page(request: HttpRequest, name: str) -> HttpResponse:
    """One spectrum: ``?release=`` tells namesakes apart, ``?run=`` pins the run, ``?z=`` the redshift."""
    spectrum, namesakes = _asked(request, name)
    run = run_asked(request)
    evidence = Evidence(spectrum=spectrum, run=run)
    typed = request.GET.get("z", "").strip()
    z = parse_z(typed)
    if z is None and evidence.redshift:
        z = evidence.redshift.value
    truth = getattr(spectrum, "truth", None)
    query = {"release": spectrum.release.slug}
    figure_query = query | ({"run": str(run.pk)} if run else {})
    context: dict[str, Any] = {
        "spectrum": spectrum,
        "namesakes": namesakes,
        "run": run,
        "pinned": run if request.GET.get("run") else None,
        "evidence": evidence,
        "z": z,
        "typed_z": typed,
        "z_refused": bool(typed) and parse_z(typed) is None,
        "z_limits": (LOWEST_Z, HIGHEST_Z),
        "lines": evidence.lines(z=z) if z is not None else [],
        "agreeing": [line.label for line in evidence.agreeing_lines],
        "truth": truth,
        "truth_fluxes": [
            (LINE[key].label if key in LINE else key, flux) for key, flux in truth.line_fluxes.items()
        ]
        if truth
        else [],
        "events": inspection.history(candidate=evidence.candidate, user=request.user)
        if evidence.candidate
        else [],
        "state": inspection.state_shown(candidate=evidence.candidate, user=request.user)
        if evidence.candidate
        else "",
        "warnings": [WARNINGS.get(code, code) for code in spectrum.warnings],
        "figure_url": f"{reverse('spectrum-figure', args=[name])}?{urlencode(figure_query)}",
        "file_url": f"{reverse('spectrum-file', args=[name])}?{urlencode(query)}",
    }
    return render(request, "catalog/spectrum.html", context)


@require_safe
@gzip_page
def figure(request: HttpRequest, name: str) -> JsonResponse:
    """Plotly's JSON with what the page's script needs: the redshift, the line table, masks in words.

    A spectrum whose file is missing or can no longer be read gives 404 with ``error`` in words.
    """
    spectrum, _ = _asked(request, name)
    evidence = Evidence(spectrum=spectrum, run=run_asked(request))
    try:
        observed = load_spectrum(spectrum)
    except (OSError, Refused) as error:
        return JsonResponse({"error": f"The figure cannot be drawn. {error}"}, status=404)
    z = parse_z(request.GET.get("z", ""))
    if z is None and evidence.redshift:
        z = evidence.redshift.value
    width = evidence.run.detection.get("median_width") if evidence.run else None
    drawn = spectrum_figure(
        observed=observed, z=z, template=_template(evidence.template), continuum_width=width
    )
    drawn["z"] = z
    drawn["lines"] = [asdict(line) for line in DRAWN_LINES]
    drawn["masked"] = [
        {"first": round(s.first, 1), "last": round(s.last, 1), "why": ", ".join(_words(s.reasons))}
        for s in masked_stretches(observed)
    ]
    return JsonResponse(drawn)


def parse_z(text: str) -> float | None:
    """A typed redshift, exact; None where it is no number or beyond sense."""
    try:
        z = float(text.strip().replace("−", "-"))
    except ValueError:
        return None
    return z if math.isfinite(z) and LOWEST_Z <= z <= HIGHEST_Z else None


def _words(reasons: tuple[str, ...]) -> list[str]:
    return [MASK_BIT[reason].words if reason in MASK_BIT else reason for reason in reasons]


def _asked(request: HttpRequest, name: str) -> tuple[Spectrum, list[Spectrum]]:
    """The spectrum meant and its namesakes in other releases. Raises Http404."""
    found = spectra_named(name=name)
    release = request.GET.get("release")
    chosen = [spectrum for spectrum in found if not release or spectrum.release.slug == release]
    if not chosen:
        within = f" in release {release}" if found else ""
        raise Http404(f"No spectrum named {name} is held{within}.")
    return chosen[0], [spectrum for spectrum in found if spectrum.pk != chosen[0].pk]


def _template(spectrum: Spectrum | None) -> ObservedSpectrum | None:
    """The template's arrays; without its file the figure is drawn without it."""
    if spectrum is None:
        return None
    try:
        return load_spectrum(spectrum)
    except (OSError, Refused):
        return None
