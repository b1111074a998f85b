"""The page of one spectrum."""

from __future__ import annotations

import math
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from catalog.evidence import Evidence, spectra_named
from catalog.figures.spectrum import VIEWER_PARTS
from catalog.inspection import selectors as inspection
from catalog.inspection.services import HIGHEST_Z, LOWEST_Z
from catalog.models import Spectrum
from catalog.position_links import position_links
from catalog.run_settings import configuration_labels, run_settings
from catalog.snippet import python_snippet
from retrieval.lines import LINE
from retrieval.readers import WARNINGS

from .lists import run_asked
from .through import through

VIEWER_MODULES = (
    "js/figure.js", "js/viewer.js", *(
        f"js/viewer/{part}.js"
        for part in ("page", "controls", "drawing", "pixels", "air", "insets", "lines", "save", "shares")
    )
)  # fmt: skip
"""What a page with the viewer and its controls imports; a spectrum's own page also js/viewer/address.js."""


@require_safe
def spectrum_page(request: HttpRequest, name: str) -> HttpResponse:
    """One spectrum: ``?release=`` tells namesakes apart, ``?run=`` pins the run, ``?z=`` the redshift."""
    spectrum, namesakes = spectrum_asked(name=name, release=request.GET.get("release"))
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
        "through": through(request, spectrum),
        "run": run,
        "pinned": run if request.GET.get("run") else None,
        "evidence": evidence,
        "z": z,
        "typed_z": typed,
        "z_refused": bool(typed) and parse_z(typed) is None,
        "z_limits": (LOWEST_Z, HIGHEST_Z),
        "viewer_parts": VIEWER_PARTS,
        "viewer_modules": VIEWER_MODULES,
        "lines": evidence.lines(z=z),
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
    row = "candidates" if evidence.candidate else "spectra"
    row_query = {"name": name, **query} | ({"run": str(run.pk)} if run and evidence.candidate else {})
    context |= {
        "settings": run_settings(run, configuration_labels(run)) if run else {},
        "links": position_links(ra=spectrum.ra, dec=spectrum.dec)
        if spectrum.ra is not None and spectrum.dec is not None
        else [],
        "sky_url": f"{reverse('spectrum-sky', args=[name])}?{urlencode(query)}",
        "distance_url": f"{reverse('spectrum-distance', args=[name])}?{urlencode(figure_query)}",
        "snippet": python_snippet(
            spectrum=spectrum,
            file_url=request.build_absolute_uri(context["file_url"]),
            row_url=request.build_absolute_uri(
                f"{reverse('download', args=[row, 'csv'])}?{urlencode(row_query)}"
            ),
        ),
    }
    return render(request, "catalog/spectrum.html", context)


def parse_z(text: str) -> float | None:
    """A typed redshift, exact; None where it is no number or beyond sense."""
    try:
        z = float(text.strip().replace("−", "-"))
    except ValueError:
        return None
    return z if math.isfinite(z) and LOWEST_Z <= z <= HIGHEST_Z else None


def spectrum_asked(*, name: str, release: str | None) -> tuple[Spectrum, list[Spectrum]]:
    """The spectrum meant, the newest where no release is given, and its namesakes. Raises Http404."""
    found = spectra_named(name=name)
    chosen = [spectrum for spectrum in found if not release or spectrum.release.slug == release]
    if not chosen:
        within = f" in release {release}" if found else ""
        raise Http404(f"No spectrum named {name} is held{within}.")
    return chosen[0], [spectrum for spectrum in found if spectrum.pk != chosen[0].pk]
