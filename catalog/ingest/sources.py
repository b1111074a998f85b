"""Unique positions on the sky.

The rule, here and nowhere else: a spectrum belongs to the nearest source whose founding position
lies within 1 arcsec; where there is none, its own position founds one. Sources never move, so the
grouping does not depend on how an import is cut, only on the order in which spectra come.
"""

from __future__ import annotations

import numpy as np
from astropy_healpix import HEALPix
from django.db import connection
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from catalog.models import Source
from catalog.positions import ORDER, galactic, healpix29
from retrieval.match import ARCSEC, separation_arcsec

RADIUS_ARCSEC = 1.0

# Pixels of 6.4 arcsec: one and its neighbours hold every position within 1 arcsec of the one's.
_COARSE = 15
_SHIFT = 2 * (ORDER - _COARSE)

# OFFSET 0 keeps the planner from joining by a scan of the whole table: it thinks each range holds much of it.
_NEARBY = """
    SELECT s.id, s.ra, s.dec
    FROM unnest(%s::bigint[], %s::bigint[]) AS covered (low, high)
    CROSS JOIN LATERAL (
        SELECT id, ra, dec FROM catalog_source
        WHERE healpix >= covered.low AND healpix < covered.high ORDER BY healpix OFFSET 0
    ) s
"""


def assign_sources(ra: NDArray[np.float64], dec: NDArray[np.float64]) -> list[int]:
    """Ids of the sources of positions (n,), (n,) in degrees, founding the new ones.

    The caller holds the import's lock: two imports at once would found a source twice.
    """
    if not ra.size:
        return []
    fine = healpix29(ra, dec)
    held = _held_near(fine)
    held_id, held_separation = _nearest(ra, dec, *held)
    near = _pairs(ra, dec)

    founder: list[int | None] = [
        None
    ] * ra.size  # the position itself, or an earlier one, where it is not held
    for i in range(ra.size):
        separation, founder[i] = min(
            [(held_separation[i], None)]
            + [(apart, earlier) for earlier, apart in near.get(i, []) if founder[earlier] == earlier],
            key=lambda option: option[0],
        )
        if separation > RADIUS_ARCSEC:
            founder[i] = i

    new = [i for i in range(ra.size) if founder[i] == i]
    glon, glat = galactic(ra, dec)
    founded = Source.objects.bulk_create(
        [Source(ra=ra[i], dec=dec[i], glon=glon[i], glat=glat[i], healpix=int(fine[i])) for i in new],
        batch_size=2000,
    )
    ids = dict(zip(new, (source.pk for source in founded), strict=True))
    return [int(held_id[i]) if first is None else ids[first] for i, first in enumerate(founder)]


def _held_near(fine: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    """Id, ra and dec of the held sources around positions, given by their order-29 pixels."""
    coarse = np.unique(fine >> _SHIFT)
    around = HEALPix(1 << _COARSE, order="nested").neighbours(coarse)
    covered = np.unique(np.concatenate((coarse, around.ravel())))
    covered = covered[covered >= 0]  # at eight corners of the sphere a pixel has only seven neighbours
    starts = covered[np.diff(covered, prepend=-2) > 1]
    ends = covered[np.diff(covered, append=covered[-1] + 2) > 1] + 1
    with connection.cursor() as cursor:
        cursor.execute(_NEARBY, [(starts << _SHIFT).tolist(), (ends << _SHIFT).tolist()])
        rows = cursor.fetchall()
    ids, ra, dec = zip(*rows, strict=True) if rows else ((), (), ())
    return np.array(ids, np.int64), np.array(ra, float), np.array(dec, float)


def _nearest(
    ra: NDArray[np.float64],
    dec: NDArray[np.float64],
    ids: NDArray[np.int64],
    held_ra: NDArray[np.float64],
    held_dec: NDArray[np.float64],
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Id of the nearest held source and its separation (arcsec) per position; infinite where none is near."""
    if not ids.size:
        return np.zeros(ra.size, np.int64), np.full(ra.size, np.inf)
    _, index = cKDTree(_unit(held_ra, held_dec)).query(_unit(ra, dec))
    return ids[index], separation_arcsec(ra, dec, held_ra[index], held_dec[index])


def _pairs(ra: NDArray[np.float64], dec: NDArray[np.float64]) -> dict[int, list[tuple[int, float]]]:
    """Per position the earlier ones within the radius, with their separations in arcsec."""
    pairs = cKDTree(_unit(ra, dec)).query_pairs(1.01 * RADIUS_ARCSEC * ARCSEC, output_type="ndarray")
    near: dict[int, list[tuple[int, float]]] = {}
    if pairs.size:
        first, second = pairs.T  # query_pairs gives first < second
        apart = separation_arcsec(ra[first], dec[first], ra[second], dec[second])
        for earlier, later, separation in zip(first.tolist(), second.tolist(), apart.tolist(), strict=True):
            near.setdefault(later, []).append((earlier, separation))
    return near


def _unit(ra: NDArray[np.float64], dec: NDArray[np.float64]) -> NDArray[np.float64]:
    a, b = np.radians(ra), np.radians(dec)
    return np.column_stack((np.cos(b) * np.cos(a), np.cos(b) * np.sin(a), np.sin(b)))
