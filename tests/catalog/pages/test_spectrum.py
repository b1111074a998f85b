"""The page of a spectrum and the JSON of its figure."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from django.test import Client

from catalog.figures.spectrum import masked_stretches, spectrum_figure
from retrieval.lines import LINE
from tests import factories as f

from .conftest import Held, Z, observed, release
from .test_home import text

pytestmark = pytest.mark.django_db


def figure(client: Client, url: str, status: int = 200) -> dict[str, Any]:
    response = client.get(url)
    assert response.status_code == status, response.content[:300]
    return response.json()


def drawn_at(figure: dict[str, Any], key: str) -> float:
    (shape,) = [shape for shape in figure["layout"]["shapes"] if shape["name"] == f"line:{key}"]
    (label,) = [label for label in figure["layout"]["annotations"] if label["name"] == f"line:{key}"]
    assert shape["x0"] == shape["x1"] == label["x"]
    return shape["x0"]


def role(figure: dict[str, Any], wanted: str) -> dict[str, Any]:
    (trace,) = [trace for trace in figure["data"] if trace.get("meta", {}).get("role") == wanted]
    return trace


def test_page_shows_evidence_measurements_and_provenance(client: Client, held: Held) -> None:
    page = text(client, "/spectra/spec-galaxy/")
    for said in (
        "<h1>spec-galaxy</h1>",
        "emission-line galaxy</strong>, star-forming",
        "0.07210",  # z_CL
        "Hβ, [O III] 5008, Hα agree on z_CL",
        "2:25:1", "2:50:2", "spec-template",
        "−0.00040",  # z_CL - z_RT
        "3008 ± 12",
        "band of night-sky lines",
        held.spectrum.sha256,
        "lamost-image5",
        "not looked up yet",
        "It lies inside none",
        'data-spectrum="/spectra/spec-galaxy/figure.json?release=lamost-dr7',
        "/spectra/spec-galaxy/file?release=lamost-dr7",
    ):  # fmt: skip
        assert said in page, said
    assert "truth" not in page
    assert page.count('<span class="tag good">yes</span>') == 2


def test_lines_stand_at_the_object_s_redshift_in_the_first_view(client: Client, held: Held) -> None:
    first = figure(client, "/spectra/spec-galaxy/figure.json")
    assert first["z"] == Z
    for key in ("hb", "oiii_5008", "ha", "nii_6585", "sii_6733"):
        assert drawn_at(first, key) == LINE[key].wavelength * (1 + Z)
    ranges = first["layout"]["xaxis"]["range"], first["layout"]["xaxis2"]["range"]
    assert ranges[1] == pytest.approx([edge / (1 + Z) for edge in ranges[0]])


def test_published_redshift_where_lines_give_none_and_nothing_where_nobody_knows(
    client: Client, held: Held
) -> None:
    assert (
        drawn_at(figure(client, "/spectra/spec-template/figure.json"), "ha") == LINE["ha"].wavelength * 1.0725
    )
    held.run.line_redshifts.all().delete()
    without = figure(client, "/spectra/spec-galaxy/figure.json")
    assert without["z"] is None
    assert without["layout"]["annotations"] == []
    assert "xaxis2" not in without["layout"]
    assert "No redshift is known" in text(client, "/spectra/spec-galaxy/")


def test_a_typed_redshift_is_never_rounded(client: Client, held: Held) -> None:
    typed = "0.12345678901234"
    assert f'value="{typed}"' in text(client, f"/spectra/spec-galaxy/?z={typed}")
    shown = figure(client, f"/spectra/spec-galaxy/figure.json?z={typed}")
    assert shown["z"] == float(typed)
    assert drawn_at(shown, "ha") == LINE["ha"].wavelength * (1 + float(typed))


@pytest.mark.parametrize("typed", ["x", "nan", "inf", "-1", "11", "1e999"])
def test_a_wrong_redshift_is_said_and_the_own_one_kept(client: Client, held: Held, typed: str) -> None:
    page = text(client, f"/spectra/spec-galaxy/?z={typed}")
    assert f"“{typed}” is not a redshift" in page
    assert 'aria-invalid="true"' in page
    assert figure(client, f"/spectra/spec-galaxy/figure.json?z={typed}")["z"] == Z


def test_figure_holds_flux_error_template_continuum_and_masks(client: Client, held: Held) -> None:
    shown = figure(client, "/spectra/spec-galaxy/figure.json")
    flux = role(shown, "flux")
    assert len(flux["x"]) == len(flux["y"]) == 3909
    assert flux["y"] == pytest.approx(observed().flux, rel=1e-4)
    assert flux["x"] == pytest.approx(observed().wavelength, abs=0.02)  # the file holds float32
    band = role(shown, "band")
    assert band["y"][0] == pytest.approx(flux["y"][0] + 5.0, rel=1e-3)  # ivar 0.04
    assert band["y"][-1] == pytest.approx(flux["y"][0] - 5.0, rel=1e-3)
    continuum = role(shown, "continuum")
    assert max(continuum["y"]) < 101 < max(flux["y"])
    # level 50 scaled to level 100: the line comes out at the flux's own height
    template = role(shown, "template")
    assert template["y"][0] == pytest.approx(100.0, rel=0.1)
    (masked,) = shown["masked"]
    wavelength = observed().wavelength
    assert (masked["first"], masked["last"]) == pytest.approx(wavelength[[1000, 1009]], abs=0.1)
    assert masked["why"] == "bad pixel of the detector"
    bands = [shape["name"] for shape in shown["layout"]["shapes"] if not shape["name"].startswith("line:")]
    assert bands.count("mask") == 1
    assert bands.count("join") == 1
    assert bands.count("sky") == 8
    assert "template" not in shown["layout"]


def test_figure_is_compressed_json(client: Client, held: Held) -> None:
    response = client.get("/spectra/spec-galaxy/figure.json", headers={"accept-encoding": "gzip"})
    assert response["Content-Encoding"] == "gzip"
    assert len(response.content) < 150_000


def test_pixels_without_error_leave_a_gap_in_the_band() -> None:
    spectrum = observed()
    spectrum.ivar[2000:2010] = 0
    drawn = spectrum_figure(observed=spectrum, z=None)
    gap = role(drawn, "band")["x"].index(None)
    assert gap == 2 * 2000
    assert len(role(drawn, "band")["x"]) == 2 * (3909 - 10) + 1
    assert json.loads(json.dumps(drawn)) == drawn
    stretches = masked_stretches(spectrum)
    assert [stretch.reasons for stretch in stretches] == [("BADCCD",), ("no inverse variance",)]


def test_a_spectrum_of_bad_pixels_only_is_still_drawn() -> None:
    spectrum = observed()
    spectrum.andmask[:] = 1
    drawn = spectrum_figure(observed=spectrum, z=0.1, template=spectrum)
    assert np.isfinite(drawn["layout"]["yaxis"]["range"]).all()
    assert set(role(drawn, "template")["y"]) == {None}


def test_warnings_in_words(client: Client, held: Held) -> None:
    held.spectrum.warnings = ["not-heliocentric"]
    held.spectrum.save()
    assert "not corrected to the heliocentre" in text(client, "/spectra/spec-galaxy/")


def test_a_row_without_a_file_says_so(client: Client) -> None:
    f.SpectrumFactory(name="row-only", z=0.1)
    page = text(client, "/spectra/row-only/")
    assert "Only the catalogue row of this spectrum is held" in page
    assert "plotly" not in page
    assert "row-only" in figure(client, "/spectra/row-only/figure.json", 404)["error"]


def test_a_file_that_can_no_longer_be_read_says_why(client: Client) -> None:
    f.SpectrumFactory(name="damaged", with_file=b"SIMPLE  = F")
    assert text(client, "/spectra/damaged/")
    assert "The file ends before its data do" in figure(client, "/spectra/damaged/figure.json", 404)["error"]


def test_two_releases_with_the_same_name(client: Client, held: Held) -> None:
    newer = release("dr9", simulated=False)
    f.SpectrumFactory(name="spec-galaxy", release=newer, subclass="NEWER")
    newest = text(client, "/spectra/spec-galaxy/")
    assert "NEWER" in newest
    assert (
        'One other release holds a spectrum of this name: <a href="/spectra/spec-galaxy/?release=lamost-dr7"'
        in newest
    )
    older = text(client, "/spectra/spec-galaxy/?release=lamost-dr7")
    assert "NEWER" not in older
    assert "figure.json?release=lamost-dr7" in older
    assert "in release dr8" in text(client, "/spectra/spec-galaxy/?release=dr8", 404)
    assert "No spectrum named nobody is held" in text(client, "/spectra/nobody/", 404)


def test_the_run_can_be_pinned(client: Client, held: Held) -> None:
    newer = f.RunFactory()
    page = text(client, "/spectra/spec-galaxy/")
    assert "It was not among the spectra that this run searched" in page
    assert f"/runs/{newer.pk}/" in page
    pinned = text(client, f"/spectra/spec-galaxy/?run={held.run.pk}")
    assert "Why is it a candidate?" in pinned
    assert f"figure.json?release=lamost-dr7&amp;run={held.run.pk}" in pinned
    assert f"/spectra/spec-template/?release=lamost-dr7&amp;run={held.run.pk}" in pinned


def test_why_it_is_not_a_candidate(client: Client, held: Held) -> None:
    held.candidate.delete()
    assert "no configuration agrees with it within 0.001" in text(client, "/spectra/spec-galaxy/")
    held.run.line_redshifts.all().delete()
    assert "Fewer than three of the six lines agree" in text(client, "/spectra/spec-galaxy/")
    assert "it is a template" in text(client, "/spectra/spec-template/")


def test_truth_stands_apart_and_closed(client: Client) -> None:
    truth = f.TruthFactory(spectrum__name="simulated", kind="Seyfert galaxy", z=0.123456)
    page = text(client, f"/spectra/{truth.spectrum.name}/")
    inside = page.split("<summary>What the simulator put in (truth)</summary>")[1].split("</details>")[0]
    assert "Seyfert galaxy" in inside
    assert "0.123456" in inside
    assert "Hα 100" in inside
    assert "<details open" not in page
    assert "0.123456" not in page.replace(inside, "")


def test_regions_counterparts_and_siblings(client: Client, held: Held) -> None:
    source = held.spectrum.source
    for name, best in (("G1", False), ("G2", True)):
        f.RegionMatchFactory(spectrum=held.spectrum, region=f.HIIRegionFactory(name=name), is_best=best)
    old = f.CounterpartLookupFactory(source=source, release="2025", asked_at="2025-01-01T00:00:00Z")
    f.CounterpartFactory(lookup=old, identifier="OLD ANSWER")
    lookup = f.CounterpartLookupFactory(source=source, asked_at="2026-01-01T00:00:00Z")
    f.CounterpartFactory(lookup=lookup, identifier="LEDA 1")
    f.CounterpartLookupFactory(source=source, service="ned", outcome="failed", detail="timed out")
    f.SpectrumFactory(name="spec-again", source=source)
    page = text(client, "/spectra/spec-galaxy/")
    assert page.index("G2") < page.index("G1")
    assert "LEDA 1" in page
    assert "OLD ANSWER" not in page
    assert "failed: timed out" in page
    assert "/spectra/spec-again/" in page


def test_escaping(client: Client) -> None:
    f.SpectrumFactory(name="x<script>y", subclass="<b>s</b>", object_type="<i>")
    page = text(client, "/spectra/x%3Cscript%3Ey/?z=<u>&release=lamost-dr7")
    for tag in ("<script>y", "<b>", "<i>", "<u>"):
        assert tag not in page


@pytest.mark.parametrize("name", ["%00", "a%00b", "%FF", "%F0%9F%8C%8C", "x" * 500])
def test_odd_names_are_not_found(client: Client, name: str) -> None:
    for address in (f"/spectra/{name}/", f"/spectra/{name}/figure.json", f"/spectra/{name}/file"):
        assert client.get(address).status_code == 404, address
    f.SpectrumFactory(name="known", with_file=b"bytes")
    for address in ("/spectra/known/", "/spectra/known/figure.json", "/spectra/known/file"):
        assert client.get(f"{address}?release={name}").status_code == 404, address
    assert client.get(f"/spectra/?name={name}").status_code in (200, 400)
    assert client.get(f"/?run={name}").status_code == 404
