"""H II regions: loading the WISE catalogue, and finding the regions that hold spectra."""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone
from numpy.typing import NDArray

from retrieval.match import best_region, match_regions
from retrieval.simulate.regions import REGIONS

from .ingest.reasons import REASONS
from .models import Candidate, HIIRegion, ImportBatch, Refusal, RegionMatch, Spectrum
from .positions import equatorial, galactic, healpix29

PAPER_VERSION = "Lu2022 Table 2"
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
_FIELDS = (
    "catalog", "glon", "glat", "ra", "dec", "healpix", "radius_arcsec", "hii_name", "vlsr", "velocities_kms",
)  # fmt: skip


@dataclass(frozen=True)
class RegionSummary:
    """What a load of regions did to its version. ``changed`` got another place, radius or code."""

    version: str
    batch: int
    held: int
    changed: int
    removed: int
    refused: int


def regions_import(
    *, path: Path, version: str, replace: bool = False, started_by: Any = None
) -> RegionSummary:
    """Load a WISE Catalog of Galactic H II Regions (CSV) as a version, or add to that version.

    Rows that are no region become refusals. Raises ValueError where the file is no such catalogue, is in
    other units, or has a quote that is never closed and so would swallow rows; and where it lacks or changes
    regions that are held, unless ``replace`` is given: regions that candidates lie in stay even then.
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
    return _load(version, list(regions.values()), path.name, refused, replace, started_by)


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
            vlsr=";".join(f"{velocity:g}" for velocity in region.velocities),
            velocities_kms=list(region.velocities),
        )
        for region in REGIONS
    ]
    return _load(PAPER_VERSION, regions, PAPER_VERSION, [], False, None)


def regions_in_use() -> str:
    """The version that spectra are matched with: the highest WISE version held, else the paper's regions.

    Versions are compared by their numbers (V2.10 over V2.2), whichever was loaded last. "" where no regions
    are held.
    """
    versions = HIIRegion.objects.order_by().values_list("version", flat=True).distinct()
    return max(versions, key=_by_number, default="")


def _by_number(version: str) -> tuple[bool, list[int], str]:
    """Sorts the paper's regions before every WISE version, and those by their numbers."""
    return version != PAPER_VERSION, [int(digits) for digits in re.findall(r"\d+", version)], version


def regions_match(*, spectra: Sequence[int], version: str) -> int:
    """Match spectra (ids) anew with the regions of a version; returns how many containments there are.

    Every region whose radius reaches a spectrum is kept; the best one per spectrum is the one of smallest
    separation over radius, ties K, G, C, Q, then by name.
    """
    places = list(
        Spectrum.objects.filter(pk__in=spectra, glon__isnull=False)
        .order_by("id")
        .values_list("id", "glon", "glat")
    )
    regions = list(
        HIIRegion.objects.filter(version=version)
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


def regions_at(*, ra: float, dec: float, version: str) -> list[RegionMatch]:
    """The regions of a version that hold a position (degrees), as unsaved matches, the best first."""
    reach = F("radius_arcsec") / 3600.0
    near = HIIRegion.objects.filter(version=version, dec__gte=dec - reach, dec__lte=dec + reach)
    regions = list(near.order_by("name"))
    if not regions:
        return []
    glon, glat = galactic([ra], [dec])
    geometry = [(r.pk, r.glon, r.glat, r.radius_arcsec, r.catalog) for r in regions]
    by_id = {region.pk: region for region in regions}
    found = _matches([(0, float(glon[0]), float(glat[0]))], geometry)
    for match in found:
        match.region = by_id[match.region_id]
    return sorted(found, key=lambda match: (not match.is_best, match.separation_arcsec))


def regions_holding(ra: NDArray[np.float64], dec: NDArray[np.float64]) -> set[int]:
    """Ids of the regions, of every version, that hold any of these positions (n,), (n,) in degrees."""
    regions = HIIRegion.objects.order_by().values_list("pk", "glon", "glat", "radius_arcsec")
    if not ra.size or not (held := list(regions)):
        return set()
    ids, *geometry = (np.array(column) for column in zip(*held, strict=True))
    _, found, _ = match_regions(*galactic(ra, dec), *geometry)
    return set(ids[found].tolist())


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


def _load(
    version: str,
    regions: list[HIIRegion],
    origin: str,
    refused: Iterable[tuple[str, str]],
    replace: bool,
    started_by: Any,
) -> RegionSummary:
    """Regions keep their rows where their name stays; matches with regions that changed are dropped."""
    if not regions:
        raise ValueError(f"{origin} holds no region: the version {version} is left as it was")
    _place(regions)
    refusals = list(refused)
    with transaction.atomic():
        held = HIIRegion.objects.filter(version=version)
        before = {region.name: _geometry(region) for region in held}
        removed = before.keys() - {region.name for region in regions}
        changed = {
            region.name for region in regions if before.get(region.name) not in (None, _geometry(region))
        }
        _refuse_loss(version, origin, removed, changed, replace)
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
        held.filter(name__in=removed).delete()
        RegionMatch.objects.filter(region__version=version, region__name__in=changed).delete()
        HIIRegion.objects.bulk_create(
            regions,
            batch_size=1000,
            update_conflicts=True,
            unique_fields=["version", "name"],
            update_fields=_FIELDS,
        )
    return RegionSummary(version, batch.pk, len(regions), len(changed), len(removed), len(refusals))


def _refuse_loss(version: str, origin: str, removed: Set[str], changed: Set[str], replace: bool) -> None:
    """Raise ValueError where regions would go or change that runs refer to, or unasked."""
    if not removed and not changed:
        return
    lost = f"of the regions held as {version}, {origin} lacks {_few(removed)} and changes {_few(changed)}"
    advice = "load it as a version of its own, beside this one (--version)"
    losing = HIIRegion.objects.filter(version=version, name__in=removed | changed).values("pk")
    used = Candidate.objects.filter(
        Q(region__in=losing)
        | Q(spectrum__in=RegionMatch.objects.filter(region__in=losing).values("spectrum"))
    )
    if runs := sorted(set(used.order_by().values_list("run", flat=True))):
        raise ValueError(
            f"{lost}, and {used.count():,} candidates of {'run' if len(runs) == 1 else 'runs'} "
            f"{', '.join(map(str, runs))} lie in such regions: {advice}"
        )
    if not replace:
        raise ValueError(f"{lost}: {advice}, or ask for that with --replace")


def _few(names: Set[str]) -> str:
    """How many, and the first of them by name."""
    if not names:
        return "none"
    return f"{len(names):,} ({', '.join(sorted(names)[:3])}{', ...' if len(names) > 3 else ''})"


def _geometry(region: HIIRegion) -> tuple[Any, ...]:
    return region.glon, region.glat, region.radius_arcsec, region.catalog


def _place(regions: list[HIIRegion]) -> None:
    ra, dec = equatorial([region.glon for region in regions], [region.glat for region in regions])
    rows = zip(regions, ra.tolist(), dec.tolist(), healpix29(ra, dec).tolist(), strict=True)
    for region, lon, lat, pixel in rows:
        region.ra, region.dec, region.healpix = lon, lat, pixel


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
