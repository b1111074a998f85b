"""The real WISE catalogue: its rows, and who lies inside, against astropy by brute force."""

from __future__ import annotations

import csv
from pathlib import Path

import astropy.units as u
import numpy as np
import pytest
from astropy.coordinates import angular_separation

from catalog.models import HIIRegion, Refusal, RegionMatch
from catalog.regions import regions_import, regions_match
from retrieval.match import REGION_CODES, best_region, match_regions
from retrieval.simulate.regions import REGIONS, displaced, to_equatorial
from tests.factories import SpectrumFactory
from tests.real.data import survey_data

pytestmark = pytest.mark.real


def wise_file() -> Path:
    return survey_data() / "hii" / "wise_hii_V2.2.csv"


@pytest.fixture(scope="module")
def regions() -> dict[str, np.ndarray]:
    with wise_file().open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["Catalog"] in REGION_CODES]
    rows.sort(key=lambda row: row["WISE Name"])
    columns = {"lon": "GLong<br>(deg.)", "lat": "GLat<br>(deg.)", "radius": "Radius<br>(arcsec.)"}
    numbers = {name: np.array([float(row[column]) for row in rows]) for name, column in columns.items()}
    return numbers | {"code": np.array([row["Catalog"] for row in rows])}


def separations(lon: float, lat: float, regions: dict[str, np.ndarray]) -> np.ndarray:
    """Arcsec from one position to every region, by astropy."""
    apart = angular_separation(lon * u.deg, lat * u.deg, regions["lon"] * u.deg, regions["lat"] * u.deg)
    return apart.to_value(u.arcsec)


def positions(regions: dict[str, np.ndarray]) -> np.ndarray:
    """Random places near the plane and anywhere, every centre, and places just inside and outside rims."""
    rng = np.random.default_rng(7)
    near = np.column_stack((rng.uniform(0, 360, 3000), rng.normal(0, 2, 3000)))
    anywhere = np.column_stack((rng.uniform(0, 360, 500), np.degrees(np.arcsin(rng.uniform(-1, 1, 500)))))
    centres = np.column_stack((regions["lon"], regions["lat"]))
    chosen = np.r_[np.argsort(regions["radius"])[-150:], rng.choice(regions["lon"].size, 350, replace=False)]
    rims = [
        displaced(regions["lon"][i], regions["lat"][i], regions["radius"][i] / 3600 * share, angle)
        for i in chosen
        for share, angle in ((1 - 1e-6, rng.uniform(0, 360)), (1 + 1e-6, rng.uniform(0, 360)))
    ]
    edges = [(0.0, 0.0), (360.0, 0.0), (359.99999, 0.1), (0.0, 90.0), (123.0, -90.0)]
    return np.vstack((near, anywhere, centres, rims, edges))


def test_every_containment_equals_astropys(regions: dict[str, np.ndarray]) -> None:
    places = positions(regions)
    spectrum, region, separation = match_regions(
        places[:, 0], places[:, 1], regions["lon"], regions["lat"], regions["radius"]
    )
    best = best_region(spectrum, region, separation, regions["radius"], regions["code"])
    starts = np.searchsorted(spectrum, np.arange(len(places) + 1))
    rank = {code: n for n, code in enumerate(REGION_CODES)}
    overlaps = 0
    for i, (lon, lat) in enumerate(places):
        apart = separations(lon, lat, regions)
        clear = np.abs(apart - regions["radius"]) > 1e-5
        expected = np.flatnonzero((apart <= regions["radius"]) & clear)
        found = slice(starts[i], starts[i + 1])
        assert region[found][clear[region[found]]].tolist() == expected.tolist()
        assert separation[found] == pytest.approx(apart[region[found]], abs=1e-5)
        if clear.all() and expected.size:
            by_rule = min(
                expected, key=lambda j: (apart[j] / regions["radius"][j], rank[regions["code"][j]], j)
            )
            (chosen,) = region[found][best[found]].tolist()
            assert apart[chosen] / regions["radius"][chosen] == pytest.approx(
                apart[by_rule] / regions["radius"][by_rule], abs=1e-9
            )
        overlaps += expected.size > 1
    assert overlaps > 1954  # the catalogue holds as many centres inside others
    assert regions["radius"].max() > 5 * 3600


@pytest.mark.django_db
def test_the_catalogue_is_held_whole_and_its_bad_row_refused() -> None:
    summary = regions_import(path=wise_file(), version="V2.2")
    assert (summary.held, summary.refused) == (8411, 1)
    refusal = Refusal.objects.get(batch=summary.batch)
    assert "G049.792+00.360" in refusal.detail
    assert "'0'" in refusal.detail
    codes = {code: HIIRegion.objects.filter(catalog=code).count() for code in REGION_CODES}
    assert codes == {"K": 2210, "G": 654, "C": 1767, "Q": 3780}
    with wise_file().open(newline="") as file:
        printed = {row["WISE Name"]: row["VLSR<br>(km/s)"] for row in csv.DictReader(file)}
    for name, vlsr, velocities in HIIRegion.objects.values_list("name", "vlsr", "velocities_kms"):
        assert vlsr == printed[name]
        assert velocities == [float(part) for part in printed[name].split(";") if part]
    assert sum(len(v) > 1 for v in HIIRegion.objects.values_list("velocities_kms", flat=True)) > 50


@pytest.mark.django_db
def test_the_papers_regions_hold_their_spectra() -> None:
    """A spectrum at each centre that the paper prints: the region of that name is its best."""
    regions_import(path=wise_file(), version="V2.2")
    spectra = {}
    for region in REGIONS:
        ra, dec = to_equatorial(region.glon, region.glat)
        spectra[region.name] = SpectrumFactory(ra=ra, dec=dec)
    regions_match(spectra=[spectrum.pk for spectrum in spectra.values()], version="V2.2")
    for name, spectrum in spectra.items():
        best = RegionMatch.objects.get(spectrum=spectrum, is_best=True).region
        assert (best.name, best.catalog) == (name, next(r.code for r in REGIONS if r.name == name))
        printed = next(r for r in REGIONS if r.name == name)
        assert (best.radius_arcsec, tuple(best.velocities_kms)) == (printed.radius, printed.velocities)
