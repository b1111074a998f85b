"""Making lists: entries are matched once with the spectra held; what matches none is kept with a reason."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Sequence

import numpy as np
from astropy_healpix import HEALPix, nside_to_pixel_resolution
from django.db import connection, transaction
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from catalog.coordinates import parse_position
from catalog.models import GivenList, HIIRegion, Spectrum
from catalog.positions import ORDER, healpix29
from catalog.regions import regions_holding

from .entries import Entry
from .refused import refused_named

MAX_ENTRIES = 100_000
MAX_POSITIONS = 5_000
MAX_RADIUS_ARCSEC = 300.0
RADIUS_ARCSEC = 3.0
"""LAMOST's own practice for counterparts."""

# OFFSET 0 keeps the planner from joining by a scan of the whole table.
_NEARBY = """
    SELECT s.id, s.ra, s.dec FROM unnest(%s::bigint[], %s::bigint[]) AS covered (low, high)
    CROSS JOIN LATERAL (
        SELECT id, ra, dec FROM catalog_spectrum
        WHERE healpix >= covered.low AND healpix < covered.high ORDER BY healpix OFFSET 0
    ) s
"""


_LIKE_A_POSITION = re.compile(r"[\d+.-]|G\s*\d|gal|.{0,12}J\d{4}", re.IGNORECASE)


class ListError(ValueError):
    """A list that cannot be taken; the message says why and what to do."""


def list_create(*, entries: Sequence[Entry], radius_arcsec: float = RADIUS_ARCSEC) -> GivenList:
    """Match entries (file names, H II regions, else positions) with what is held and keep the outcome.

    A file name stands for the spectra of all releases that bear it, the name of a region for that of every
    version, a position for all spectra within the radius and all regions that hold it. The same list with the
    same outcome is the same row. Raises ListError beyond the limits.
    """
    if not entries:
        raise ListError("The list is empty: give a file name or a position on each line.")
    if len(entries) > MAX_ENTRIES:
        raise ListError(
            f"The list has {len(entries):,} entries, at most {MAX_ENTRIES:,} are taken: cut it in parts."
        )
    if not 0 < radius_arcsec <= MAX_RADIUS_ARCSEC:
        raise ListError(f"The radius must be above 0 and at most {MAX_RADIUS_ARCSEC:g} arcsec.")
    spectra, others = _named(entries)
    regions, others = _regions_named(others)
    placed, unread = _read(others)
    ra, dec = (np.array([place[axis] for _, place in placed]) for axis in (0, 1))
    near = spectra_near(ra, dec, radius_arcsec)
    spectra.update(pk for ids in near for pk in ids)
    regions |= regions_holding(ra, dec)
    why = f"no spectrum lies within {radius_arcsec:g} arcsec"
    alone = [(entry, why) for (entry, _), ids in zip(placed, near, strict=True) if not ids]
    told = sorted((entry.line, entry.text[:200], why) for entry, why in (*_explained(unread), *alone))
    text = "\n".join(entry.text for entry in entries)
    whole = [text, radius_arcsec, sorted(spectra), sorted(regions), told]
    with transaction.atomic():
        made, new = GivenList.objects.get_or_create(
            sha256=hashlib.sha256(json.dumps(whole).encode()).hexdigest(),
            defaults={
                "entries": text, "n_entries": len(entries), "radius_arcsec": radius_arcsec, "unmatched": told,
            },
        )  # fmt: skip
        if new:
            made.spectra.add(*spectra)
            made.regions.add(*regions)
    return made


def _named(entries: Sequence[Entry]) -> tuple[set[int], list[Entry]]:
    """Ids of the spectra whose names are given, and the entries that name none."""
    held: dict[str, list[int]] = {}
    rows = Spectrum.objects.filter(name__in={entry.name for entry in entries}).order_by()
    for name, pk in rows.values_list("name", "pk"):
        held.setdefault(name, []).append(pk)
    found = {pk for entry in entries for pk in held.get(entry.name, ())}
    return found, [entry for entry in entries if entry.name not in held]


