"""Reads for the pages about the whole: what is held, and what the shown run found."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count, Q, QuerySet

from .models import Candidate, CounterpartLookup, Release, Run
from .tables import GALAXIES, SERVICES


def origins_held() -> set[bool]:
    """Whether the releases held are simulated: True, False, or both."""
    return set(Release.objects.values_list("simulated", flat=True).distinct())


def releases_held() -> QuerySet[Release]:
    """Releases with the number of spectra (``held``) and of original files (``files``) of each."""
    return Release.objects.annotate(
        held=Count("spectra"), files=Count("spectra", filter=~Q(spectra__file=""))
    ).order_by("-created_at", "slug")


@dataclass(frozen=True)
class RunNumbers:
    """What one run found, in the steps of the paper. ``new_...`` are None until sources are looked up."""

    queries: int
    templates: int
    with_line_redshift: int
    candidates: int
    galaxies: int
    galaxy_sources: int
    new_galaxies: int | None
    new_sources: int | None
    nebulae: int
    inside_regions: int
    regions: int
    newly_certified: int
    newly_found: int
    unclear: int


def run_numbers(*, run: Run) -> RunNumbers:
    """Count a run's results. Sources are counted where a spectrum has a position."""
    candidates = Candidate.objects.filter(run=run)
    galaxy, nebula = Q(kind=Candidate.Kind.GALAXY), Q(kind=Candidate.Kind.NEBULA)
    counts = candidates.aggregate(
        candidates=Count("id"),
        galaxies=Count("id", filter=galaxy),
        galaxy_sources=Count("spectrum__source", distinct=True, filter=galaxy),
        nebulae=Count("id", filter=nebula),
        inside_regions=Count("id", filter=nebula & Q(new_found=False)),
        regions=Count("region", distinct=True, filter=nebula & Q(new_found=False)),
        newly_certified=Count(
            "region", distinct=True, filter=nebula & Q(new_found=False) & ~Q(region__catalog="K")
        ),
        newly_found=Count("id", filter=nebula & Q(new_found=True)),
        unclear=Count("id", filter=nebula & Q(new_found__isnull=True)),
    )
    new_galaxies, new_sources = _new(run)
    return RunNumbers(
        queries=run.n_queries,
        templates=run.n_templates,
        with_line_redshift=run.n_line_redshifts,
        new_galaxies=new_galaxies,
        new_sources=new_sources,
        **counts,
    )


def _new(run: Run) -> tuple[int | None, int | None]:
    """Galaxies that none of the three services knows, and their sources; None until all three were asked."""
    asked = CounterpartLookup.objects.filter(
        source__spectra__candidates__run=run, outcome__in=("matched", "no-match"), service__in=SERVICES
    )
    if asked.aggregate(services=Count("service", distinct=True))["services"] < len(SERVICES):
        return None, None
    new = GALAXIES.rows(run).filter(new_galaxy=True)
    counts = new.aggregate(galaxies=Count("pk"), sources=Count("spectrum__source", distinct=True))
    return counts["galaxies"], counts["sources"]


def candidates_by_kind(*, run: Run | None) -> dict[str, int]:
    """Candidates of a run by kind, every kind named."""
    found = Candidate.objects.filter(run=run).order_by().values_list("kind").annotate(n=Count("pk"))
    return dict.fromkeys(Candidate.Kind.values, 0) | dict(found)
