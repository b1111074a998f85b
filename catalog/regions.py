"""H II regions: loading the WISE catalogue, and finding the regions that hold spectra."""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from django.db import transaction
from django.utils import timezone

from retrieval.match import best_region, match_regions
from retrieval.simulate.regions import REGIONS

from .ingest.reasons import REASONS
from .models import HIIRegion, ImportBatch, Refusal, RegionMatch, Spectrum
from .positions import equatorial, healpix29

PAPER_VERSION = "Lu2022 Table 2"
NEEDED = ("WISE Name", "Catalog", "GLong", "GLat", "Radius")
_FIELDS = ("catalog", "glon", "glat", "ra", "dec", "healpix", "radius_arcsec", "hii_name", "vlsr")


@dataclass(frozen=True)
class RegionSummary:
    """What a load of regions did to its version."""

    version: str
    batch: int
    held: int
    removed: int
    refused: int


def regions_import(*, path: Path, version: str, started_by: Any = None) -> RegionSummary:
    """Load a WISE Catalog of Galactic H II Regions (CSV) as a version, in place of what that version held.

    Rows that are no region become refusals. Raises ValueError where the file is no such catalogue.
    """
    with path.open(newline="", encoding="utf-8-sig", errors="replace") as file:
        reader = csv.DictReader(file)
        names = {_plain(name): name for name in reader.fieldnames or ()}
        if missing := [name for name in NEEDED if name not in names]:
            raise ValueError(f"{path.name} is not a WISE catalogue: it has no column {', '.join(missing)}")
        rows = [
            (reader.line_num, {name: (row[column] or "").strip() for name, column in names.items()})
            for row in reader
        ]
    regions: dict[str, HIIRegion] = {}
    refused: list[tuple[str, str]] = []
    for line, row in rows:
        try:
            region = _region(version, row)
            if region.name in regions:
                raise ValueError(f"{region.name} stands in the file twice.")
            regions[region.name] = region
        except ValueError as error:
            refused.append((f"{path.name}: line {line}", str(error)))
    return _replace(version, list(regions.values()), path.name, refused, started_by)


def paper_regions_import() -> RegionSummary:
    """Load the five regions that Table 2 of Lu et al. 2022 prints, as a version of their own."""
    regions = [
        HIIRegion(
            version=PAPER_VERSION,
            name=region.name,
            catalog=region.code,
            glon=region.glon,
            glat=region.glat,
            radius_arcsec=region.radius,
        )
        for region in REGIONS
    ]
    return _replace(PAPER_VERSION, regions, PAPER_VERSION, [], None)


def regions_in_use() -> str:
    """The version that spectra are matched with: the WISE version loaded last, else the paper's five regions.

    "" where no regions are held.
    """
    versions = HIIRegion.objects.order_by("-id").values_list("version", flat=True)
    return versions.exclude(version=PAPER_VERSION).first() or versions.first() or ""


def regions_match(*, spectra: Sequence[int]) -> int:
    """Match spectra (ids) anew with the regions in use; returns how many containments there are.

    Every region whose radius reaches a spectrum is kept; the best one per spectrum is the one of smallest
    separation over radius, ties K, G, C, Q, then by name.
    """
    places = list(
        Spectrum.objects.filter(pk__in=spectra, glon__isnull=False)
        .order_by("id")
        .values_list("id", "glon", "glat")
    )
    regions = list(
        HIIRegion.objects.filter(version=regions_in_use())
        .order_by("name")
        .values_list("id", "glon", "glat", "radius_arcsec", "catalog")
    )
    matches = _matches(places, regions) if places and regions else []
    with transaction.atomic():
        list(
            Spectrum.objects.select_for_update(no_key=True).filter(pk__in=spectra).order_by("id").values("id")
        )
        RegionMatch.objects.filter(spectrum__in=spectra).delete()
        RegionMatch.objects.bulk_create(matches, batch_size=1000)
    return len(matches)


