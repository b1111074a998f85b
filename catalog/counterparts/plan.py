"""Which sources of a run are to be asked about, and at which service."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Exists, OuterRef

from catalog.models import DECIDING, Candidate, Run, Service, Spectrum

from .lookups import places_unanswered
from .roads import LARGEST_RADIUS_ARCSEC, RADIUS_ARCSEC, is_online, newest_snapshot, roads


@dataclass(frozen=True)
class Portion:
    """Sources of one service that are asked about together; all simulated, or none."""

    service: str
    simulated: bool
    sources: tuple[int, ...]


def faults(*, run: Run, services: Sequence[str], radius_arcsec: float, snapshot_only: bool) -> list[str]:
    """Why a look-up cannot be done as asked, in words; empty where it can."""
    found = []
    if run.completed_at is None:
        found.append(f"Run {run.pk} has not ended: look its galaxies up when it has.")
    if not services:
        found.append("Choose at least one service.")
    if not RADIUS_ARCSEC <= radius_arcsec <= LARGEST_RADIUS_ARCSEC:
        found.append(
            f"The radius is {radius_arcsec:g} arcsec; it must be {RADIUS_ARCSEC:g} to "
            f"{LARGEST_RADIUS_ARCSEC:g}: a smaller one would make discoveries of small errors of position."
        )
    kinds = set(
        Candidate.objects.filter(run=run).values_list("spectrum__release__simulated", flat=True).distinct()
    )
    for service in services:
        if service not in Service.values:
            found.append(f"There is no service {service!r}; there are {', '.join(Service.values)}.")
        elif snapshot_only or not is_online(service):
            found += [
                f"No snapshot of {Service(service).label} is loaded that may answer about "
                f"{'simulated' if simulated else 'real'} sources: load one with import_snapshot, restore one "
                f"that is retired{', or ask the service itself' if is_online(service) else ''}."
                for simulated in sorted(kinds)
                if newest_snapshot(service=service, simulated=simulated) is None
            ]
    return found


def sources_of(*, run: Run, service: str) -> dict[bool, list[int]]:
    """The run's sources that a service is asked about, the simulated (True) apart from the real (False).

    The three services that decide are asked about galaxies, the others about every candidate. A source that a
    real spectrum shares is real.
    """
    candidates = Candidate.objects.filter(run=run, spectrum__source__isnull=False)
    if service in DECIDING:
        candidates = candidates.filter(kind=Candidate.Kind.GALAXY)
    real = Spectrum.objects.filter(source=OuterRef("spectrum__source"), release__simulated=False)
    rows = candidates.annotate(real=Exists(real)).order_by("spectrum__source")
    parted: dict[bool, list[int]] = {True: [], False: []}
    for source, is_real in rows.values_list("spectrum__source", "real").distinct():
        parted[not is_real].append(source)
    return parted


def portions(
    *, run: Run, services: Sequence[str], radius_arcsec: float, snapshot_only: bool, month: str
) -> list[Portion]:
    """What is still to be asked, in portions of one call each; what is answered is not asked again."""
    planned = []
    for service in services:
        for simulated, sources in sources_of(run=run, service=service).items():
            asked = roads(service=service, simulated=simulated, snapshot_only=snapshot_only, month=month)
            if not sources or not asked:
                continue
            waiting = places_unanswered(
                service=service, release=asked[0].release, radius_arcsec=radius_arcsec, sources=sources
            )
            ids = [place.source_id for place in waiting]
            size = min(road.batch for road in asked)
            planned += [
                Portion(service, simulated, tuple(ids[first : first + size]))
                for first in range(0, len(ids), size)
            ]
    return planned
