"""H II regions are loaded by version, and every region that holds a spectrum is found."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from astropy.coordinates import angular_separation

from catalog.certified import regions
from catalog.evidence import Evidence
from catalog.models import HIIRegion, Refusal, RegionMatch
from catalog.region_evidence import RegionEvidence
from catalog.regions import (
    PAPER_VERSION,
    paper_regions_import,
    regions_import,
    regions_in_use,
    regions_match,
)
from retrieval.flags import CandidateFlag
from tests.factories import (
    CandidateFactory,
    HIIRegionFactory,
    RegionMatchFactory,
    RunFactory,
    SpectrumFactory,
)

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


def load(tmp_path: Path, rows: list[str], version: str = "V2.2", **options: bool):
    path = tmp_path / "wise.csv"
    path.write_text("\n".join([HEADER, *rows]) + "\n")
    return regions_import(path=path, version=version, **options)


def test_columns(tmp_path: Path):
    summary = load(tmp_path, ROWS)
    assert (summary.held, summary.added, summary.removed, summary.refused) == (3, 3, 0, 0)
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
    ("G7,K,1,1,30,,,7.5;fast,,", "VLSR '7.5;fast'"),
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


SHORTER = [ROWS[0], "G173.588-01.606,K,173.588,-1.606,1300,Sh2-235,,,,"]


def test_a_version_is_replaced_where_that_is_asked_and_no_other(tmp_path: Path):
    other = HIIRegionFactory(version="V2.0", name="G173.588-01.606")
    load(tmp_path, ROWS)
    held = list(HIIRegion.objects.order_by("pk").values())
    changed = HIIRegion.objects.get(version="V2.2", name="G173.588-01.606")
    RegionMatchFactory(region=changed)
    words = r"lacks 1 \(G000.025-00.232\) and changes 1 \(G173.588-01.606\): .* ask for that with --replace"
    with pytest.raises(ValueError, match=words):
        load(tmp_path, SHORTER)
    assert list(HIIRegion.objects.order_by("pk").values()) == held
    assert RegionMatch.objects.exists()
    summary = load(tmp_path, SHORTER, replace=True)
    assert (summary.held, summary.changed, summary.removed) == (2, 1, 1)
    assert HIIRegion.objects.get(version="V2.2", name="G173.588-01.606").pk == changed.pk
    assert not RegionMatch.objects.exists()  # its radius changed
    other.refresh_from_db()
    assert other.version == "V2.0"


@pytest.mark.parametrize("name", ["G173.588-01.606", "G000.025-00.232"])
@pytest.mark.parametrize("best", [True, False])
def test_regions_that_a_run_refers_to_stay_as_they_are(tmp_path: Path, name: str, best: bool):
    load(tmp_path, ROWS)
    region = HIIRegion.objects.get(name=name)
    candidate = CandidateFactory(nebula=True, region=region if best else None, new_found=False)
    if not best:
        RegionMatchFactory(region=region, spectrum=candidate.spectrum)
    rows = SHORTER if name in SHORTER[1] else ROWS[:2]
    for replace in (False, True):
        with pytest.raises(ValueError, match=rf"1 candidates of run {candidate.run_id} lie in such regions"):
            load(tmp_path, rows, replace=replace)
    assert HIIRegion.objects.count() == 3
    assert load(tmp_path, rows, "V2.3").held == 2
    assert load(tmp_path, [*ROWS, "G9,C,9,1,60,,,,,"]).held == 4  # more of them is no loss


def test_velocities_of_regions_that_a_run_refers_to_stay(tmp_path: Path):
    load(tmp_path, ROWS)
    CandidateFactory(nebula=True, region=HIIRegion.objects.get(name="G173.588-01.606"), new_found=False)
    with pytest.raises(ValueError, match=r"changes 1 \(G173.588-01.606\), and 1 candidates"):
        load(tmp_path, [row.replace("-20.3", "-24") for row in ROWS], replace=True)


def test_what_is_added_to_a_version_is_matched_for_runs_that_keep_to_it(tmp_path: Path):
    """As if it had been there when they began; not for runs of another version, nor spectra elsewhere."""
    load(tmp_path, ROWS)
    run, other = RunFactory(), RunFactory(region_version="V2.0")
    inside, outside = (SpectrumFactory(glon=lon, glat=1.0) for lon in (173.0, 174.0))
    found = [
        CandidateFactory(run=run, spectrum=spectrum, nebula=True, flags=64) for spectrum in (inside, outside)
    ]
    unmeasured = CandidateFactory(
        run=run, nebula=True, measured_at=None, spectrum__glon=173.0, spectrum__glat=1.0
    )
    elsewhere = CandidateFactory(run=other, spectrum=inside, nebula=True)
    new = "G173.000+01.000,Q,173.001,1.0,60,,,500,,"
    summary = load(tmp_path, [*ROWS, new])
    assert (summary.added, summary.matched_anew) == (1, {run.pk: 1})
    for candidate in (*found, unmeasured, elsewhere):
        candidate.refresh_from_db()
    assert found[0].region == HIIRegion.objects.get(name="G173.000+01.000")
    assert (found[0].new_found, found[0].region_velocity_kms) == (False, 500.0)
    assert CandidateFlag.VELOCITY_UNLIKE_REGION | CandidateFlag.OTHER_SURVEY in CandidateFlag(found[0].flags)
    for candidate in (found[1], unmeasured, elsewhere):
        assert (candidate.region, candidate.new_found) == (None, True)
    assert RegionMatch.objects.count() == 2
    assert load(tmp_path, [*ROWS, new]).matched_anew == {}


def test_a_region_that_grows_takes_in_what_lies_in_it_then(tmp_path: Path):
    load(tmp_path, ROWS)
    candidate = CandidateFactory(nebula=True, spectrum__glon=0.03, spectrum__glat=-0.231)
    grown = [*ROWS[:2], ROWS[2].replace(",46,", ",90,")]
    assert load(tmp_path, grown, replace=True).matched_anew == {candidate.run_id: 1}
    candidate.refresh_from_db()
    assert candidate.region.name == "G000.025-00.232"


def test_each_version_keeps_its_matches():
    """A run of a newer version leaves those of an older run as they are."""
    old, new = (
        HIIRegionFactory(version=v, name="G010.000+00.000", glon=10.0, glat=0.0) for v in ("V2.1", "V2.2")
    )
    spectrum = spectrum_at(10.0, 0.1)
    for region in (old, new):
        assert regions_match(spectra=[spectrum.pk], version=region.version) == 1
    assert set(RegionMatch.objects.filter(is_best=True).values_list("region", "version")) == {
        (old.pk, "V2.1"), (new.pk, "V2.2"),
    }  # fmt: skip
    for region, others in ((old, new), (new, old)):
        run = RunFactory(region_version=region.version)
        CandidateFactory(run=run, spectrum=spectrum, nebula=True, region=region, new_found=False)
        assert [match.region for match in Evidence(spectrum=spectrum, run=run).regions] == [region]
        assert len(RegionEvidence(region=region, run=run).inside) == 1
        assert RegionEvidence(region=others, run=run).inside == []
        counted = dict(regions(run).values_list("version", "n_inside"))
        assert (counted[region.version], counted[others.version]) == (1, 0)


@pytest.mark.parametrize("text", ["", "a,b\n1,2\n", HEADER + "\n"])
def test_what_is_no_catalogue_changes_nothing(tmp_path: Path, text):
    load(tmp_path, ROWS)
    (tmp_path / "bad.csv").write_text(text)
    with pytest.raises(ValueError, match=r"bad\.csv"):
        regions_import(path=tmp_path / "bad.csv", version="V2.2")
    assert HIIRegion.objects.count() == 3


def test_the_highest_version_is_in_use_whichever_was_loaded_last(tmp_path: Path):
    assert regions_in_use() == ""
    assert paper_regions_import().held == 5
    assert regions_in_use() == PAPER_VERSION
    load(tmp_path, ROWS, "V2.2")
    load(tmp_path, ROWS[:1], "V2.0")
    assert regions_in_use() == "V2.2"
    load(tmp_path, ROWS, "V2.10")
    load(tmp_path, ROWS, "V2.2")
    paper_regions_import()
    assert regions_in_use() == "V2.10"


def test_velocities_are_read_as_numbers(tmp_path: Path):
    load(tmp_path, ROWS)
    held = dict(HIIRegion.objects.values_list("name", "velocities_kms"))
    assert held["G000.003+00.127"] == [7.5, -12.1]
    assert held["G173.588-01.606"] == [-20.3]
    assert held["G000.025-00.232"] == []
    paper_regions_import()
    paper = dict(HIIRegion.objects.filter(version=PAPER_VERSION).values_list("name", "velocities_kms"))
    assert paper["G206.316-02.103"] == [18.1]
    assert paper["G173.156-03.442"] == []


OTHER_HEADINGS = [
    "WISE Name,Catalog,GLong<br>(deg.),GLat<br>(deg.),RA<br>(J2000),Radius<br>(arcsec.),HII Region,"
    "VLSR<br>(km/s)",
    "wise_name,catalog,glong,glat,extra,RADIUS,HII_Region,vlsr",
    "WISE,Cat,GLON,GLAT,Name,Rad,HII,VLSR",
    "GName,Catalog,GLong<br>(deg),GLat,RA,Radius<br/>(arcsec),HII Region,VLSR<br>(km/s)",
]


@pytest.mark.parametrize("header", OTHER_HEADINGS)
def test_headings_of_other_versions(tmp_path: Path, header):
    path = tmp_path / "wise.csv"
    path.write_text(f"{header}\nG173.588-01.606,K,173.588,-1.606,x,1298,Sh2-236,-1.4;3\n")
    regions_import(path=path, version="V1.0")
    region = HIIRegion.objects.get()
    assert (region.name, region.catalog, region.glon, region.glat) == (
        "G173.588-01.606",
        "K",
        173.588,
        -1.606,
    )
    assert (region.radius_arcsec, region.hii_name, region.velocities_kms) == (1298, "Sh2-236", [-1.4, 3.0])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("Radius<br>(arcsec.)", "Extent"), "Expected a column Radius or Rad or Size; found WISE Name"),
        (
            ("WISE Name,Catalog", "Object,Kind"),
            "Expected a column WISE Name or WISE or GName; Catalog or Cat",
        ),
        (("Radius<br>(arcsec.)", "Radius<br>(arcmin)"), "Radius in arcmin, not arcsec"),
        (("GLong<br>(deg.)", "GLong<br>(h)"), "GLong in h, not deg"),
        (("S17", '"S17'), "quote"),
        (("S17", '"S17\n'), "quote"),
        (("S17,,", '"S17,,\nG2,K,1,1,30,",,'), "quote"),
    ],
)
def test_a_changed_file_is_refused_whole(tmp_path: Path, change, words):
    path = tmp_path / "wise.csv"
    text = "\n".join([HEADER, *ROWS]) + "\n"
    path.write_text(text)
    regions_import(path=path, version="V2.2")
    path.write_text(text.replace(*change))
    with pytest.raises(ValueError, match=words):
        regions_import(path=path, version="V2.2")
    assert HIIRegion.objects.count() == 3


def test_a_closed_quote_is_fine(tmp_path: Path):
    load(tmp_path, ['G1,K,1,1,30,"S17, Lagoon",,1,,'])
    assert HIIRegion.objects.get().hii_name == "S17, Lagoon"


def spectrum_at(glon: float, glat: float):
    return SpectrumFactory(glon=glon, glat=glat)


def test_every_containment_is_kept_and_one_is_best():
    HIIRegionFactory(version="V1.0", name="old", glon=10.0, glat=0.0, radius_arcsec=3600)
    wide = HIIRegionFactory(name="G010.000+00.000", glon=10.0, glat=0.0, radius_arcsec=3600)
    near = HIIRegionFactory(name="G010.010+00.000", glon=10.01, glat=0.0, radius_arcsec=360)
    HIIRegionFactory(name="far", glon=200.0, glat=0.0)
    inside, outside = spectrum_at(10.0095, 0.0), spectrum_at(12.0, 0.0)
    assert regions_match(spectra=[inside.pk, outside.pk], version="V2.2") == 2
    matches = {match.region_id: match for match in RegionMatch.objects.filter(spectrum=inside)}
    assert matches.keys() == {wide.pk, near.pk}
    assert [match.region_id for match in matches.values() if match.is_best] == [near.pk]
    assert matches[near.pk].separation_arcsec == pytest.approx(1.8, abs=1e-6)
    assert regions_match(spectra=[inside.pk], version="V2.2") == 2  # anew, not again


def test_ties_go_to_the_more_certain_then_to_the_name():
    for name, code in (("b", "Q"), ("c", "K"), ("a", "K")):
        HIIRegionFactory(name=name, catalog=code, glon=10.0, glat=0.0, radius_arcsec=600)
    spectrum = spectrum_at(10.0, 0.05)
    regions_match(spectra=[spectrum.pk], version="V2.2")
    assert RegionMatch.objects.get(is_best=True).region.name == "a"


def test_nothing_to_match():
    assert regions_match(spectra=[], version="V2.2") == 0
    assert regions_match(spectra=[SpectrumFactory().pk], version="V2.2") == 0
    HIIRegionFactory()
    assert regions_match(spectra=[SpectrumFactory(ra=None, dec=None).pk], version="V2.2") == 0


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
    assert regions_match(spectra=[spectrum.pk for spectrum in spectra], version="V2.2") == len(expected) > 0
    assert set(RegionMatch.objects.values_list("spectrum_id", "region_id")) == expected
