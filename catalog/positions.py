"""Positions on the sky: HEALPix index, Galactic coordinates, cones in SQL.

Every position of the portal carries its order-29 nested HEALPix pixel (Gorski et al. 2005), so
that a cone is a handful of B-tree ranges followed by an exact distance, on plain PostgreSQL, at
RA 0 and at the poles as anywhere else.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from astropy import units as u
from astropy.coordinates import Latitude, Longitude, SkyCoord
from astropy_healpix import HEALPix, lonlat_to_healpix, nside_to_pixel_resolution
from django.db.models import F, FloatField, Q, QuerySet, Value
from django.db.models.functions import Abs, ASin, Cos, Greatest, Least, Power, Radians, Sin, Sqrt

ORDER = 29
MAX_CONE_DEG = 30.0


def healpix29(ra: Any, dec: Any) -> np.ndarray:
    """Order-29 nested HEALPix pixels of ICRS positions in degrees; int64, same shape."""
    lon = Longitude(np.asarray(ra, dtype=float), u.deg)
    lat = Latitude(np.asarray(dec, dtype=float), u.deg)
    return np.asarray(lonlat_to_healpix(lon, lat, 1 << ORDER, order="nested"), dtype=np.int64)


def galactic(ra: Any, dec: Any) -> tuple[np.ndarray, np.ndarray]:
    """Galactic longitude and latitude (degrees) of ICRS positions in degrees."""
    coordinates = SkyCoord(np.asarray(ra, dtype=float), np.asarray(dec, dtype=float), unit="deg").galactic
    return np.asarray(coordinates.l.deg), np.asarray(coordinates.b.deg)


def equatorial(glon: Any, glat: Any) -> tuple[np.ndarray, np.ndarray]:
    """ICRS right ascension and declination (degrees) of Galactic positions in degrees."""
    coordinates = SkyCoord(
        np.asarray(glon, dtype=float), np.asarray(glat, dtype=float), unit="deg", frame="galactic"
    ).icrs
    return np.asarray(coordinates.ra.deg), np.asarray(coordinates.dec.deg)


def cone_ranges(ra: float, dec: float, radius_deg: float) -> list[tuple[int, int]]:
    """Half-open ranges of order-29 pixels that cover a cone (they may hold more than the cone).

    The pixels are taken at the order whose size is next below the radius, so that there are a few
    dozen of them at most, and neighbours are merged.
    """
    resolution = nside_to_pixel_resolution(1).to_value(u.deg)
    order = min(ORDER, max(0, math.ceil(math.log2(resolution / radius_deg))))
    sphere = HEALPix(1 << order, order="nested")
    # The library's search includes pixels that overlap the cone; the margin covers rounding at its rim.
    reach = radius_deg + 0.05 * resolution / (1 << order)
    pixels = np.sort(sphere.cone_search_lonlat(ra * u.deg, dec * u.deg, reach * u.deg))
    shift = 2 * (ORDER - order)
    ranges: list[tuple[int, int]] = []
    for pixel in pixels.tolist():
        low, high = pixel << shift, (pixel + 1) << shift
        if ranges and ranges[-1][1] == low:
            ranges[-1] = (ranges[-1][0], high)
        else:
            ranges.append((low, high))
    return ranges


def within_cone(
    queryset: QuerySet[Any], *, ra: float, dec: float, radius_deg: float, prefix: str = ""
) -> QuerySet[Any]:
    """Rows within a cone, with ``separation`` in degrees annotated (haversine, exact near 0).

    ``prefix`` leads to the model that holds ``ra``, ``dec`` and ``healpix`` ("spectrum__", say).
    Raises ValueError for a radius outside 0 to 30 degrees.
    """
    if not 0 < radius_deg <= MAX_CONE_DEG:
        raise ValueError(
            f"the radius must be above 0 and at most {MAX_CONE_DEG:g} degrees, not {radius_deg:g}"
        )
    covered = Q()
    for low, high in cone_ranges(ra, dec, radius_deg):
        covered |= Q(**{f"{prefix}healpix__gte": low, f"{prefix}healpix__lt": high})
    dec_column, ra_column = Radians(F(f"{prefix}dec")), Radians(F(f"{prefix}ra"))
    ra0, dec0 = math.radians(ra), math.radians(dec)
    haversine = _squared_sine((dec_column - Value(dec0)) / 2.0) + Cos(dec_column) * Value(
        math.cos(dec0)
    ) * _squared_sine((ra_column - Value(ra0)) / 2.0)
    separation = 2.0 * (180.0 / math.pi) * ASin(Least(Value(1.0), Sqrt(haversine)), output_field=FloatField())
    return queryset.filter(covered).annotate(separation=separation).filter(separation__lte=radius_deg)


def _squared_sine(angle: Any) -> Power:
    """sin^2, kept from underflow: PostgreSQL makes that an error."""
    return Power(Greatest(Abs(Sin(angle)), Value(1e-100)), 2)
