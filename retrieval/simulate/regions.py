"""The five Galactic H II regions that Table 2 of Lu et al. 2022 prints, as the paper prints them."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Region(NamedTuple):
    """A region of the WISE Catalog of Galactic H II Regions (Anderson et al. 2014, ApJS 212, 1)."""

    name: str
    code: str  # K known, G group, C candidate, Q radio-quiet
    glon: float  # deg
    glat: float  # deg
    radius: float  # arcsec
    velocities: tuple[float, ...] = ()  # km/s, local standard of rest, of V2.2


REGIONS: tuple[Region, ...] = (
    Region("G173.588-01.606", "K", 173.588, -1.606, 1298.0, (-1.4,)),
    Region("G206.316-02.103", "K", 206.316, -2.102, 3133.0, (18.1,)),
    Region("G159.957-12.738", "K", 159.957, -12.737, 5689.0, (-5.5,)),
    Region("G173.468+03.230", "G", 173.468, 3.230, 1369.0),
    Region("G173.156-03.442", "Q", 173.156, -3.442, 728.0),
)

# Rows: the Galactic axes in ICRS coordinates (ESA 1997, The Hipparcos Catalogue, vol. 1, equation 1.5.11).
_TO_GALACTIC = np.array(
    [
        [-0.0548755604, -0.8734370902, -0.4838350155],
        [0.4941094279, -0.4448296300, 0.7469822445],
        [-0.8676661490, -0.1980763734, 0.4559837762],
    ]
)


def unit_vector(lon: float, lat: float) -> NDArray[np.float64]:
    """Direction (3,) of a longitude and a latitude in degrees."""
    a, d = math.radians(lon), math.radians(lat)
    return np.array([math.cos(d) * math.cos(a), math.cos(d) * math.sin(a), math.sin(d)])


def angles(vector: NDArray[np.float64]) -> tuple[float, float]:
    """Longitude in [0, 360) and latitude, degrees, of a direction (3,)."""
    x, y, z = (float(value) for value in vector)
    return math.degrees(math.atan2(y, x)) % 360.0, math.degrees(math.atan2(z, math.hypot(x, y)))


def to_galactic(ra: float, dec: float) -> tuple[float, float]:
    return angles(_TO_GALACTIC @ unit_vector(ra, dec))


def to_equatorial(glon: float, glat: float) -> tuple[float, float]:
    return angles(_TO_GALACTIC.T @ unit_vector(glon, glat))


def displaced(lon: float, lat: float, distance: float, angle: float) -> tuple[float, float]:
    """The place at ``distance`` degrees from (lon, lat) in the direction ``angle`` degrees east of north."""
    centre = unit_vector(lon, lat)
    a = math.radians(lon)
    east = np.array([-math.sin(a), math.cos(a), 0.0])
    north = np.cross(centre, east)
    towards = math.cos(math.radians(angle)) * north + math.sin(math.radians(angle)) * east
    return angles(math.cos(math.radians(distance)) * centre + math.sin(math.radians(distance)) * towards)


def containing(glon: float, glat: float) -> list[Region]:
    """The regions whose radius reaches a Galactic position."""
    place = unit_vector(glon, glat)
    found = []
    for region in REGIONS:
        centre = unit_vector(region.glon, region.glat)
        separation = math.degrees(
            math.atan2(float(np.linalg.norm(np.cross(centre, place))), float(centre @ place))
        )
        if separation * 3600 <= region.radius:
            found.append(region)
    return found
