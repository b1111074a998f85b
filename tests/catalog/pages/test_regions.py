"""The list of H II regions, the page of one, and how Table 2 prints them."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from astropy.table import Table
from django.test import Client

from catalog import certified
from catalog.models import Candidate, HIIRegion, Run
from catalog.positions import galactic
from catalog.regions import paper_regions_import, regions_match
from retrieval.flags import CandidateFlag
from retrieval.simulate.regions import displaced, to_equatorial
from tests import factories as f

pytestmark = pytest.mark.django_db

PAPER = "Lu2022 Table 2"
KNOWN, GROUP, QUIET = "G173.588-01.606", "G173.468+03.230", "G173.156-03.442"


def nebula(run: Run, name: str, glon: float, glat: float, **fields: Any) -> Candidate:
    """A nebula candidate at a Galactic position, H II-like unless told otherwise."""
    ra, dec = to_equatorial(glon, glat)
    return f.CandidateFactory(
        run=run, nebula=True, spectrum__name=name, spectrum__ra=ra, spectrum__dec=dec, **fields
    )


def settle(run: Run, version: str = PAPER) -> None:
    """Match and mark as the measure stage does."""
    candidates = list(run.candidates.filter(kind="nebula"))
    regions_match(spectra=[candidate.spectrum_id for candidate in candidates], version=version)
    for candidate in candidates:
        best = candidate.spectrum.region_matches.filter(is_best=True).first()
        candidate.region = best.region if best else None
        state_new = True if candidate.nebula_state == "H II-like" else None
        candidate.new_found = False if best else state_new
        candidate.save()


@pytest.fixture
def run() -> Run:
    """Spectra in three of the paper's five regions: a known one, a group (confirmed), a quiet one (not)."""
    paper_regions_import()
    run = f.RunFactory(region_version=PAPER)
    nebula(run, "spec-known", 173.60, -1.60, velocity_lsr_kms=4.0, region_velocity_kms=-1.4)
    nebula(run, "spec-group-a", 173.47, 3.25, flags=int(CandidateFlag.NEAR_GALAXY))
    nebula(run, "spec-group-b", 173.50, 3.20, nebula_state="PN-like")
    nebula(run, "spec-quiet", 173.15, -3.44, nebula_state="undetermined", nebula_reason="S/N under 3: Hα")
    nebula(run, "spec-new", 150.0, 1.0)
    nebula(run, "spec-unclear", 151.0, 1.0, nebula_state="PN-like")
    settle(run)
    return run


def table(client: Client, url: str) -> list[dict[str, str]]:
    response = client.get(url)
    assert response.status_code == 200, response.content
    return list(csv.DictReader(io.StringIO(b"".join(response.streaming_content).decode())))


def text(client: Client, url: str) -> str:
    response = client.get(url)
    assert response.status_code == 200, url
    return response.content.decode()


def test_table_2_prints_numbers_and_asterisks_as_the_paper(client: Client, run: Run) -> None:
    rows = {row["file_LAMOST"]: row for row in table(client, "/nebulae/download.csv")}
    assert {name: row["WISE_Name"] for name, row in rows.items()} == {
        "spec-known": KNOWN,
        "spec-group-a": f"{GROUP} [1]*",
        "spec-group-b": f"{GROUP} [1]*",
        "spec-quiet": f"{QUIET} [2]",
        "spec-new": "-",
    }
    assert rows["spec-group-b"]["WISE_Region"] == GROUP
    assert [rows["spec-group-b"][name] for name in ("number", "confirmed", "New_found")] == ["1", "1", "0"]
    assert [rows["spec-known"][name] for name in ("number", "confirmed", "Catalog")] == ["", "", "K"]
    assert [rows["spec-new"][name] for name in ("WISE_Region", "Catalog", "New_found")] == ["", "-", "1"]


@pytest.mark.parametrize("name", ["nebulae", "unclear", "regions"])
def test_fits_holds_the_same_rows_as_csv(client: Client, run: Run, tmp_path: Path, name: str) -> None:
    path = tmp_path / "table.fits"
    path.write_bytes(b"".join(client.get(f"/{name}/download.fits").streaming_content))
    read, plain = Table.read(path), table(client, f"/{name}/download.csv")
    assert len(read) == len(plain) > 0
    assert read.colnames == list(plain[0])
    first = read.colnames[0]
    assert [str(value) for value in read[first]] == [row[first] for row in plain]


def test_filters_do_not_renumber(client: Client, run: Run) -> None:
    rows = table(client, f"/nebulae/download.csv?region={QUIET}")
    assert [row["WISE_Name"] for row in rows] == [f"{QUIET} [2]"]


