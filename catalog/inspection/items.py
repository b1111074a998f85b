"""One candidate as the inspection pages show it: what a template needs, and the JSON for the script."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.http import urlencode

from catalog.evidence import Evidence
from catalog.figures.finder import Finder, finder
from catalog.figures.region import Circle
from catalog.models import Candidate, Vote
from catalog.pages.cells import spectrum_url

from .selectors import standing


def with_related(candidates: QuerySet[Candidate]) -> QuerySet[Candidate]:
    """Candidates with what an item reads of them in one query."""
    return candidates.select_related(
        "run", "spectrum__release", "spectrum__source", "spectrum__truth", "region", "gold_standard"
    )


def evidence_of(candidate: Candidate) -> dict[str, Any]:
    """Context of ``_evidence.html``: why it is a candidate, its lines at z_CL, where it lies."""
    evidence = Evidence(spectrum=candidate.spectrum, run=candidate.run)
    return {
        "candidate": candidate,
        "spectrum": candidate.spectrum,
        "run": candidate.run,
        "evidence": evidence,
        "agreeing": [line.label for line in evidence.agreeing_lines],
        "lines": evidence.lines(z=candidate.z_cl),
        "finder": _finder(candidate, evidence),
    }


def standing_votes(candidate: Candidate) -> list[Vote]:
    """The votes that a resolver compares."""
    return list(standing(candidate.votes.select_related("inspector__user")).order_by("pk"))


def figure_url(candidate: Candidate) -> str:
    """The JSON of the spectrum's figure; empty where its file is not held."""
    if not candidate.spectrum.file:
        return ""
    query = urlencode({"release": candidate.spectrum.release.slug, "run": str(candidate.run_id)})
    return f"{reverse('spectrum-figure', args=[candidate.spectrum.name])}?{query}"


def head(candidate: Candidate, *, page: str) -> dict[str, Any]:
    """What the script must know of a candidate on the page already. ``page`` names its address."""
    return {
        "id": candidate.pk,
        "name": candidate.spectrum.name,
        "page": reverse(page, args=[candidate.pk]),
        "spectrum": spectrum_url(candidate.spectrum, run=candidate.run),
        "figure": figure_url(candidate),
        "z": candidate.z_cl,
    }


def item(candidate: Candidate, *, page: str, with_votes: bool = False) -> dict[str, Any]:
    """A candidate whole, as the script keeps it until it is shown; ``html`` replaces the parts of the page.

    Others' votes are in it only ``with_votes``: for a resolver, who may see them.
    """
    context = evidence_of(candidate)
    html = {
        "about": render_to_string("catalog/inspection/_about.html", context),
        "evidence": render_to_string("catalog/inspection/_evidence.html", context),
    }
    if with_votes:
        votes = {"candidate": candidate, "votes": standing_votes(candidate)}
        html["votes"] = render_to_string("catalog/inspection/_votes.html", votes)
    return head(candidate, page=page) | {"html": html}


def _finder(candidate: Candidate, evidence: Evidence) -> Finder | None:
    spectrum = candidate.spectrum
    if spectrum.glon is None or spectrum.glat is None:
        return None
    regions = [match.region for match in evidence.regions]
    circles = [Circle(region.name, region.glon, region.glat, region.radius_arcsec) for region in regions]
    return finder(glon=spectrum.glon, glat=spectrum.glat, regions=circles)
