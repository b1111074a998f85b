"""What is drawn: equal to a plain loop over the rows, as points, density, histogram and on the sky."""

from __future__ import annotations

from collections import Counter
from itertools import accumulate

import numpy as np
import pytest
from astropy.coordinates import SkyCoord
from django.test import Client

from catalog.models import Candidate, Run
from catalog.populations.presets import PRESETS
from tests import factories as f

from .conftest import galaxies


def plot(client: Client, query: str = "", status: int = 200) -> dict:
    response = client.get(f"/populations/plot.json?{query}")
    assert response.status_code == status, response.content
    return response.json()


def test_points_are_the_rows_with_both_values(client: Client, run: Run) -> None:
    drawn = plot(client)
    wanted = {one.spectrum.name: one for one in galaxies(run) if one.log_oiii_hb is not None}
    assert drawn["mode"] == "points"
    assert set(drawn["names"]) == set(wanted)
    assert drawn["n"] == len(drawn["x"]) == len(wanted)
    for name, x, y in zip(drawn["names"], drawn["x"], drawn["y"], strict=True):
        assert (x, y) == (pytest.approx(wanted[name].log_nii_ha), pytest.approx(wanted[name].log_oiii_hb))
    ends = list(accumulate(category["n"] for category in drawn["categories"]))
    for category, end in zip(drawn["categories"], ends, strict=True):
        for name in drawn["names"][end - category["n"] : end]:
            assert wanted[name].get_bpt_class_display() == category["label"]
    limits = {drawn["names"][n] for n in drawn["x_limit"]}
    assert limits == {name for name, one in wanted.items() if one.nii_is_limit}
    assert [line["name"][:8] for line in drawn["curves"]["lines"]] == ["Kauffman", "Kewley e", "Schawins"]
    assert drawn["p"][0] == [0.75] * len(wanted)
    looks = [(category["role"], category["symbol"]) for category in drawn["categories"] if category["n"]]
    assert len({symbol for _, symbol in looks}) == len(looks)  # never by colour alone


def test_errors_come_when_they_are_asked_for(client: Client, run: Run) -> None:
    assert "y_err" not in plot(client)
    drawn = plot(client, "errors=yes")
    assert drawn["y_err"] == [0.05] * drawn["n"]


def test_filters_and_the_selection(client: Client, run: Run) -> None:
    query = "bpt_class=Seyfert&bpt_class=LINER&x=z_our&y=mag_g"
    drawn = plot(client, query)
    wanted = [one for one in galaxies(run) if one.bpt_class in ("Seyfert", "LINER")]
    assert drawn["n"] == len(wanted)
    name = dict(zip(drawn["ids"], drawn["names"], strict=True))

    def chosen(more: str) -> set[str]:
        return {name[pk] for pk in client.get(f"/populations/chosen.json?{query}&{more}").json()["chosen"]}

    inside = {one.spectrum.name for one in wanted if one.z_cl >= 0.1 and one.spectrum.mag_g <= 18}
    assert chosen("x_min=0.1&y_max=18") == inside
    assert 0 < len(inside) < len(wanted)
    seen = {one.spectrum.name for one in wanted if one.spectrum.name in inside and one.z_cl <= 0.2}
    assert chosen("x_min=0.1&y_max=18&view=0,0.2,10,30") == seen
    assert len(seen) < len(inside)
    for wrong in ("x_min=a", "x_min=0.1&view=1", "z_cl_min=x"):
        assert client.get(f"/populations/chosen.json?{query}&{wrong}").status_code == 400


def test_above_the_limit_the_database_counts(client: Client, run: Run) -> None:
    drawn = plot(client, "x=z_our&y=mag_g&most=39")
    assert drawn["mode"] == "density"
    assert "names" not in drawn
    z = [one.z_cl for one in galaxies(run)]
    mag = [one.spectrum.mag_g for one in galaxies(run)]
    counts = np.array([[n or 0 for n in row] for row in drawn["counts"]])
    edges = [
        np.linspace(min(values), max(values) + 1e-6 * np.ptp(values), bins + 1)
        for values, bins in zip((mag, z), counts.shape, strict=True)
    ]
    assert drawn["x"][:2] == pytest.approx([min(z), max(z)], rel=1e-5)
    assert counts.sum() == len(z)
    by_class = Counter(one.get_bpt_class_display() for one in galaxies(run))
    assert {one["label"]: one["n"] for one in drawn["categories"] if one["n"]} == by_class
    assert plot(client, "x=z_our&y=mag_g&most=39&colour=none")["categories"] == []
    assert (counts == np.histogram2d(mag, z, bins=edges)[0]).all()
    # A part with fewer is points again, whatever lies outside.
    near = plot(client, "x=z_our&y=mag_g&most=39&view=0.1,0.2,15,18")
    assert near["mode"] == "points"
    assert near["n"] == sum(0.1 <= a <= 0.2 and 15 <= b <= 18 for a, b in zip(z, mag, strict=True))
    assert plot(client, "x=z_our&y=mag_g&most=40")["mode"] == "points"
    assert plot(client, "x=z_our&y=mag_g&most=999999")["mode"] == "points"


