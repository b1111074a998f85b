"""Loading a snapshot from a file: all of it, or nothing."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
from django.db import transaction

from catalog.copying import copy_rows
from catalog.models import Service, Snapshot, SnapshotObject
from catalog.positions import healpix29

from .coverage import Coverage
from .files import FileColumn, read_columns

USUAL: dict[str, tuple[str, ...]] = {
    "identifier": (
        "identifier", "main_id", "prefname", "objid", "specobjid", "source_id", "source", "targetid", "obsid",
        "designation", "name", "id", "snr", "png",
    ),
    "ra": ("ra", "raj2000", "_raj2000", "ra_icrs", "ra_deg", "radeg", "ra_j2000", "target_ra"),
    "dec": (
        "dec", "decj2000", "dej2000", "_dej2000", "de_icrs", "dec_icrs", "dec_deg", "decdeg", "dec_j2000",
        "target_dec",
    ),
    "object_type": ("object_type", "otype", "main_type", "prefphytype", "class", "spectype", "type"),
    "z": ("z", "redshift", "rvz_redshift"),
    "z_err": ("z_err", "zerr", "zunc", "e_z", "redshift_err"),
    "petro_radius_arcsec": ("petro_radius_arcsec", "petrorad", "petrorad_r"),
    "extent_arcsec": ("extent_arcsec",),
    "parallax_mas": ("parallax_mas", "parallax", "plx"),
    "parallax_err_mas": ("parallax_err_mas", "parallax_error", "e_plx"),
    "pm_mas_yr": ("pm_mas_yr", "pm"),
    "pm_err_mas_yr": ("pm_err_mas_yr", "pm_error", "e_pm"),
}  # fmt: skip
"""Each field of an object, and how files usually call its column, whatever the case."""
NUMBERS = tuple(name for name in USUAL if name not in ("identifier", "ra", "dec", "object_type"))
NEEDED = ("identifier", "ra", "dec")

_DEGREES = {"deg", "degree", "degrees"}
_ARCSEC = {"": 1.0, "arcsec": 1.0, "arcmin": 60.0, "deg": 3600.0}
_GALACTIC = {"l", "b", "glon", "glat", "_glon", "_glat", "gal_lon", "gal_lat"}
_COPIED = ("snapshot_id", "identifier", "object_type", "ra", "dec", "healpix", *NUMBERS)


def snapshot_load(
    *,
    path: Path,
    service: str,
    release: str,
    dated: date,
    origin: str,
    coverage: Coverage | None,
    columns: Mapping[str, str] | None = None,
    degrees: bool = False,
    simulated: bool = False,
    loaded_by: Any = None,
) -> Snapshot:
    """Load a table (FITS, VOTable, ECSV, CSV or Parquet) as a snapshot of a service.

    ``coverage`` None says that it covers the whole sky. ``columns`` leads from our field (a key of USUAL) to
    the file's column where that is called otherwise. ``degrees`` asserts that positions without a unit are
    degrees though they look like hours or radians. Raises ValueError, with what was found and what to do;
    nothing is kept then.
    """
    if service not in Service.values:
        raise ValueError(f"There is no service {service!r}; there are {', '.join(Service.values)}.")
    release = release.strip()
    if not release or len(release) > 60:
        raise ValueError("Give the snapshot's release in at most 60 characters, such as DR17 or 2026-11.")
    if Snapshot.objects.filter(service=service, release=release).exists():
        raise ValueError(
            f"A snapshot of {Service(service).label} {release} is held already; snapshots never change. "
            "Give this one a release of its own."
        )
    held = read_columns(path)
    chosen = choose(path.name, held, columns or {})
    identifiers = identified(path.name, chosen["identifier"])
    ra, dec = positions(path.name, chosen["ra"], chosen["dec"], degrees=degrees)
    kinds = chosen["object_type"].values if "object_type" in chosen else None
    numbers = {name: in_unit(path.name, name, chosen[name]) for name in NUMBERS if name in chosen}
    with transaction.atomic():
        snapshot = Snapshot.objects.create(
            service=service,
            release=release,
            origin=(origin or path.name)[:400],
            dated=dated,
            sha256=_checksum(path),
            n_objects=len(identifiers),
            coverage_order=coverage.order if coverage else None,
            coverage=coverage.to_bytes() if coverage else None,
            simulated=simulated,
            loaded_by=loaded_by,
        )
        copy_rows(SnapshotObject, _COPIED, _rows(snapshot.pk, identifiers, kinds, ra, dec, numbers))
    return snapshot


def _rows(
    snapshot_id: int,
    identifiers: Sequence[str],
    kinds: np.ndarray | None,
    ra: np.ndarray,
    dec: np.ndarray,
    numbers: Mapping[str, np.ndarray],
) -> Iterator[tuple[Any, ...]]:
    gaps: list[float | None] = [None] * len(identifiers)
    listed = [
        [None if np.isnan(v) else v for v in numbers[name].tolist()] if name in numbers else gaps
        for name in NUMBERS
    ]
    types = [""] * len(identifiers) if kinds is None else [str(kind)[:60] for kind in kinds.tolist()]
    pixels = healpix29(ra, dec).tolist()
    for identifier, kind, a, d, pixel, *values in zip(
        identifiers, types, ra.tolist(), dec.tolist(), pixels, *listed, strict=True
    ):
        yield (snapshot_id, identifier, kind, a, d, pixel, *values)


def choose(file: str, held: Mapping[str, FileColumn], asked: Mapping[str, str]) -> dict[str, FileColumn]:
    """The file's column of each of our fields. Raises ValueError where a needed one is not found."""
    if unknown := sorted(asked.keys() - USUAL.keys()):
        raise ValueError(f"There is no field {', '.join(unknown)}; there are {', '.join(USUAL)}.")
    if absent := sorted(set(asked.values()) - held.keys()):
        raise ValueError(f"{file} has no column {', '.join(absent)}. It has: {_list(held)}.")
    lower = {name.lower(): column for name, column in reversed(list(held.items()))}
    chosen = {}
    for field, usual in USUAL.items():
        if field in asked:
            chosen[field] = held[asked[field]]
        elif match := next((lower[name] for name in usual if name in lower), None):
            chosen[field] = match
    missing = [field for field in NEEDED if field not in chosen]
    galactic = [name for name in held if name.lower() in _GALACTIC]
    if {"ra", "dec"} & set(missing) and len(galactic) > 1:
        raise ValueError(
            f"{file} gives Galactic coordinates ({', '.join(galactic)}), not right ascension and "
            "declination: convert them to ICRS degrees first."
        )
    if missing:
        example = " ".join(f"--column {field}=NAME" for field in missing)
        raise ValueError(
            f"{file} has no column that is known to be its {' or '.join(missing)}. It has: {_list(held)}. "
            f"Name it with {example}."
        )
    return chosen