def _regions_named(entries: Sequence[Entry]) -> tuple[set[int], list[Entry]]:
    """Ids of the H II regions whose names are given, WISE or other, whole; and the entries that name none."""
    held: dict[str, set[int]] = {}
    for pk, *names in HIIRegion.objects.order_by().values_list("pk", "name", "hii_name"):
        for name in filter(None, names):
            held.setdefault(name.lower(), set()).add(pk)
    found = {pk for entry in entries for pk in held.get(entry.text.lower(), ())}
    return found, [entry for entry in entries if entry.text.lower() not in held]


def _read(entries: Sequence[Entry]) -> tuple[list[tuple[Entry, tuple[float, float]]], list[Entry]]:
    """The entries that are positions, with RA and Dec in degrees, and those that are none."""
    if sum(bool(_LIKE_A_POSITION.match(entry.text)) for entry in entries) > MAX_POSITIONS:
        raise ListError(f"The list has more than {MAX_POSITIONS:,} positions: cut it in parts.")
    placed: list[tuple[Entry, tuple[float, float]]] = []
    unread: list[Entry] = []
    for entry in entries:
        try:
            if not _LIKE_A_POSITION.match(entry.text):
                raise ValueError
            placed.append((entry, parse_position(entry.text)))
        except ValueError:
            unread.append(entry)
    return placed, unread


def _explained(entries: Sequence[Entry]) -> list[tuple[Entry, str]]:
    """Why these entries, which are no positions, mean nothing."""
    refused = set(refused_named({entry.name for entry in entries}).values_list("name", flat=True))
    return [
        (
            entry,
            "this file was refused: see Refused files"
            if entry.name in refused
            else "no spectrum or H II region of this name is held, and it is no position",
        )
        for entry in entries
    ]


def spectra_near(ra: NDArray[np.float64], dec: NDArray[np.float64], radius_arcsec: float) -> list[list[int]]:
    """Ids of the spectra within a radius of each position (n,), (n,) in degrees."""
    if not ra.size:
        return []
    held = _held(_ranges(ra, dec, radius_arcsec))
    if not held:
        return [[] for _ in ra]
    ids = [pk for pk, _, _ in held]
    tree = cKDTree(_unit(*(np.array([row[i] for row in held]) for i in (1, 2))))
    chord = 2 * np.sin(np.radians(radius_arcsec / 3600) / 2)
    around = tree.query_ball_point(_unit(ra, dec), chord * (1 + 1e-9))
    return [sorted(ids[i] for i in here) for here in around]


def _ranges(ra: NDArray[np.float64], dec: NDArray[np.float64], radius_arcsec: float) -> NDArray[np.int64]:
    """Half-open ranges (n, 2) of order-29 pixels that hold everything within the radius of the positions.

    A pixel at least four radii wide and its neighbours hold all that lies near any point of it.
    """
    widest = nside_to_pixel_resolution(1).to_value("arcsec")
    order = int(np.clip(np.floor(np.log2(widest / (4 * radius_arcsec))), 0, ORDER))
    shift = 2 * (ORDER - order)
    pixels = np.unique(healpix29(ra, dec) >> shift)
    around = HEALPix(1 << order, order="nested").neighbours(pixels)
    covered = np.unique(np.concatenate((pixels, around.ravel())))
    covered = covered[covered >= 0]  # at eight corners of the sphere a pixel has only seven neighbours
    starts = covered[np.diff(covered, prepend=-2) > 1]
    ends = covered[np.diff(covered, append=covered[-1] + 2) > 1] + 1
    return np.stack((starts << shift, ends << shift), axis=1)


def _held(ranges: NDArray[np.int64]) -> list[tuple[int, float, float]]:
    """Id, ra and dec of the spectra in ranges of pixels."""
    with connection.cursor() as cursor:
        cursor.execute(_NEARBY, [ranges[:, 0].tolist(), ranges[:, 1].tolist()])
        return cursor.fetchall()


def _unit(ra: NDArray[np.float64], dec: NDArray[np.float64]) -> NDArray[np.float64]:
    """Unit vectors (n, 3) of positions in degrees."""
    lon, lat = np.radians(ra), np.radians(dec)
    return np.stack((np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)), axis=1)


def of_names(names: Iterable[str]) -> list[Entry]:
    """Entries of names that come as data, numbered in their order."""
    return [Entry(number, name) for number, name in enumerate(names, 1)]
