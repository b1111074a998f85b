"""A snapshot that answers in place of a service."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from astropy_healpix import HEALPix
from django.db import connection
from numpy.typing import NDArray

from catalog.models import Snapshot
from catalog.positions import ORDER, healpix29

from .answers import Answer, Array, Found, matched, star_or_not
from .coverage import Coverage

_FIELDS = (
    "identifier, ra, dec, object_type, z, z_err, petro_radius_arcsec, extent_arcsec, "
    "parallax_mas, parallax_err_mas, pm_mas_yr, pm_err_mas_yr"
)
# OFFSET 0 keeps the planner from joining by a scan of the whole table: it thinks each range holds much of it.
_NEAR = f"""
    SELECT o.* FROM unnest(%s::bigint[], %s::bigint[]) AS covered (low, high)
    CROSS JOIN LATERAL (
        SELECT {_FIELDS} FROM catalog_snapshotobject
        WHERE snapshot_id = %s AND healpix >= covered.low AND healpix < covered.high ORDER BY healpix OFFSET 0
    ) o
"""  # noqa: S608 (constants)
_EXTENDED = f"SELECT {_FIELDS} FROM catalog_snapshotobject WHERE snapshot_id = %s AND extent_arcsec > %s"  # noqa: S608


class SnapshotProvider:
    """Answers from a snapshot's rows: what it holds, and "not covered" outside of what it covers."""

    name = "snapshot"
    batch = 1000
    interval = 0.0

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self.service = snapshot.service
        self.release = snapshot.release
        self.snapshot_id: int | None = snapshot.pk

    def lookup(self, ra: Array, dec: Array, radius_arcsec: float) -> list[Answer]:
        if not ra.size:
            return []
        found = [_found(row) for row in self._rows(ra, dec, radius_arcsec)]
        covered = self._covered(ra, dec)
        # A place just outside of the coverage may still have a match: it is one.
        return [
            Answer(matches, covered=bool(inside) or bool(matches))
            for matches, inside in zip(matched(ra, dec, radius_arcsec, found), covered, strict=True)
        ]

    def _rows(self, ra: Array, dec: Array, radius_arcsec: float) -> list[tuple[Any, ...]]:
        """Objects near the positions, and the extended ones wherever they are: both may match."""
        low, high = near_ranges(ra, dec, radius_arcsec)
        with connection.cursor() as cursor:
            cursor.execute(_NEAR, [low.tolist(), high.tolist(), self.snapshot_id])
            near = cursor.fetchall()
            cursor.execute(_EXTENDED, [self.snapshot_id, radius_arcsec])
            extended = cursor.fetchall()
        return list({row[0]: row for row in (*near, *extended)}.values())

    def _covered(self, ra: Array, dec: Array) -> NDArray[np.bool_]:
        if self.snapshot.coverage is None or self.snapshot.coverage_order is None:
            return np.ones(ra.size, dtype=bool)
        return Coverage.from_bytes(self.snapshot.coverage_order, bytes(self.snapshot.coverage)).holds(ra, dec)


def near_ranges(ra: Array, dec: Array, radius_arcsec: float) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Half-open ranges of order-29 pixels that hold everything within a radius of the positions.

    Of the order whose pixels are wider than the radius, each position's pixel and its neighbours.
    """
    # Pixels of order 0 are 58.6 degrees wide, but distorted ones only half of that across.
    order = min(15, max(0, math.floor(math.log2(0.5 * 58.6 * 3600 / (radius_arcsec + 1.0)))))
    shift = 2 * (ORDER - order)
    own = np.unique(healpix29(ra, dec) >> shift)
    around = HEALPix(1 << order, order="nested").neighbours(own)
    pixels = np.unique(np.concatenate((own, around.ravel())))
    pixels = pixels[pixels >= 0]  # at eight corners of the sphere a pixel has only seven neighbours
    starts = pixels[np.diff(pixels, prepend=-2) > 1]
    ends = pixels[np.diff(pixels, append=pixels[-1] + 2) > 1] + 1
    return starts << shift, ends << shift


def _found(row: tuple[Any, ...]) -> Found:
    identifier, ra, dec, kind, z, z_err, petro, extent, parallax, parallax_err, pm, pm_err = row
    star, note = star_or_not(parallax, parallax_err, pm, pm_err)
    if extent:
        note = f"extent {extent:g} arcsec" + (f", {note}" if note else "")
    return Found(identifier, ra, dec, star or kind, z, z_err, petro, extent, note)
