"""Services that answer in comma-separated values: CDS X-Match and the cross-identification of SDSS."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from .answers import Answer, Array, Found, Names, ServiceError, believed, number, text
from .http import PatientSession, checked

CONTROLS = ((187.2779159, 2.0523883), (187.7059308, 12.3911233))
"""3C 273 and M 87, asked along as first and last: an answer without them is not whole."""


def csv_rows(content: str, needed: Sequence[str]) -> list[dict[str, str]]:
    """The rows of a whole CSV answer. Raises ServiceError where it is none, or broken off.

    Lines that begin with # come before the header.
    """
    lines = content.splitlines()
    while lines and lines[0].startswith("#"):
        lines.pop(0)
    if not lines or not content.endswith("\n"):
        raise ServiceError("its answer breaks off" if lines else "its answer is empty")
    reader = csv.DictReader(lines, strict=True)
    names = reader.fieldnames or []
    if missing := [name for name in needed if name not in names]:
        raise ServiceError(f"its answer has no column {', '.join(missing)} (it begins {lines[0][:80]!r})")
    try:
        rows = list(reader)
    except csv.Error as error:
        raise ServiceError(f"its answer cannot be read: {error}") from error
    if any(None in row or None in row.values() for row in rows):
        raise ServiceError("its answer has rows of another length than its header")
    return rows


@dataclass(frozen=True)
class XMatch:
    """CDS X-Match: a table of positions against one catalogue, an inner join; one call at a time."""

    service: str
    name: str
    release: str
    url: str
    catalogue: str
    names: Names
    batch: int = 1000
    interval: float = 1.0
    snapshot_id: int | None = None

    def lookup(self, ra: Array, dec: Array, radius_arcsec: float) -> list[Answer]:
        first, last = CONTROLS
        places = [first, *zip(ra.tolist(), dec.tolist(), strict=True), last]
        listed = "".join(f"{n},{a:.7f},{d:.7f}\n" for n, (a, d) in enumerate(places))
        with PatientSession() as session:
            response = session.post(
                self.url,
                data={
                    "request": "xmatch",
                    "distMaxArcsec": f"{radius_arcsec:g}",
                    "RESPONSEFORMAT": "csv",
                    "colRA1": "place_ra",
                    "colDec1": "place_dec",
                    "cat2": self.catalogue,
                },
                files={"cat1": f"place,place_ra,place_dec\n{listed}".encode()},
            )
        rows = csv_rows(checked(response), ["place", *self.names.columns])
        if not {"0", str(len(places) - 1)} <= {row["place"] for row in rows}:
            raise ServiceError("its answer lacks the two controls that it surely holds")
        found = [self.names.found(row) for row in rows]
        a, d = np.array(places).T
        return believed(a, d, radius_arcsec, radius_arcsec, found)[1:-1]


PHOTO_TYPES = {"0": "UNKNOWN", "3": "GALAXY", "6": "STAR", "8": "SKY"}


@dataclass(frozen=True)
class CrossId:
    """SDSS cross-identification, in two calls: objects of the imaging, then spectra, for z and class.

    Both join outwards from the uploaded list, so that each place comes back; the first also says whether the
    place lies in the imaging's footprint. Ids are 64-bit and stay text.
    """

    service: str
    name: str
    release: str
    url: str
    batch: int = 500
    interval: float = 2.0
    snapshot_id: int | None = None

    PHOTO = (
        "SELECT u.up_id AS place, p.objID AS id, p.ra, p.dec, p.type, p.petroRad_r AS radius, "
        "dbo.fInFootprintEq(u.up_ra, u.up_dec, 0.05) AS covered FROM #upload u "
        "LEFT JOIN #x x ON x.up_id = u.up_id LEFT JOIN PhotoObjAll p ON p.objID = x.objID ORDER BY u.up_id"
    )
    OF_PHOTO = ("id", "ra", "dec", "type", "radius", "covered")
    SPECTRA = (
        "SELECT u.up_id AS place, s.specObjID AS id, s.bestObjID AS photo, s.ra, s.dec, s.class, s.z, s.zErr "
        "FROM #upload u LEFT JOIN #x x ON x.up_id = u.up_id "
        "LEFT JOIN SpecObjAll s ON s.specObjID = x.specObjID ORDER BY u.up_id"
    )
    OF_SPECTRA = ("id", "photo", "ra", "dec", "class", "z", "zErr")

    def lookup(self, ra: Array, dec: Array, radius_arcsec: float) -> list[Answer]:
        photo = self._ask(ra, dec, radius_arcsec, "photo", self.PHOTO, self.OF_PHOTO)
        spectra = self._ask(ra, dec, radius_arcsec, "spectro", self.SPECTRA, self.OF_SPECTRA)
        objects = {row["id"]: _photo(row) for row in photo if _held(row)}
        for row in (row for row in spectra if _held(row)):
            z, z_err = number(row["z"]), number(row["zErr"])
            if photographed := objects.get(row["photo"]):
                objects[row["photo"]] = replace(photographed, object_type=row["class"], z=z, z_err=z_err)
            else:
                alone = "a spectrum without an object of the imaging"
                objects[row["id"]] = Found(*_place(row), row["class"], z, z_err, note=alone)
        inside = {row["place"] for row in photo if row["covered"].strip().lower() in ("1", "true")}
        answers = believed(ra, dec, radius_arcsec, radius_arcsec, list(objects.values()))
        return [
            answer if answer.matches or str(n) in inside else Answer(covered=False)
            for n, answer in enumerate(answers)
        ]

    def _ask(
        self, ra: Array, dec: Array, radius_arcsec: float, kind: str, query: str, columns: tuple[str, ...]
    ) -> list[dict[str, str]]:
        """Rows of one call, numbered by place from 0. Raises ServiceError where a place is missing."""
        listed = "\n".join(
            f"{n} {a:.7f} {d:.7f}" for n, (a, d) in enumerate(zip(ra.tolist(), dec.tolist(), strict=True))
        )
        form: dict[str, Any] = {
            "searchtool": "CrossID",
            "searchType": kind,
            "photoScope": "allPrim",
            "spectroScope": "allObj",
            "photoUpType": "ra-dec",
            "spectroUpType": "ra-dec",
            "radius": f"{radius_arcsec / 60:.6f}",  # arcmin
            "firstcol": "1",
            "paste": f"name ra dec\n{listed}\n",
            "uquery": query,
            "format": "csv",
        }
        with PatientSession() as session:
            rows = csv_rows(checked(session.post(self.url, data=form)), ["place", *columns])
        numbers = {row["place"] for row in rows}
        if numbers == {str(n) for n in range(1, ra.size + 1)}:  # SDSS counts an upload from 1
            for row in rows:
                row["place"] = str(int(row["place"]) - 1)
        elif numbers != {str(n) for n in range(ra.size)}:
            raise ServiceError(
                f"its answer numbers {len(numbers)} places, not just the {ra.size} asked about"
            )
        return rows


def _held(row: dict[str, str]) -> bool:
    """Outer joins leave the object empty ("" or "null") where there is none."""
    return row["id"].strip().lower() not in ("", "null", "0")


def _place(row: dict[str, str]) -> tuple[str, float, float]:
    """Identifier and position. Raises ServiceError where it has none."""
    ra, dec = number(row["ra"]), number(row["dec"])
    if ra is None or dec is None or not (0 <= ra <= 360 and abs(dec) <= 90):
        raise ServiceError(f"the object {row['id'][:30]} came at the position {row['ra']!r}, {row['dec']!r}")
    return text(row["id"]), ra, dec


def _photo(row: dict[str, str]) -> Found:
    radius = number(row["radius"])
    if radius is not None and radius <= 0:
        radius = None  # could not be measured: -9999
    kind = PHOTO_TYPES.get(row["type"].strip(), row["type"].strip())
    return Found(*_place(row), kind, petro_radius_arcsec=radius)
