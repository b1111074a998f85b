"""The sky of a population: cones, a density of equal areas, and the circles of the H II regions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from astropy import units as u
from astropy_healpix import HEALPix
from django.db.models import Count, F, QuerySet

from catalog.figures.plain import rounded
from catalog.models import HIIRegion, Run
from catalog.positions import MAX_CONE_DEG, ORDER, equatorial, galactic, within_cone
from catalog.regions import version_matched

from .asked import Population

WHOLE = 5  # order of the whole sky's pixels: 1.8 degrees
FINEST = 12
ACROSS = 60  # pixels that a cone is some times wide


@dataclass(frozen=True)
class Cone:
    """The visible part of the sky, in degrees and in the coordinates of the plot."""

    lon: float
    lat: float
    radius: float

    @classmethod
    def parse(cls, text: str) -> Cone | None:
        """Of ``lon,lat,radius``; None where empty, or too wide for a cone. Raises ValueError."""
        if not text:
            return None
        lon, lat, radius = map(float, text.split(","))
        if not (abs(lat) <= 90 and abs(lon) <= 720 and radius > 0):
            raise ValueError("a view of the sky has a longitude, a latitude and a radius")
        return cls(lon % 360, lat, radius) if radius <= MAX_CONE_DEG else None

    def applied(self, population: Population, rows: QuerySet[Any]) -> QuerySet[Any]:
        ra, dec = self.lon, self.lat
        if population.sky == "galactic":
            ra, dec = (float(value) for value in equatorial(self.lon, self.lat))
        return within_cone(rows, ra=ra, dec=dec, radius_deg=self.radius, prefix="spectrum__")


def sky_density(rows: QuerySet[Any], *, sky: str, cone: Cone | None) -> dict[str, Any]:
    """Counts of HEALPix pixels: centres (degrees, in the coordinates of the plot), and their width."""
    order = WHOLE
    if cone:
        order = min(FINEST, max(WHOLE, int(np.ceil(np.log2(58.6 * ACROSS / (2 * cone.radius))))))
    pixel = F("spectrum__healpix").bitrightshift(2 * (ORDER - order))
    found = list(rows.order_by().annotate(pixel_=pixel).values_list("pixel_").annotate(n_=Count("pk")))
    sphere = HEALPix(1 << order, order="nested")
    pixels = np.array([pixel for pixel, _ in found], dtype=np.int64)
    lon, lat = (angle.to_value(u.deg) for angle in sphere.healpix_to_lonlat(pixels))
    if sky == "galactic":
        lon, lat = galactic(lon, lat)
    return {
        "mode": "sky-density", "x": rounded(lon, 6), "y": rounded(lat, 6), "counts": [n for _, n in found],
        "width": round(58.6 / (1 << order), 4),
    }  # fmt: skip


def regions_drawn(*, run: Run | None, sky: str) -> dict[str, Any]:
    """Circles of the H II regions that a run was matched with: degrees, in the coordinates of the plot."""
    version = version_matched(run)
    fields = ("glon", "glat") if sky == "galactic" else ("ra", "dec")
    rows = HIIRegion.objects.filter(version=version).order_by("-radius_arcsec", "name")
    found = list(rows.values_list(*fields, "radius_arcsec", "catalog", "name"))
    lon, lat, radius, codes, names = zip(*found, strict=True) if found else ((),) * 5
    return {
        "version": version, "lon": rounded(lon, 7), "lat": rounded(lat, 7),
        "radius": rounded(np.array(radius) / 3600.0, 5), "code": "".join(codes), "names": names,
    }  # fmt: skip
