"""Reads for the pages about the whole: what is held, and what the shown run found."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from .models import Candidate, CounterpartLookup, HIIRegion, Release, Run, Spectrum
from .tables import SERVICES


def origins_held() -> set[bool]:
    """Whether the releases held are simulated: True, False, or both."""
    return set(Release.objects.values_list("simulated", flat=True).distinct())


def releases_held() -> QuerySet[Release]:
    """Releases with the number of spectra (``held``) and of original files (``files``) of each.

    A file has a checksum, and checksums have an index: no spectrum is read to be counted.
    """
    spectra = Spectrum.objects.filter(release=OuterRef("pk")).order_by().values("release")
    counted = spectra.annotate(n=Count("pk")).values("n")
    return Release.objects.annotate(
        held=Coalesce(Subquery(counted), 0), files=Coalesce(Subquery(counted.exclude(sha256="")), 0)
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
    galaxy, nebula = Candidate.Kind.GALAXY, Candidate.Kind.NEBULA
    candidates = Candidate.objects.filter(run=run).order_by()
    groups = candidates.values_list("kind", "new_found").annotate(n=Count("pk"))
    counts: dict[tuple[str, bool | None], int] = {(kind, new): n for kind, new, n in groups}
    inside = candidates.filter(kind=nebula, new_found=False, region__isnull=False)
    regions = list(inside.values_list("region__catalog", "region").distinct())
    new_galaxies, new_sources = _new(run)
    return RunNumbers(
        queries=run.n_queries,
        templates=run.n_templates,
        with_line_redshift=run.n_line_redshifts,
        candidates=sum(counts.values()),
        galaxies=counts.get((galaxy, None), 0),
        galaxy_sources=_sources(candidates.filter(kind=galaxy)),
        new_galaxies=new_galaxies,
        new_sources=new_sources,
        nebulae=sum(n for (kind, _), n in counts.items() if kind == nebula),
        inside_regions=counts.get((nebula, False), 0),
        regions=len(regions),
        newly_certified=sum(catalog != HIIRegion.Catalog.KNOWN for catalog, _ in regions),
        newly_found=counts.get((nebula, True), 0),
        unclear=counts.get((nebula, None), 0),
    )


def _new(run: Run) -> tuple[int | None, int | None]:
    """Galaxies that none of the three services knows, and their sources; None until all three were asked."""
    of_run = Candidate.objects.filter(run=run)
    said = [of_run.filter(**{f"{s}_outcome__in": CounterpartLookup.ANSWERED}) for s in SERVICES]
    if not all(rows.exists() for rows in said):
        return None, None
    new = of_run.filter(kind=Candidate.Kind.GALAXY, new_galaxy=True)
    return new.count(), _sources(new)


def _sources(rows: QuerySet[Candidate]) -> int:
    """Unique sources of rows, where the spectrum has a position."""
    return int(rows.aggregate(n=Count("spectrum__source", distinct=True))["n"])


def candidates_by_kind(*, run: Run | None) -> dict[str, int]:
    """Candidates of a run by kind, every kind named."""
    found = Candidate.objects.filter(run=run).order_by().values_list("kind").annotate(n=Count("pk"))
    return dict.fromkeys(Candidate.Kind.values, 0) | dict(found)
