"""Reads for the page of one H II region: the spectra inside and near by, and the regions that overlap it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from django.db.models import F, Max

from retrieval.match import separation_arcsec

from . import certified
from .models import Candidate, HIIRegion, Run
from .positions import MAX_CONE_DEG, within_cone
from .regions import version_matched

NEAR = 2.0  # radii: how far from the centre spectra count as near by
SMALLEST_FIELD = 0.1  # degrees around the smallest regions
MOST_NEAR = 500
MOST_OVERLAPPING = 100


def region_named(*, name: str, version: str, run: Run | None) -> HIIRegion | None:
    """The region of that name: of the version asked for, else the one that the run knows, else the newest."""
    found = certified.regions(run).order_by("-of_run", "-id") if run else HIIRegion.objects.order_by("-id")
    found = found.filter(name=name)
    return (found.filter(version=version) if version else found).first()


@dataclass(frozen=True)
class Inside:
    """A candidate within the region's radius.

    Separation from the centre in arcsec; ``beyond`` is its LSR velocity less the nearest of the region's,
    km/s.
    """

    candidate: Candidate
    separation_arcsec: float
    is_best: bool
    beyond: float | None


@dataclass(frozen=True)
class Overlap:
    """Another region of the same version whose circle meets this one; centres apart in arcsec."""

    region: HIIRegion
    separation_arcsec: float
    is_inside: bool


class RegionEvidence:
    """Everything about one region under one run (None: no run yet). Each part is read when first used."""

    def __init__(self, *, region: HIIRegion, run: Run | None) -> None:
        self.region = region
        self.run = run

    @cached_property
    def inside(self) -> list[Inside]:
        """Nebula candidates within the radius, from the centre outwards."""
        if self.run is None or self.region.version != version_matched(self.run):
            return []
        found = (
            certified.of_run(self.run)
            .filter(spectrum__region_matches__region=self.region)
            .annotate(
                apart=F("spectrum__region_matches__separation_arcsec"),
                is_best=F("spectrum__region_matches__is_best"),
            )
            .select_related("spectrum__release", "region")
            .order_by("apart", "pk")
        )
        return [Inside(row, row.apart, row.is_best, self._beyond(row)) for row in found]

    def _beyond(self, candidate: Candidate) -> float | None:
        velocity = candidate.velocity_lsr_kms
        if velocity is None or not self.region.velocities_kms:
            return None
        return min((velocity - printed for printed in self.region.velocities_kms), key=abs)

    @property
    def field_deg(self) -> float:
        """How far from the centre the map reaches, degrees."""
        radius = self.region.radius_arcsec / 3600.0
        return min(max(NEAR * radius, radius + SMALLEST_FIELD), MAX_CONE_DEG)

    @cached_property
    def near(self) -> list[Candidate]:
        """Candidates, galaxies too, outside the radius but on the map, the nearest first."""
        if self.run is None:
            return []
        candidates = Candidate.objects.filter(run=self.run).exclude(
            pk__in=[inside.candidate.pk for inside in self.inside]
        )
        found = within_cone(
            candidates, ra=self.region.ra, dec=self.region.dec, radius_deg=self.field_deg, prefix="spectrum__"
        )
        return list(found.select_related("spectrum__release").order_by("separation", "pk")[:MOST_NEAR])

    @cached_property
    def overlapping(self) -> list[Overlap]:
        """Regions of the same version whose circles meet this one, the nearest centres first."""
        others = HIIRegion.objects.filter(version=self.region.version)
        largest: dict[str, Any] = others.aggregate(radius=Max("radius_arcsec"))
        reach = (self.region.radius_arcsec + largest["radius"]) / 3600.0
        near = within_cone(
            others, ra=self.region.ra, dec=self.region.dec, radius_deg=min(reach, MAX_CONE_DEG)
        )
        held = list(near.exclude(pk=self.region.pk))
        apart = separation_arcsec(
            self.region.glon, self.region.glat, [one.glon for one in held], [one.glat for one in held]
        )
        found = [
            Overlap(one, float(distance), bool(distance + one.radius_arcsec <= self.region.radius_arcsec))
            for one, distance in zip(held, np.atleast_1d(apart).tolist(), strict=True)
            if distance <= one.radius_arcsec + self.region.radius_arcsec
        ]
        return sorted(found, key=lambda overlap: (overlap.separation_arcsec, overlap.region.name))