def _list(held: Mapping[str, FileColumn]) -> str:
    return ", ".join(held)[:300]


def identified(file: str, column: FileColumn) -> list[str]:
    """The identifiers as text. ValueError where there is none, or one is empty, too long or repeated."""
    if not column.values.size:
        raise ValueError(f"{file} holds no rows.")
    if column.values.dtype.kind == "f":
        raise ValueError(
            f"The identifiers of {file} (column {column.name}) are decimal numbers, whose last digits may be "
            "lost: give them as whole numbers or as text."
        )
    names = [" ".join(str(value).split()) for value in column.values.tolist()]
    if blank := names.count(""):
        raise ValueError(f"{blank} of {len(names)} rows of {file} have no identifier (column {column.name}).")
    if longest := max((name for name in names if len(name) > 120), key=len, default=""):
        raise ValueError(f"An identifier of {file} has more than 120 characters: {longest[:60]!r}...")
    if len(set(names)) < len(names):
        twice = [name for name, times in Counter(names).items() if times > 1]
        raise ValueError(
            f"{len(names) - len(set(names))} rows of {file} repeat an identifier (column {column.name}), "
            f"such as {', '.join(twice[:3])}: leave one row for each object."
        )
    return names


def positions(
    file: str, ra: FileColumn, dec: FileColumn, *, degrees: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """Positions in ICRS degrees. Raises ValueError for other systems, units and ranges, and for gaps."""
    for column in (ra, dec):
        name, unit = column.name.lower(), column.unit.strip().lower()
        if name in _GALACTIC or "pos.galactic" in column.ucd.lower():
            raise ValueError(
                f"The column {column.name} of {file} is Galactic: convert it to ICRS degrees first."
            )
        if "1950" in name:
            raise ValueError(
                f"The column {column.name} of {file} is of equinox 1950: convert it to ICRS first."
            )
        if not column.is_number:
            example = next((str(v) for v in column.values.tolist() if str(v)), "")
            raise ValueError(
                f"The column {column.name} of {file} holds text such as {example[:30]!r}, not decimal degrees"
                f"{' in every row' if not example else ''}: convert it."
            )
        if unit and unit not in _DEGREES:
            raise ValueError(
                f"The column {column.name} of {file} is in {column.unit}, not in degrees: convert it first."
            )
    a, d = ra.values.astype(np.float64), dec.values.astype(np.float64)
    if gaps := int(np.count_nonzero(~(np.isfinite(a) & np.isfinite(d)))):
        raise ValueError(f"{gaps} of {a.size} rows of {file} have no position ({ra.name}, {dec.name}).")
    outside = (a < 0) | (a > 360) | (np.abs(d) > 90)
    if outside.any():
        row = int(np.argmax(outside))
        raise ValueError(
            f"{np.count_nonzero(outside)} of {a.size} rows of {file} lie off the sky; row {row + 1} has "
            f"{ra.name} = {a[row]:g}, {dec.name} = {d[row]:g}. Right ascension runs from 0 to 360 degrees, "
            "declination from -90 to 90."
        )
    if not degrees and not ra.unit:
        _suspect(file, ra.name, a, d)
    return a % 360, d


def _suspect(file: str, name: str, ra: np.ndarray, dec: np.ndarray) -> None:
    """Refuse what looks like hours: read as degrees it would match nothing, and make everything new."""
    if "hour" in name.lower() or name.lower() in ("rah", "ra_h"):
        found = "is in hours by its name"
    elif ra.max() <= 2 * np.pi and np.abs(dec).max() <= np.pi / 2:
        found = f"runs from {ra.min():.3f} to {ra.max():.3f}, as radians do"
    elif ra.max() <= 24:
        found = f"runs from {ra.min():.3f} to {ra.max():.3f}, as hours do"
    else:
        return
    raise ValueError(
        f"The column {name} of {file} {found}, and has no unit. Convert it to degrees; if these are degrees, "
        "say so with --degrees."
    )


def in_unit(file: str, field: str, column: FileColumn) -> np.ndarray:
    """A column of numbers, angular sizes in arcsec; NaN where there is none."""
    if not column.is_number:
        words = [str(value).strip() for value in column.values.tolist()]
        try:
            values = np.array([float(word) if word else np.nan for word in words])
        except ValueError as error:
            raise ValueError(f"The column {column.name} of {file} should hold numbers: {error}.") from error
    else:
        values = column.values.astype(np.float64)
    values = np.where(np.isfinite(values), values, np.nan)
    if field in ("extent_arcsec", "petro_radius_arcsec"):
        unit = column.unit.strip().lower()
        if unit not in _ARCSEC:
            raise ValueError(f"The column {column.name} of {file} is in {column.unit}: give it in arcsec.")
        values = np.where(values > 0, values * _ARCSEC[unit], np.nan)
    return values


def _checksum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
