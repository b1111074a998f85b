"""The BPT page and its figure."""

from __future__ import annotations

from html import unescape

import numpy as np
import pytest
from django.test import Client

from catalog.models import Run
from retrieval.diagnose import kauffmann03, kewley01, schawinski07
from tests import factories as f

from .test_home import text

pytestmark = pytest.mark.django_db


@pytest.fixture
def run() -> Run:
    run = f.RunFactory()
    f.CandidateFactory(run=run, spectrum__name="spec-sf", log_nii_ha=-0.5, log_oiii_hb=-0.1)
    f.CandidateFactory(
        run=run, spectrum__name="spec-agn", log_nii_ha=0.1, log_oiii_hb=0.9, bpt_class="Seyfert"
    )
    for reason in ("S/N under 3: Hβ", "S/N under 3: Hβ", "not measured: Hα"):
        f.CandidateFactory(run=run, bpt_class="unclassified", bpt_reason=reason, log_oiii_hb=None)
    f.CandidateFactory(run=run, bpt_class="", measured_at=None, log_nii_ha=None)
    f.CandidateFactory(run=run, nebula=True, log_nii_ha=-0.3, log_oiii_hb=0.1)
    return run


def test_counts_by_class_and_reason(client: Client, run: Run) -> None:
    page = client.get("/bpt/")
    classes, reasons = page.context["told"].tables
    assert dict(classes.rows) == {
        "star-forming": 1, "composite": 0, "LINER": 0, "Seyfert": 1, "unclassified": 3, "not measured yet": 1,
    }  # fmt: skip
    assert reasons.rows == (("S/N under 3: Hβ", 2), ("not measured: Hα", 1))
    assert "2 of 6 galaxies have both ratios" in text(client, "/bpt/")
    assert f'href="/galaxies/?run={run.pk}"' in unescape(page.content.decode())


def test_figure_holds_points_that_lead_to_spectra_and_named_curves(client: Client, run: Run) -> None:
    figure = client.get("/figures/bpt/figure.json").json()
    points = {trace["meta"]["role"]: trace for trace in figure["data"] if trace["mode"] == "markers"}
    assert set(points) == {"star-forming", "Seyfert"}
    assert {trace["type"] for trace in points.values()} == {"scattergl"}
    assert points["Seyfert"]["x"], points["Seyfert"]["y"] == ([0.1], [0.9])
    name, url, *_ = points["Seyfert"]["customdata"][0]
    assert (name, url) == ("spec-agn", f"/spectra/spec-agn/?release=lamost-dr7&run={run.pk}")
    assert client.get(url).status_code == 200
    symbols = [trace["marker"]["symbol"] for trace in points.values()]
    assert len(set(symbols)) == len(symbols)

    curves = {trace["name"]: trace for trace in figure["data"] if trace["mode"] == "lines"}
    for name, formula in (
        ("Kauffmann et al. 2003", kauffmann03),
        ("Kewley et al. 2001", kewley01),
        ("Schawinski et al. 2007", schawinski07),
    ):
        x, y = np.array(curves[name]["x"]), np.array(curves[name]["y"])
        assert y == pytest.approx(formula(x), abs=0.02)
        assert np.isfinite(y).all()
        assert len(x) > 50
    # The line between LINER and Seyfert begins at Kewley's curve.
    start = curves["Schawinski et al. 2007"]["x"][0]
    assert schawinski07(start) == pytest.approx(kewley01(start), abs=0.05)


def test_filters_reach_the_figure(client: Client, run: Run) -> None:
    page = client.get("/bpt/?bpt_class=Seyfert")
    assert page.context["total"] == 1
    figure = client.get(page.context["figure_url"]).json()
    drawn = [trace["meta"]["role"] for trace in figure["data"] if trace["mode"] == "markers"]
    assert drawn == ["Seyfert"]
    assert "bpt_class=Seyfert" in page.context["list_url"]


def test_a_cut_in_probability_and_in_snr(client: Client, run: Run) -> None:
    sure = f.CandidateFactory(
        run=run, spectrum__name="spec-sure", p_star_forming=0.95, p_composite=0.05, snr_min=9.0
    )
    f.CandidateFactory(
        run=run, bpt_class="LINER", p_star_forming=0.9, p_liner=0.1, snr_min=9.0  # of its class: 0.1
    )  # fmt: skip
    page = client.get("/bpt/?probability_min=0.9&snr_min_min=8")
    assert page.context["total"] == 1
    figure = client.get(page.context["figure_url"]).json()
    (points,) = (trace for trace in figure["data"] if trace["mode"] == "markers")
    assert points["customdata"][0][0] == "spec-sure"
    assert points["customdata"][0][-1] == ", probability 0.95"
    data = client.get(page.context["data_url"]).getvalue().decode().splitlines()
    assert data[0].split(",")[-2:] == ["probability", "snr_min"]
    assert [line.split(",")[0] for line in data[1:]] == [sure.spectrum.name]
    assert data[1].split(",")[-2:] == ["0.95", "9.0"]


def test_errors_and_empty_states(client: Client, run: Run) -> None:
    assert "Enter a number" in text(client, "/bpt/?z_cl_min=x", 400)
    assert "There is no filter wrong" in text(client, "/bpt/?wrong=1", 400)
    assert client.get("/figures/bpt/figure.json?z_cl_min=x").status_code == 400
    assert "Nothing matches these filters" in text(client, "/bpt/?z_cl_min=9")
    run.delete()
    empty = text(client, "/bpt/")
    assert "No retrieval run has ended yet" in empty
    assert "plotly" not in empty