def _matches(places: list[Any], regions: list[Any]) -> list[RegionMatch]:
    spectrum_id, glon, glat = (np.array(column) for column in zip(*places, strict=True))
    region_id, lon, lat, radius, code = (np.array(column) for column in zip(*regions, strict=True))
    spectrum, region, separation = match_regions(glon, glat, lon, lat, radius)
    best = best_region(spectrum, region, separation, radius, code)
    return [
        RegionMatch(spectrum_id=s, region_id=r, separation_arcsec=apart, is_best=is_best)
        for s, r, apart, is_best in zip(
            spectrum_id[spectrum].tolist(),
            region_id[region].tolist(),
            separation.tolist(),
            best.tolist(),
            strict=True,
        )
    ]


def _replace(
    version: str, regions: list[HIIRegion], origin: str, refused: Iterable[tuple[str, str]], started_by: Any
) -> RegionSummary:
    """Regions keep their rows where their name stays; matches with regions that moved are dropped."""
    if not regions:
        raise ValueError(f"{origin} holds no region: the version {version} is left as it was")
    _place(regions)
    refusals = list(refused)
    with transaction.atomic():
        batch = ImportBatch.objects.create(
            origin=origin, started_by=started_by, finished_at=timezone.now(), refused=len(refusals)
        )
        Refusal.objects.bulk_create(
            Refusal(
                batch=batch,
                file=file,
                reason="region-row",
                detail=detail,
                advice=REASONS["region-row"].advice,
            )
            for file, detail in refusals
        )
        held = HIIRegion.objects.filter(version=version)
        before = {region.name: _geometry(region) for region in held}
        names = {region.name for region in regions}
        moved = [
            region.name for region in regions if before.get(region.name) not in (None, _geometry(region))
        ]
        removed = before.keys() - names
        held.filter(name__in=removed).delete()
        RegionMatch.objects.filter(region__version=version, region__name__in=moved).delete()
        HIIRegion.objects.bulk_create(
            regions,
            batch_size=1000,
            update_conflicts=True,
            unique_fields=["version", "name"],
            update_fields=_FIELDS,
        )
    return RegionSummary(version, batch.pk, len(regions), len(removed), len(refusals))


def _geometry(region: HIIRegion) -> tuple[Any, ...]:
    return region.glon, region.glat, region.radius_arcsec, region.catalog


def _place(regions: list[HIIRegion]) -> None:
    ra, dec = equatorial([region.glon for region in regions], [region.glat for region in regions])
    rows = zip(regions, ra.tolist(), dec.tolist(), healpix29(ra, dec).tolist(), strict=True)
    for region, lon, lat, pixel in rows:
        region.ra, region.dec, region.healpix = lon, lat, pixel


def _region(version: str, row: Mapping[str, str]) -> HIIRegion:
    """A row as a region. Raises ValueError that says what was found."""
    name, code = row["WISE Name"], row["Catalog"]
    if code not in HIIRegion.Catalog:
        raise ValueError(f"{name or 'A nameless region'} has the catalogue code {code!r}, not K, G, C or Q.")
    numbers = [_number(row[column]) for column in ("GLong", "GLat", "Radius")]
    glon, glat, radius = numbers
    if not (name and 0 <= glon <= 360 and abs(glat) <= 90 and radius > 0):
        raise ValueError(
            f"{name or 'A nameless region'} has GLong {row['GLong']!r}, GLat {row['GLat']!r}, "
            f"Radius {row['Radius']!r}."
        )
    return HIIRegion(
        version=version,
        name=name[:30],
        catalog=code,
        glon=glon % 360,
        glat=glat,
        radius_arcsec=radius,
        hii_name=row.get("HII Region", "")[:200],
        vlsr=row.get("VLSR", "")[:120],
    )


def _number(text: str) -> float:
    """NaN, which no test passes, where the text is no finite number."""
    try:
        value = float(text)
    except ValueError:
        return math.nan
    return value if math.isfinite(value) else math.nan


def _plain(heading: str) -> str:
    """A heading without its HTML and its unit: GLong of ``GLong<br>(deg.)``, but VLSR (Mol.) as it is."""
    return re.sub(r"<br>\s*\([^)]*\)$", "", heading).strip()
