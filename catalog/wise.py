"""The file of the WISE Catalog of Galactic H II Regions, in any of its versions, read row by row."""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Mapping
from pathlib import Path

from .models import HIIRegion

# What each field is called in the versions of the catalogue: on its own site and in VizieR (J/ApJS/212/1).
HEADINGS: dict[str, tuple[str, ...]] = {
    "name": ("WISE Name", "WISE", "GName"),
    "catalog": ("Catalog", "Cat"),
    "glon": ("GLong", "GLON", "l"),
    "glat": ("GLat", "GLAT", "b"),
    "radius": ("Radius", "Rad", "Size"),
    "hii_name": ("HII Region", "HII Name", "HII"),
    "vlsr": ("VLSR",),
}
NEEDED = ("name", "catalog", "glon", "glat", "radius")
UNITS = {"glon": "deg", "glat": "deg", "radius": "arcsec", "vlsr": "km/s"}


def read_regions(path: Path, version: str) -> tuple[list[HIIRegion], list[tuple[str, str]]]:
    """Regions of a CSV, unsaved and without a place on the sky; and rows that are none, each with its reason.

    Raises ValueError where the file is no such catalogue, is in other units, or has a quote that is never
    closed and so would swallow rows.
    """
    regions: dict[str, HIIRegion] = {}
    refused: list[tuple[str, str]] = []
    for line, row in _rows(path):
        try:
            region = _region(version, row)
            if region.name in regions:
                raise ValueError(f"{region.name} stands in the file twice.")
            regions[region.name] = region
        except ValueError as error:
            refused.append((f"{path.name}: line {line}", str(error)))
    return list(regions.values()), refused


def _rows(path: Path) -> list[tuple[int, dict[str, str]]]:
    """Line number and fields, by their names in HEADINGS, of each row."""
    with path.open(newline="", encoding="utf-8-sig", errors="replace") as file:
        reader = csv.reader(file, strict=True)
        try:
            columns = _columns(path.name, next(reader, []))
            rows = [(reader.line_num, values) for values in reader if any(values)]
        except csv.Error as error:
            raise ValueError(
                f"{path.name} cannot be read to line {reader.line_num} ({error}): is a quote not closed?"
            ) from error
    for line, values in rows:
        if any("\n" in value or "\r" in value for value in values):
            raise ValueError(
                f'{path.name}: a quote (") that is opened before line {line} is not closed on its own line, '
                "so that rows would be lost: correct it"
            )
    return [
        (line, {name: values[at].strip() if at < len(values) else "" for name, at in columns.items()})
        for line, values in rows
    ]


def _columns(file: str, headings: list[str]) -> dict[str, int]:
    """Where each known field stands. Raises ValueError that names the headings expected and found."""
    plain = [_plain(heading) for heading in headings]
    columns: dict[str, int] = {}
    for field, names in HEADINGS.items():
        wanted = [_key(name) for name in names]
        found = [(wanted.index(_key(name)), at) for at, (name, _) in enumerate(plain) if _key(name) in wanted]
        if found:
            columns[field] = min(found)[1]
    if missing := [field for field in NEEDED if field not in columns]:
        expected = "; ".join(" or ".join(HEADINGS[field]) for field in missing)
        raise ValueError(
            f"{file} is not a WISE catalogue as we know it. Expected a column {expected}; "
            f"found {', '.join(name for name, _ in plain)[:300] or 'no headings'}"
        )
    for field, unit in UNITS.items():
        name, given = plain[columns[field]] if field in columns else ("", "")
        if given and given.rstrip(".") != unit:
            raise ValueError(f"{file} gives {name} in {given}, not {unit}: convert it")
    return columns


def _region(version: str, row: Mapping[str, str]) -> HIIRegion:
    """A row as a region. Raises ValueError that says what was found."""
    name, code = row["name"], row["catalog"]
    if code not in HIIRegion.Catalog:
        raise ValueError(f"{name or 'A nameless region'} has the catalogue code {code!r}, not K, G, C or Q.")
    glon, glat, radius = (_number(row[field]) for field in ("glon", "glat", "radius"))
    if not (name and 0 <= glon <= 360 and abs(glat) <= 90 and radius > 0):
        raise ValueError(
            f"{name or 'A nameless region'} has GLong {row['glon']!r}, GLat {row['glat']!r}, "
            f"Radius {row['radius']!r}."
        )
    vlsr = row.get("vlsr", "")
    velocities = [_number(part) for part in vlsr.split(";") if part.strip()]
    if not all(map(math.isfinite, velocities)):
        raise ValueError(f"{name} has VLSR {vlsr!r}, which is no list of velocities.")
    return HIIRegion(
        version=version,
        name=name[:30],
        catalog=code,
        glon=glon % 360,
        glat=glat,
        radius_arcsec=radius,
        hii_name=row.get("hii_name", "")[:200],
        vlsr=vlsr[:120],
        velocities_kms=velocities,
    )


def _number(text: str) -> float:
    """NaN, which no test passes, where the text is no finite number."""
    try:
        value = float(text)
    except ValueError:
        return math.nan
    return value if math.isfinite(value) else math.nan


def _plain(heading: str) -> tuple[str, str]:
    """Name and unit of a heading: GLong and deg. of ``GLong<br>(deg.)``; VLSR (Mol.) keeps its brackets."""
    name, _, rest = re.sub(r"<br\s*/?>", "\n", heading).strip().partition("\n")
    unit = re.fullmatch(r"\(([^)]*)\)", rest.strip())
    return name.strip(), unit[1].strip() if unit else ""


def _key(name: str) -> str:
    """A name as it is compared: small letters and digits only, but brackets tell columns apart."""
    return re.sub(r"[^a-z0-9(]", "", name.lower())