def test_numbers_go_by_code_then_by_name() -> None:
    run = f.RunFactory(region_version="V2.2")
    codes = {"G010.000-00.100": "Q", "G020.000+00.000": "C", "G010.000+00.100": "Q", "G300.000+00.000": "G",
             "G001.000+00.000": "K"}  # fmt: skip
    for name, code in codes.items():
        region = f.HIIRegionFactory(name=name, catalog=code)
        f.CandidateFactory(run=run, nebula=True, region=region, new_found=False)
    rows = certified.regions(run)
    numbers = dict(rows.values_list("name", "region_number"))
    certifying = sorted((n, name) for name, n in numbers.items() if n is not None)
    assert certifying == [
        (1, "G300.000+00.000"), (2, "G020.000+00.000"), (3, "G010.000+00.100"), (4, "G010.000-00.100")
    ]  # fmt: skip
    kept = certified.of_run(run).exclude(region__catalog="G")
    fewer = certified.with_regions(kept, among=kept)
    assert dict(fewer.values_list("region__name", "region_number"))["G020.000+00.000"] == 1


def test_the_list_counts_what_each_holds(client: Client, run: Run) -> None:
    rows = {row["WISE_Region"]: row for row in table(client, "/regions/download.csv")}
    assert len(rows) == 5
    seen = ("spectra", "spectra_inside", "spectra_HII", "status", "number", "confirmed")
    assert [rows[GROUP][name] for name in seen] == ["2", "2", "1", "newly certified", "1", "1"]
    assert [rows[QUIET][name] for name in seen] == ["1", "1", "0", "newly certified", "2", "0"]
    assert [rows[KNOWN][name] for name in seen] == ["1", "1", "1", "known", "", ""]
    assert [rows["G206.316-02.103"][name] for name in seen] == ["0", "0", "0", "", "", ""]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("certified=new", {GROUP, QUIET}),
        ("certified=confirmed", {GROUP}),
        ("certified=known&certified=new", {KNOWN, GROUP, QUIET}),
        ("has_spectra=true", {KNOWN, GROUP, QUIET}),
        ("has_spectra=false", {"G206.316-02.103", "G159.957-12.738"}),
        ("code=Q", {QUIET}),
        ("region=g173", {KNOWN, GROUP, QUIET}),
        ("position=G173.5-1.6&radius=0.2 deg", {KNOWN}),
        ("version=V1.0", {"G173.588-01.606"}),
    ],
)
def test_filters_of_the_list(client: Client, run: Run, query: str, expected: set[str]) -> None:
    f.HIIRegionFactory(version="V1.0", name="G173.588-01.606")
    assert {row["WISE_Region"] for row in table(client, f"/regions/download.csv?{query}")} == expected


def test_the_page_of_a_region(client: Client, run: Run) -> None:
    page = text(client, f"/regions/{GROUP}/")
    assert "newly certified [1]*" in page
    assert "spec-group-a" in page
    assert "spec-group-b" in page
    assert "spec-quiet" not in page
    assert "the disc of a near galaxy covers the position" in page
    known = text(client, f"/regions/{KNOWN}/")
    assert "newly certified" not in known
    assert '<td class="number">5</td>' in known  # 4.0 less -1.4 km/s
    assert "−1.4" in known
    assert "finds no nebula candidate inside" in text(client, "/regions/G206.316-02.103/")


def test_a_spectrum_in_two_regions_stands_on_both_pages(client: Client, run: Run) -> None:
    inner = f.HIIRegionFactory(
        version=PAPER, name="G173.600-01.600", glon=173.60, glat=-1.60, radius_arcsec=90
    )
    settle(run)
    outer = HIIRegion.objects.get(name=KNOWN)
    assert certified.regions(run).get(pk=outer.pk).n_spectra == 0
    assert certified.regions(run).get(pk=outer.pk).n_inside == 1
    page = text(client, f"/regions/{KNOWN}/")
    assert "spec-known" in page
    assert f"<td>{inner.name}</td>" in page  # the best is the other
    assert "<td>here</td>" in text(client, f"/regions/{inner.name}/")
    assert f">{inner.name}</a>" in page  # among the overlapping ones


def test_versions_are_told_apart(client: Client, run: Run) -> None:
    f.HIIRegionFactory(version="V1.0", name=KNOWN, radius_arcsec=77)
    page = text(client, f"/regions/{KNOWN}/")
    assert "Other versions hold a region of this name" in page
    assert "<dd>1298</dd>" in page  # that of the run
    other = text(client, f"/regions/{KNOWN}/?version=V1.0")
    assert "<dd>77</dd>" in other
    assert f"was matched with {PAPER}, not with this version" in other
    assert client.get(f"/regions/{KNOWN}/?version=V9").status_code == 404
    assert client.get("/regions/G000.000+00.000/").status_code == 404


def test_a_region_before_any_run(client: Client) -> None:
    paper_regions_import()
    assert "No retrieval run has ended yet" in text(client, f"/regions/{GROUP}/")
    assert client.get("/regions/").status_code == 200


