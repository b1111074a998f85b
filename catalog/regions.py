"""H II regions: loading the WISE catalogue, and finding the regions that hold spectra."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence, Set
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

from .classes import PLACE_FIELDS, candidates_place
from .ingest.reasons import REASONS
from .models import Candidate, HIIRegion, ImportBatch, Refusal, RegionMatch, Run, Spectrum
from .positions import equatorial, galactic, healpix29
from .wise import read_regions

PAPER_VERSION = "Lu2022 Table 2"
_FIELDS = (
    "catalog", "glon", "glat", "ra", "dec", "healpix", "radius_arcsec", "hii_name", "vlsr", "velocities_kms",
)  # fmt: skip


@dataclass(frozen=True)
class RegionSummary:
    """What a load of regions did to its version.

    ``changed`` got another place, radius, code or velocity. ``matched_anew`` counts, by the number of the
    run, the candidates of runs of this version that lie in an added or changed region.
    """

    version: str
    batch: int
    held: int
    added: int
    changed: int
    removed: int
    refused: int
    matched_anew: dict[int, int]


def regions_import(
    *, path: Path, version: str, replace: bool = False, started_by: Any = None
) -> RegionSummary:
    """Load a WISE Catalog of Galactic H II Regions (CSV) as a version, or add to that version.

    Rows that are no region become refusals. Raises ValueError where the file is no such catalogue, is in
    other units, or has a quote that is never closed and so would swallow rows; and where it lacks or changes
    regions that are held, unless ``replace`` is given: regions that candidates lie in stay even then.
    Candidates of runs of this version that lie in what was added or changed are matched at once.
    """
    regions, refused = read_regions(path, version)
    return _load(version, regions, path.name, refused, replace, started_by)


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


def version_matched(run: Run | None) -> str:
    """The version that a run's spectra are matched with; that in use where there is no run, or none then."""
    return (run.region_version if run else "") or regions_in_use()


def regions_match(*, spectra: Sequence[int], version: str) -> int:
    """Match spectra (ids) anew with the regions of a version; returns how many containments there are.

    Every region whose radius reaches a spectrum is kept; the best one per spectrum is the one of smallest
    separation over radius, ties K, G, C, Q, then by name. Matches with other versions stay as they are.
    """
    with transaction.atomic():
        locked = Spectrum.objects.select_for_update(no_key=True).filter(pk__in=spectra).order_by("id")
        places = [place for place in locked.values_list("id", "glon", "glat") if place[1] is not None]
        # Read under the lock: regions loaded meanwhile are either here, or are matched with these after.
        matches = _matches(places, version, _geometries(version))
        RegionMatch.objects.filter(spectrum__in=spectra, version=version).delete()
        RegionMatch.objects.bulk_create(matches, batch_size=1000)
    return len(matches)


def _geometries(version: str, **which: Any) -> list[Any]:
    """Id, centre (Galactic, degrees), radius (arcsec) and code of regions, by name."""
    regions = HIIRegion.objects.filter(version=version, **which).order_by("name")
    return list(regions.values_list("id", "glon", "glat", "radius_arcsec", "catalog"))


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
    found = _matches([(0, float(glon[0]), float(glat[0]))], version, geometry)
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


def _matches(places: list[Any], version: str, regions: list[Any]) -> list[RegionMatch]:
    if not places or not regions:
        return []
    spectrum_id, glon, glat = (np.array(column) for column in zip(*places, strict=True))
    region_id, lon, lat, radius, code = (np.array(column) for column in zip(*regions, strict=True))
    spectrum, region, separation = match_regions(glon, glat, lon, lat, radius)
    best = best_region(spectrum, region, separation, radius, code)
    return [
        RegionMatch(spectrum_id=s, region_id=r, version=version, separation_arcsec=apart, is_best=is_best)
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
    """Regions keep their rows where their name stays."""
    if not regions:
        raise ValueError(f"{origin} holds no region: the version {version} is left as it was")
    _place(regions)
    refusals = list(refused)
    with transaction.atomic():
        held = HIIRegion.objects.filter(version=version)
        before = {region.name: _facts(region) for region in held}
        removed = before.keys() - {region.name for region in regions}
        added = {region.name for region in regions} - before.keys()
        changed = {region.name for region in regions if before.get(region.name) not in (None, _facts(region))}
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
        RegionMatch.objects.filter(version=version, region__name__in=changed).delete()
        HIIRegion.objects.bulk_create(
            regions,
            batch_size=1000,
            update_conflicts=True,
            unique_fields=["version", "name"],
            update_fields=_FIELDS,
        )
        matched = _match_anew(version, added | changed)
    return RegionSummary(
        version, batch.pk, len(regions), len(added), len(changed), len(removed), len(refusals), matched
    )


def _match_anew(version: str, names: Set[str]) -> dict[int, int]:
    """Match the candidates of runs of this version that lie in the named regions; how many of each run.

    So the link table and what follows from it (region, new or not, velocities, flags) are what a run begun
    now would give. Published catalogues keep rows of their own, which stay as they are.
    """
    of_version = Candidate.objects.filter(run__region_version=version, spectrum__glon__isnull=False)
    places = list(of_version.order_by("spectrum").values_list("spectrum", "spectrum__glon", "spectrum__glat"))
    regions = _geometries(version, name__in=names) if places and names else []
    inside = sorted({match.spectrum_id for match in _matches(places, version, regions)})
    if not inside:
        return {}
    regions_match(spectra=inside, version=version)
    candidates = list(
        of_version.filter(spectrum__in=inside, measured_at__isnull=False)
        .select_related("region")
        .select_for_update(of=("self",), no_key=True)
        .order_by("pk")
    )
    candidates_place(candidates=candidates)
    Candidate.objects.bulk_update(candidates, PLACE_FIELDS, batch_size=500)
    return dict(sorted(Counter(candidate.run_id for candidate in candidates).items()))


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


def _facts(region: HIIRegion) -> tuple[Any, ...]:
    """What candidates inside owe to the region."""
    return region.glon, region.glat, region.radius_arcsec, region.catalog, tuple(region.velocities_kms)


def _place(regions: list[HIIRegion]) -> None:
    ra, dec = equatorial([region.glon for region in regions], [region.glat for region in regions])
    rows = zip(regions, ra.tolist(), dec.tolist(), healpix29(ra, dec).tolist(), strict=True)
    for region, lon, lat, pixel in rows:
        region.ra, region.dec, region.healpix = lon, lat, pixel
