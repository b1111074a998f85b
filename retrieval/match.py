"""Which candidates stand, and in which H II regions spectra lie."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.spatial import cKDTree

from retrieval.redshift import TOLERANCE

ARCSEC = np.pi / (180.0 * 3600.0)  # radians

# Codes of the WISE catalogue, most certain first: known, group, candidate, radio-quiet.
REGION_CODES: tuple[str, ...] = ("K", "G", "C", "Q")


def confirm(z_cl: ArrayLike, z_rt: ArrayLike, tolerance: float = TOLERANCE) -> NDArray[np.bool_]:
    """True where the line redshift and the nearest template's differ by at most `tolerance`.

    The template check of Lu et al. 2022, section 3. A NaN redshift confirms nothing.
    """
    return np.abs(np.asarray(z_cl, dtype=np.float64) - np.asarray(z_rt, dtype=np.float64)) <= tolerance


def separation_arcsec(
    lon1: ArrayLike, lat1: ArrayLike, lon2: ArrayLike, lat2: ArrayLike
) -> NDArray[np.float64]:
    """Great-circle distance in arcsec of positions in degrees, by Vincenty's formula: exact near 0, 90,
    180."""
    a1, b1, a2, b2 = (np.radians(np.asarray(v, dtype=np.float64)) for v in (lon1, lat1, lon2, lat2))
    sin_d, cos_d = np.sin(a2 - a1), np.cos(a2 - a1)
    sin1, cos1, sin2, cos2 = np.sin(b1), np.cos(b1), np.sin(b2), np.cos(b2)
    across = np.hypot(cos2 * sin_d, cos1 * sin2 - sin1 * cos2 * cos_d)
    along = sin1 * sin2 + cos1 * cos2 * cos_d
    return np.arctan2(across, along) / ARCSEC


def position_angle(lon1: ArrayLike, lat1: ArrayLike, lon2: ArrayLike, lat2: ArrayLike) -> NDArray[np.float64]:
    """Angle in radians from north through east at the first position towards the second; degrees in."""
    a1, b1, a2, b2 = (np.radians(np.asarray(v, dtype=np.float64)) for v in (lon1, lat1, lon2, lat2))
    east = np.cos(b2) * np.sin(a2 - a1)
    north = np.cos(b1) * np.sin(b2) - np.sin(b1) * np.cos(b2) * np.cos(a2 - a1)
    return np.arctan2(east, north)


def match_regions(
    glon: ArrayLike,
    glat: ArrayLike,
    region_glon: ArrayLike,
    region_glat: ArrayLike,
    region_radius_arcsec: ArrayLike,
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Every pair of a spectrum and a region that holds it: separation at most the region's radius.

    Galactic coordinates in degrees, radii in arcsec, one dimension each. Returns spectrum index, region index
    and separation in arcsec, sorted by spectrum, then region. ValueError for positions or radii that are not
    finite, latitudes beyond 90 degrees, or radii not above 0.
    """
    lon, lat = _positions("spectra", glon, glat)
    region_lon, region_lat = _positions("regions", region_glon, region_glat)
    radius = np.asarray(region_radius_arcsec, dtype=np.float64)
    if radius.shape != region_lon.shape or not (radius > 0).all() or not np.isfinite(radius).all():
        raise ValueError(
            f"Each of {region_lon.size} regions needs a radius above 0; "
            f"got shape {radius.shape}, {np.count_nonzero(~(radius > 0))} of them not above 0."
        )
    if lon.size == 0 or radius.size == 0:
        return np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0)
    # The tree works on chords; a hair more than the radius, then the exact test.
    chord = 2.0 * np.sin(np.minimum(radius * ARCSEC, np.pi) / 2.0) * (1.0 + 1e-9) + 1e-12
    inside = cKDTree(_unit_vectors(lon, lat)).query_ball_point(_unit_vectors(region_lon, region_lat), chord)
    region = np.repeat(np.arange(radius.size), [len(members) for members in inside])
    spectrum = np.array([member for members in inside for member in members], dtype=np.int64)
    separation = separation_arcsec(lon[spectrum], lat[spectrum], region_lon[region], region_lat[region])
    kept = np.flatnonzero(separation <= radius[region])
    kept = kept[np.lexsort((region[kept], spectrum[kept]))]
    return spectrum[kept], region[kept].astype(np.int64), separation[kept]


def best_region(
    spectrum_index: ArrayLike,
    region_index: ArrayLike,
    separation: ArrayLike,
    region_radius_arcsec: ArrayLike,
    region_code: ArrayLike,
) -> NDArray[np.bool_]:
    """True at the best match of each spectrum, over the matches that `match_regions` returned.

    Best is the smallest separation in units of the region's radius; ties go to the more certain code (K, G,
    C, Q, then any other), then to the lower region index. `region_radius_arcsec` and `region_code` are per
    region.
    """
    spectrum, region = np.asarray(spectrum_index), np.asarray(region_index)
    relative = np.asarray(separation, dtype=np.float64) / np.asarray(region_radius_arcsec)[region]
    ranks = {code: rank for rank, code in enumerate(REGION_CODES)}
    rank = np.array([ranks.get(str(code), len(ranks)) for code in np.asarray(region_code)[region]], dtype=int)
    order = np.lexsort((region, rank, relative, spectrum))
    best = np.zeros(spectrum.size, dtype=bool)
    best[order[np.diff(spectrum[order], prepend=-1) != 0]] = True
    return best


def _positions(name: str, lon: ArrayLike, lat: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    a, b = np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64)
    if a.ndim != 1 or a.shape != b.shape:
        raise ValueError(f"Longitudes of {name} have shape {a.shape}, latitudes {b.shape}: need one (n,).")
    if not (np.isfinite(a).all() and np.isfinite(b).all() and (np.abs(b) <= 90.0).all()):
        raise ValueError(f"Some of {a.size} positions of {name} are not finite or beyond 90 degrees.")
    return a, b


def _unit_vectors(lon: NDArray[np.float64], lat: NDArray[np.float64]) -> NDArray[np.float64]:
    a, b = np.radians(lon), np.radians(lat)
    return np.column_stack((np.cos(b) * np.cos(a), np.cos(b) * np.sin(a), np.sin(b)))