def test_the_map_is_true_to_distance_and_angle(client: Client, run: Run) -> None:
    centre = HIIRegion.objects.get(name=KNOWN)
    east = displaced(centre.glon, centre.glat, 0.5, 90.0)  # beyond the radius, towards greater longitude
    nebula(run, "spec-east", *east, new_found=None, nebula_state="PN-like")
    f.HIIRegionFactory(version=PAPER, name="G173.700-01.606", glon=173.7, glat=-1.606, radius_arcsec=600)
    drawn = json.loads(client.get(f"/regions/{KNOWN}/figure.json").content)
    traces = {trace["meta"]["role"]: trace for trace in drawn["data"]}
    assert traces["near"]["x"] == pytest.approx([30.0], abs=1e-3)
    assert traces["near"]["y"] == pytest.approx([0.0], abs=1e-3)
    assert traces["near"]["customdata"][0][0] == "spec-east"
    spectrum = Candidate.objects.get(spectrum__name="spec-known").spectrum
    glon, glat = galactic(spectrum.ra, spectrum.dec)
    assert traces["inside"]["x"][0] == pytest.approx(60 * (glon - centre.glon), rel=2e-3)
    assert traces["inside"]["y"][0] == pytest.approx(60 * (glat - centre.glat), rel=2e-3)
    radii = {
        round((x**2 + y**2) ** 0.5, 2)
        for x, y in zip(traces["curve"]["x"], traces["curve"]["y"], strict=True)
    }
    assert radii == {round(1298 / 60, 2)}
    ring = [(x, y) for x, y in zip(traces["other"]["x"], traces["other"]["y"], strict=True) if x is not None]
    middle = 60 * (173.7 - centre.glon)
    assert [((x - middle) ** 2 + y**2) ** 0.5 for x, y in ring] == pytest.approx([10.0] * 73, abs=0.02)
    assert drawn["layout"]["xaxis"]["range"][0] > drawn["layout"]["xaxis"]["range"][1]


def test_lists_lead_to_region_pages(client: Client, run: Run) -> None:
    address = f'href="/regions/{GROUP}/?version=Lu2022+Table+2"'
    assert address in text(client, "/nebulae/")
    assert address in text(client, "/regions/")
    assert address in text(client, "/spectra/spec-group-a/")
    assert f"{address[:-1]}&amp;run={run.pk}" in text(client, f"/nebulae/?run={run.pk}")


def test_all_columns_on_wish(client: Client, run: Run) -> None:
    page = text(client, "/nebulae/")
    assert '<a href="?sort=velocity_LSR"' not in page
    assert "columns=all" in page
    everything = text(client, "/nebulae/?columns=all&sort=-velocity_LSR&status=inside")
    assert '<a href="?columns=all&amp;sort=velocity_LSR&amp;status=inside"' in everything
    assert "the disc of a near galaxy covers the position" in everything
    assert '<input type="hidden" name="columns" value="all">' in everything
    assert "sorted by Velocity LSR (km/s), falling" in text(client, "/nebulae/?sort=-velocity_LSR")
    assert table(client, "/nebulae/download.csv?columns=all&status=new")[0]["file_LAMOST"] == "spec-new"


def test_unclear_ones_say_why(client: Client, run: Run) -> None:
    assert "spec-unclear" in text(client, "/unclear/")
    nebula(run, "spec-faint", 152.0, 1.0, nebula_state="undetermined", nebula_reason="S/N under 3: Hα",
           new_found=None)  # fmt: skip
    rows = {row["file_LAMOST"]: row["nebula_reason"] for row in table(client, "/unclear/download.csv")}
    assert rows == {"spec-unclear": "", "spec-faint": "S/N under 3: Hα"}


def test_the_spectrums_page_tells_velocity_limits_and_warnings(client: Client, run: Run) -> None:
    Candidate.objects.filter(spectrum__name="spec-group-a").update(
        nii_is_limit=True, log_nii_ha=-0.9, log_nii_ha_err=None, velocity_lsr_kms=41.0, near_galaxy="M31"
    )
    page = text(client, "/spectra/spec-group-a/")
    assert "&lt; −0.900," in page
    assert '<td class="number">&lt; −0.900</td>' in text(client, "/nebulae/")
    assert '<td class="number">&lt; −0.900</td>' in text(client, f"/regions/{GROUP}/")
    assert "<dd>41</dd>" in page
    assert "on the disc of M31" in page
    assert "the disc of a near galaxy covers the position" in page


def test_the_spectrums_page_shows_probabilities_and_other_curves(client: Client) -> None:
    galaxy = f.CandidateFactory(
        spectrum__name="spec-galaxy", p_star_forming=0.25, p_composite=0.75, p_liner=0.0, p_seyfert=0.0
    )
    for line, flux in (("nii_6585", 30.0), ("ha", 100.0), ("oiii_5008", 20.0), ("hb", 33.0)):
        f.LineMeasurementFactory(candidate=galaxy, line=line, flux=flux, flux_err=1.0, ew=12.0)
    page = text(client, "/spectra/spec-galaxy/")
    assert '<td class="number">0.750</td>' in page
    assert "WHAN diagram of Cid Fernandes et al. 2011</th><td>star-forming</td>" in page
    assert "[S II] diagram of Kewley et al. 2006</th><td>unclassified: not measured: [S II]</td>" in page


def test_home_links_to_what_the_run_searched(client: Client, run: Run) -> None:
    run.query_selection = {"role": ["unknown"], "release": ["a", "b"]}
    run.save()
    page = text(client, "/")
    assert "/spectra/?role=unknown&amp;release=a&amp;release=b" in page
    assert "certified=new" in page
    assert ">2</a> newly certified" in page
