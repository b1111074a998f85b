"""H II regions are loaded by version, and every region that holds a spectrum is found."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from astropy.coordinates import angular_separation

from catalog.models import HIIRegion, Refusal, RegionMatch
from catalog.regions import (
    PAPER_VERSION,
    paper_regions_import,
    regions_import,
    regions_in_use,
    regions_match,
)
from tests.factories import CandidateFactory, HIIRegionFactory, RegionMatchFactory, SpectrumFactory

pytestmark = pytest.mark.django_db

HEADER = (
    "WISE Name,Catalog,GLong<br>(deg.),GLat<br>(deg.),Radius<br>(arcsec.),HII Region,Membership,"
    "VLSR<br>(km/s),Author,VLSR (Mol.)<br>(km/s)"
)
ROWS = [
    "G000.003+00.127,K,0.004,0.128,206,S17,,7.5;-12.1,Anderson et al. (2017),9.9",
    "G173.588-01.606,K,173.588,-1.606,1298,Sh2-235,,-20.3,,",
    "G000.025-00.232,Q,0.026,-0.231,46,,,,,",
]


def load(tmp_path: Path, rows: list[str], version: str = "V2.2"):
    path = tmp_path / "wise.csv"
    path.write_text("\n".join([HEADER, *rows]) + "\n")
    return regions_import(path=path, version=version)


def test_columns(tmp_path: Path):
    summary = load(tmp_path, ROWS)
    assert (summary.held, summary.removed, summary.refused) == (3, 0, 0)
    region = HIIRegion.objects.get(name="G000.003+00.127")
    assert (region.catalog, region.glon, region.glat, region.radius_arcsec) == ("K", 0.004, 0.128, 206)
    assert (region.hii_name, region.vlsr) == ("S17", "7.5;-12.1")
    assert (region.ra, region.dec) == pytest.approx((266.2828, -28.8664), abs=1e-3)


BAD = [
    ("G1,0,1,1,30,,,,,", "'0'"),
    ("G2,K,,1,30,,,,,", "GLong ''"),
    ("G3,K,1,91,30,,,,,", "'91'"),
    ("G4,K,1,1,0,,,,,", "Radius '0'"),
    ("G5,K,1,nan,30,,,,,", "'nan'"),
    ("G6,K", "GLong ''"),
    (ROWS[0], "twice"),
]


def test_rows_that_are_no_region_are_refused(tmp_path: Path):
    summary = load(tmp_path, [*ROWS, *(row for row, _ in BAD)])
    assert (summary.held, summary.refused) == (3, len(BAD))
    refusals = Refusal.objects.filter(batch=summary.batch, reason="region-row").order_by("id")
    for line, (refusal, (_, found)) in enumerate(zip(refusals, BAD, strict=True), start=5):
        assert refusal.file == f"wise.csv: line {line}"
        assert found in refusal.detail


def test_loading_again_keeps_rows_and_matches(tmp_path: Path):
    load(tmp_path, ROWS)
    before = list(HIIRegion.objects.values())
    match = RegionMatchFactory(region=HIIRegion.objects.get(name="G173.588-01.606"))
    load(tmp_path, ROWS)
    assert list(HIIRegion.objects.values()) == before
    assert RegionMatch.objects.get() == match


def test_a_version_is_replaced_and_no_other(tmp_path: Path):
    other = HIIRegionFactory(version="V2.0", name="G173.588-01.606")
    load(tmp_path, ROWS)
    moved, gone = (
        HIIRegion.objects.get(version="V2.2", name=name) for name in ("G173.588-01.606", "G000.025-00.232")
    )
    RegionMatchFactory(region=moved)
    candidate = CandidateFactory(nebula=True, region=gone, new_found=False)
    summary = load(tmp_path, [ROWS[0], "G173.588-01.606,K,173.588,-1.606,1300,Sh2-235,,,,"])
    assert (summary.held, summary.removed) == (2, 1)
    assert HIIRegion.objects.get(version="V2.2", name="G173.588-01.606").pk == moved.pk
    assert not RegionMatch.objects.exists()  # its radius changed
    candidate.refresh_from_db()
    assert candidate.region is None
    other.refresh_from_db()
    assert other.version == "V2.0"


@pytest.mark.parametrize("text", ["", "a,b\n1,2\n", HEADER + "\n"])
def test_what_is_no_catalogue_changes_nothing(tmp_path: Path, text):
    load(tmp_path, ROWS)
    (tmp_path / "bad.csv").write_text(text)
    with pytest.raises(ValueError, match=r"bad\.csv"):
        regions_import(path=tmp_path / "bad.csv", version="V2.2")
    assert HIIRegion.objects.count() == 3


def test_version_in_use(tmp_path: Path):
    assert regions_in_use() == ""
    assert paper_regions_import().held == 5
    assert regions_in_use() == PAPER_VERSION
    load(tmp_path, ROWS, "V2.0")
    load(tmp_path, ROWS, "V2.2")
    paper_regions_import()
    assert regions_in_use() == "V2.2"


def spectrum_at(glon: float, glat: float):
    return SpectrumFactory(glon=glon, glat=glat)


def test_every_containment_is_kept_and_one_is_best():
    HIIRegionFactory(version="V1.0", name="old", glon=10.0, glat=0.0, radius_arcsec=3600)
    wide = HIIRegionFactory(name="G010.000+00.000", glon=10.0, glat=0.0, radius_arcsec=3600)
    near = HIIRegionFactory(name="G010.010+00.000", glon=10.01, glat=0.0, radius_arcsec=360)
    HIIRegionFactory(name="far", glon=200.0, glat=0.0)
    inside, outside = spectrum_at(10.0095, 0.0), spectrum_at(12.0, 0.0)
    assert regions_match(spectra=[inside.pk, outside.pk]) == 2
    matches = {match.region_id: match for match in RegionMatch.objects.filter(spectrum=inside)}
    assert matches.keys() == {wide.pk, near.pk}
    assert [match.region_id for match in matches.values() if match.is_best] == [near.pk]
    assert matches[near.pk].separation_arcsec == pytest.approx(1.8, abs=1e-6)
    assert regions_match(spectra=[inside.pk]) == 2  # anew, not again


def test_ties_go_to_the_more_certain_then_to_the_name():
    for name, code in (("b", "Q"), ("c", "K"), ("a", "K")):
        HIIRegionFactory(name=name, catalog=code, glon=10.0, glat=0.0, radius_arcsec=600)
    spectrum = spectrum_at(10.0, 0.05)
    regions_match(spectra=[spectrum.pk])
    assert RegionMatch.objects.get(is_best=True).region.name == "a"


def test_nothing_to_match():
    assert regions_match(spectra=[]) == 0
    assert regions_match(spectra=[SpectrumFactory().pk]) == 0
    HIIRegionFactory()
    assert regions_match(spectra=[SpectrumFactory(ra=None, dec=None).pk]) == 0


def test_matches_equal_a_plain_loop():
    rng = np.random.default_rng(4)
    regions = [
        HIIRegionFactory(name=str(n), glon=rng.uniform(-0.5, 0.5) % 360, glat=rng.uniform(-0.5, 0.5),
                         radius_arcsec=rng.uniform(100, 2000))
        for n in range(15)
    ]  # fmt: skip
    spectra = [spectrum_at(rng.uniform(-0.5, 0.5) % 360, rng.uniform(-0.5, 0.5)) for _ in range(20)]
    expected = set()
    for spectrum in spectra:
        for region in regions:
            places = np.radians([spectrum.glon, spectrum.glat, region.glon, region.glat])
            if np.degrees(angular_separation(*places)) * 3600 <= region.radius_arcsec:
                expected.add((spectrum.pk, region.pk))
    assert regions_match(spectra=[spectrum.pk for spectrum in spectra]) == len(expected) > 0
    assert set(RegionMatch.objects.values_list("spectrum_id", "region_id")) == expected