def test_rows_that_share_one_value_have_a_density(client: Client, run: Run) -> None:
    run.candidates.update(n_lines=4)
    drawn = plot(client, "of=candidates&x=n_lines&y=n_lines&most=5")
    assert sum(n or 0 for row in drawn["counts"] for n in row) == 60


def test_histograms(client: Client, run: Run) -> None:
    drawn = plot(client, "of=candidates&x=snr_r&colour=kind")
    held = [one.spectrum.snr_r for one in run.candidates.select_related("spectrum")]
    values = [value for value in held if value is not None]
    assert (drawn["mode"], drawn["n"]) == ("histogram", len(values))
    total = np.sum([one["counts"] for one in drawn["series"]], axis=0)
    assert (total == np.histogram(values, bins=drawn["edges"])[0]).all()
    assert [one["label"] for one in drawn["series"]] == ["emission-line galaxy", "nebula"]


@pytest.mark.parametrize(("of", "preset"), [(of, one) for of, all_ in PRESETS.items() for one in all_])
def test_every_preset_draws(client: Client, run: Run, of: str, preset) -> None:
    run.candidates.filter(kind="nebula").update(new_found=True, velocity_lsr_kms=12.5)
    if of == "unclear":
        run.candidates.filter(kind="nebula").update(new_found=None)
    query = "&".join(f"{name}={value}" for name, value in {"of": of, **preset.params}.items())
    drawn = plot(client, query)
    assert drawn["n"] > 0
    page = client.get(f"/populations/?{query}")
    assert page.status_code == 200
    assert [one.slug for one, _, here in page.context["presets"] if here] == [preset.slug]


@pytest.mark.parametrize("sky", ["equatorial", "galactic"])
def test_the_sky(client: Client, run: Run, sky: str) -> None:
    f.HIIRegionFactory(name="G173.588-01.606", glon=173.588, glat=-1.606, radius_arcsec=3600.0)
    spectra = [one.spectrum for one in run.candidates.select_related("spectrum").order_by("pk")]
    at = SkyCoord([one.ra for one in spectra], [one.dec for one in spectra], unit="deg")
    frame = at.galactic if sky == "galactic" else at.icrs
    lon, lat = frame.spherical.lon.deg, frame.spherical.lat.deg
    drawn = plot(client, f"of=candidates&sky={sky}&colour=none")
    assert drawn["names"] == [one.name for one in spectra]
    assert drawn["x"] == pytest.approx(lon, abs=1e-4)
    assert drawn["y"] == pytest.approx(lat, abs=1e-4)

    whole = plot(client, f"of=candidates&sky={sky}&most=5")
    assert whole["mode"] == "sky-density"
    assert sum(whole["counts"]) == whole["n"] == 60
    cells = SkyCoord(whole["x"], whole["y"], unit="deg", frame="galactic" if sky == "galactic" else "icrs")
    _, apart, _ = frame.match_to_catalog_sky(cells)
    assert apart.deg.max() < whole["width"]  # every row lies in a pixel that is drawn

    centre = f"{float(lon[7])},{float(lat[7])}"
    near = plot(client, f"of=candidates&sky={sky}&view={centre},20")
    assert set(near["names"]) == {
        one.name for one, apart in zip(spectra, frame[7].separation(frame).deg, strict=True) if apart <= 20
    }
    ring = client.get(f"/populations/regions.json?sky={sky}").json()
    assert (ring["names"], ring["radius"], ring["code"]) == (["G173.588-01.606"], [1.0], "K")


@pytest.mark.parametrize(
    "query",
    [
        "of=nope", "x=nope", "y=class_our", "colour=z_our", "sky=nope", "x_min=a", "wrong=1", "z_cl_min=a",
        "view=1,2", "view=a,b,c,d", "view=1,2,nan,4", "most=many", "sky=galactic&view=1,95,3", "within=z_our",
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_said(client: Client, run: Run, query: str) -> None:
    assert plot(client, query, 400)["error"]


def test_another_name_for_the_same_value(client: Client, run: Run) -> None:
    assert plot(client, "x=z_CL&y=snr_r")["axes"][0]["name"] == "z_our"


def test_no_run(client: Client, db: None) -> None:
    assert plot(client)["n"] == 0
    assert plot(client, "x=snr_r")["edges"] == []
    assert plot(client, "sky=galactic")["names"] == []
    assert Candidate.objects.count() == 0
