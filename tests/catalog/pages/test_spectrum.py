"""The page of a spectrum and the JSON of its figure."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.test import Client

from catalog.figures.spectrum import Overlay, compared, mask_runs, spectrum_figure
from catalog.pages.spectrum import VIEWER_MODULES
from retrieval.lines import LINE, SPEED_OF_LIGHT
from retrieval.masks import MASK_BIT
from retrieval.measure import measure_lines
from tests import factories as f

from .conftest import Held, Z, observed, release
from .test_home import text

pytestmark = pytest.mark.django_db
JS = Path(__file__).resolve().parents[3] / "static" / "js"


def figure(client: Client, url: str, status: int = 200) -> dict[str, Any]:
    response = client.get(url)
    assert response.status_code == status, response.content[:300]
    return response.json()


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


def test_every_module_of_the_viewer_is_asked_for_at_once(client: Client, held: Held) -> None:
    """A module that is missed here is fetched only after another that imports it."""
    wanted, left = set(), [JS / "spectrum.js"]
    while left:
        module = left.pop()
        for path in re.findall(r'^import .* from "(.+)";$', module.read_text(), re.MULTILINE):
            found = (module.parent / path).resolve()
            if found not in wanted:
                wanted.add(found)
                left.append(found)
    named = {f"js/{path.relative_to(JS).as_posix()}" for path in wanted}
    assert named - {"js/viewer/address.js"} == set(VIEWER_MODULES)
    page = text(client, "/spectra/spec-galaxy/")
    linked = re.findall(r'<link rel="(?:module)?preload"[^>]* href="([^"]+)"', page)
    assert all((JS.parent / one.removeprefix("/static/")).exists() for one in linked if "/static/" in one)
    assert len(linked) == len(VIEWER_MODULES) + 1  # and the figure
    (library,) = re.findall(r'<script defer src="/static/([^"]+)"', page)
    assert (JS.parent / library).exists()


def test_figure_opens_at_the_object_s_redshift(client: Client, held: Held) -> None:
    first = figure(client, "/spectra/spec-galaxy/figure.json")
    assert first["z"] == Z
    lines = {line["key"]: line["wavelength"] for line in first["lines"]}
    assert lines["ha"] == LINE["ha"].wavelength
    assert {"sii_6718", "sii_6733", "nii_6550", "nii_6585"} <= lines.keys()


def test_published_redshift_where_lines_give_none_and_nothing_where_nobody_knows(
    client: Client, held: Held
) -> None:
    assert figure(client, "/spectra/spec-template/figure.json")["z"] == 0.0725
    held.run.line_redshifts.all().delete()
    assert figure(client, "/spectra/spec-galaxy/figure.json")["z"] is None
    assert "No redshift is known" in text(client, "/spectra/spec-galaxy/")


def test_a_typed_redshift_is_never_rounded(client: Client, held: Held) -> None:
    typed = "0.12345678901234"
    assert f'value="{typed}"' in text(client, f"/spectra/spec-galaxy/?z={typed}")
    assert figure(client, f"/spectra/spec-galaxy/figure.json?z={typed}")["z"] == float(typed)


@pytest.mark.parametrize("typed", ["x", "nan", "inf", "-1", "11", "1e999"])
def test_a_wrong_redshift_is_said_and_the_own_one_kept(client: Client, held: Held, typed: str) -> None:
    page = text(client, f"/spectra/spec-galaxy/?z={typed}")
    assert f"“{typed}” is not a redshift" in page
    assert 'aria-invalid="true"' in page
    assert figure(client, f"/spectra/spec-galaxy/figure.json?z={typed}")["z"] == Z


def test_figure_holds_flux_error_template_continuum_masks_and_fit(client: Client, held: Held) -> None:
    shown = figure(client, "/spectra/spec-galaxy/figure.json")
    assert len(shown["wavelength"]) == len(shown["flux"]) == len(shown["error"]) == 3909
    assert shown["flux"] == pytest.approx(observed().flux, rel=1e-4)
    assert shown["wavelength"] == pytest.approx(observed().wavelength, abs=0.002)  # the file holds float32
    assert shown["error"] == [5.0] * 3909  # ivar 0.04
    assert max(shown["continuum"]["flux"]) < 101 < max(shown["flux"])
    (masked,) = shown["masks"]
    assert masked["pixels"] == [1000, 1009]
    assert (masked["first"], masked["last"]) == pytest.approx(observed().wavelength[[1000, 1009]], abs=0.1)
    assert masked["why"] == "bad pixel of the detector"
    assert masked["bad"]
    kinds = [band["kind"] for band in shown["bands"]]
    assert (kinds.count("join"), kinds.count("sky")) == (1, 8)
    # flux 3007.7 at sigma 120 km/s over a continuum of 4.5, as measured
    sigma = 7037.9 * 120.0 / SPEED_OF_LIGHT
    assert max(shown["fit"]["flux"]) == pytest.approx(4.5 + 3007.7 / sigma / np.sqrt(2 * np.pi), rel=1e-2)
    at = shown["fit"]["wavelength"][np.argmax(shown["fit"]["flux"])]
    assert at == pytest.approx(7037.9, abs=0.5)


def test_kin_and_epochs_are_offered_and_the_nearest_comes_along(client: Client, held: Held) -> None:
    f.SpectrumFactory(name="again", source=held.spectrum.source, mjd=57000, with_file=b"unreadable")
    f.SpectrumFactory(name="row only", source=held.spectrum.source)
    nearest, epoch = figure(client, "/spectra/spec-galaxy/figure.json")["overlays"]
    assert (nearest["kind"], nearest["label"], nearest["z"]) == ("template", "spec-template", 0.0725)
    assert (epoch["kind"], epoch["label"]) == ("epoch", "again, LAMOST DR7, MJD 57000")
    # level 50 scaled to level 100: between the lines it comes out at the flux's own height
    assert nearest["flux"][0] == pytest.approx(100.0, rel=0.1)
    assert nearest["flux"][1005] is None  # masked there
    assert figure(client, nearest["url"]) == {"flux": nearest["flux"], "scale": nearest["scale"]}
    assert "flux" not in epoch
    assert "cannot be drawn" in figure(client, epoch["url"], 404)["error"]
    assert client.get(nearest["url"].replace("spec-template", "nobody")).status_code == 404


def test_another_spectrum_is_scaled_by_inverse_variance() -> None:
    here, there = observed(), observed()
    there.flux[:] = here.flux / 4
    here.flux[500:600] = 1e6  # wild, without weight
    here.ivar[500:600] = 0
    assert compared(observed=here, other=there)["scale"] == pytest.approx(4.0)
    there.andmask[:] = 1
    assert compared(observed=here, other=there) == {"flux": [None] * 3909, "scale": None}


def test_a_spectrum_of_bad_pixels_only_is_still_drawn() -> None:
    spectrum = observed()
    spectrum.andmask[:] = 1
    nearest = Overlay("r/t", "t", "template", 0.1, "/t", "/t.json", spectrum)
    drawn = spectrum_figure(observed=spectrum, z=0.1, overlays=[nearest])
    assert np.isfinite(drawn["range"]).all()
    assert set(drawn["overlays"][0]["flux"]) == {None}


def test_an_uploaded_spectrum_is_drawn_from_its_arrays_and_fits() -> None:
    spectrum = observed()
    fits = measure_lines(spectrum.wavelength, spectrum.flux, spectrum.ivar, Z, mask=spectrum.bad)
    drawn = spectrum_figure(observed=spectrum, z=Z, fits=fits)
    assert drawn["overlays"] == []
    assert json.loads(json.dumps(drawn))["name"] == spectrum.name
    peak = LINE["ha"].wavelength * (1 + Z)
    at = np.argmin(np.abs(np.array([w or 0.0 for w in drawn["fit"]["wavelength"]]) - peak))
    assert drawn["fit"]["flux"][at] == pytest.approx(400.0, rel=0.05)
    assert None in drawn["fit"]["flux"]


def test_figure_is_compressed_json(client: Client, held: Held) -> None:
    response = client.get("/spectra/spec-galaxy/figure.json", headers={"accept-encoding": "gzip"})
    assert response["Content-Encoding"] == "gzip"
    assert len(response.content) < 60_000


def test_masks_say_every_bit_in_words() -> None:
    spectrum = observed()
    spectrum.ivar[2000:2010] = 0
    spectrum.andmask[2005:2020] |= MASK_BIT["BRIGHTSKY"].value
    drawn = spectrum_figure(observed=spectrum, z=None)
    assert drawn["error"][2000:2010] == [None] * 10
    assert json.loads(json.dumps(drawn))["masks"][0]["pixels"] == [1000, 1009]
    assert [(run.pixels, run.bad, run.why) for run in mask_runs(spectrum)] == [
        ((1000, 1009), True, "bad pixel of the detector"),
        ((2000, 2004), True, "no inverse variance"),
        ((2005, 2009), True, "sky level too high, no inverse variance"),
        ((2010, 2019), False, "sky level too high"),
    ]


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


def test_each_configuration_names_its_template_and_the_template_s_rank(client: Client, held: Held) -> None:
    other = f.SpectrumFactory(name="spec-other", template=True)
    held.run.codebooks.get(number=2).neighbours.update(template=other)
    page = text(client, "/spectra/spec-galaxy/")
    assert page.count('<td class="number">1 (of 2)</td>') == 2
    assert page.count('<td class="number">2 (of 1)</td>') == 1


def test_provenance_says_all_that_the_run_was_told(client: Client, held: Held) -> None:
    held.run.detection = {"median_width": 300.0, "quantile": 0.9}
    held.run.seed = 4711
    held.run.save()
    told = text(client, "/spectra/spec-galaxy/").split("All that the run was told")[1].split("</details>")[0]
    for said in (held.run.code_version, "4711", "median width", "2:25:1, 2:50:2, 2:75:3", "unit norm"):
        assert said in told, said


def test_links_lead_to_other_services_at_the_position(client: Client, held: Held) -> None:
    held.spectrum.ra, held.spectrum.dec = 0.0, -5.25  # RA 0 is not missing
    held.spectrum.save()
    page = html.unescape(text(client, "/spectra/spec-galaxy/"))
    for address in (
        "https://simbad.cds.unistra.fr/simbad/sim-coo?Coord=0.000000+-5.250000&CooFrame=ICRS&Radius=10",
        "coordinates=0.000000d+-5.250000d",
        "https://skyserver.sdss.org/",
        "https://vizier.cds.unistra.fr/",
        "https://www.legacysurvey.org/viewer?ra=0.000000&dec=-5.250000",
    ):
        assert address in page, address


def test_only_the_sky_s_own_page_may_load_aladin(client: Client, held: Held) -> None:
    page = client.get("/spectra/spec-galaxy/")
    assert "unistra" not in page["Content-Security-Policy"]
    assert page["X-Frame-Options"] == "DENY"
    sky = client.get("/spectra/spec-galaxy/sky/")
    policy = dict(part.strip().split(" ", 1) for part in sky["Content-Security-Policy"].split(";"))
    assert policy["script-src"] == "'self' https://aladin.cds.unistra.fr 'wasm-unsafe-eval'"
    assert policy["frame-ancestors"] == "'self'"
    assert policy["default-src"] == "'self'"
    assert sky["X-Frame-Options"] == "SAMEORIGIN"
    assert f'data-ra="{held.spectrum.ra:.7f}"' in sky.content.decode()
    nowhere = f.SpectrumFactory(name="nowhere", ra=None, dec=None)
    assert client.get(f"/spectra/{nowhere.name}/sky/").status_code == 404
    assert "Show the sky here" not in text(client, "/spectra/nowhere/")


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
