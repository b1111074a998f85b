"""The figures' pages: what is drawn equals a plain count over the rows, over runs, catalogues and filters."""

from __future__ import annotations

import csv
import io
from collections import Counter
from html import unescape
from typing import Any

import numpy as np
import pytest
from django.test import Client

from catalog.figures.registry import FIGURES
from catalog.models import Candidate, Run
from catalog.publishing.services import catalogue_publish
from tests import factories as f
from tests.catalog.pages.test_home import text

pytestmark = pytest.mark.django_db
TYPES = ("Star", "gal", "", "QSO")


@pytest.fixture
def run() -> Run:
    """Thirty candidates with spread values, one without S/N, one beyond every axis; looked up in part."""
    run, rng = f.RunFactory(), np.random.default_rng(7)
    for n in range(30):
        nebula = n % 3 == 0
        snr = [None, 5000.0][n] if n < 2 else float(rng.lognormal(2, 0.7))
        fields: dict[str, Any] = (
            {"velocity_kms": float(rng.uniform(-400, 400))}
            if nebula
            else {"z_cl": float(rng.uniform(0.01, 0.3))}
        )
        made = f.CandidateFactory(
            run=run, nebula=nebula, spectrum__snr_r=snr, spectrum__mag_g=float(rng.uniform(14, 20)),
            spectrum__object_type=TYPES[n % 4], **fields,
        )  # fmt: skip
        if not nebula:
            for service in ("simbad", "sdss", "ned")[: n % 4]:
                lookup = f.CounterpartLookupFactory(source=made.spectrum.source, service=service)
                f.CounterpartFactory(
                    lookup=lookup, z=made.z_cl + 0.002 * (n % 5 - 2), object_type=TYPES[(n + 1) % 4]
                )
    templates = [f.SpectrumFactory(template=True, z=0.02 * n) for n in range(12)]
    f.SpectrumBlockFactory(run=run, ids=[template.pk for template in templates])
    f.SpectrumFactory(template=True, z=0.5)  # of no run
    return run


def rows_of(client: Client, url: str) -> list[dict[str, str]]:
    response = client.get(url)
    assert response.status_code == 200
    return list(csv.DictReader(io.StringIO(response.getvalue().decode())))


def histogram(client: Client, slug: str, label: str, query: str = "") -> list[tuple[float, float, int]]:
    """Bins of the download with their edges; the first and last are open."""
    rows = rows_of(client, f"/figures/{slug}/data.csv{query}")
    low, high = list(rows[0])[:2]
    return [(float(r[low] or "-inf"), float(r[high] or "inf"), int(r[label])) for r in rows]


def plain(bins: list[tuple[float, float, int]], values: list[float]) -> list[int]:
    return [sum(low <= value < high for value in values) for low, high, _ in bins]


@pytest.mark.parametrize(
    ("slug", "field", "kinds"),
    [
        ("snr", "spectrum__snr_r", {"galaxies": "galaxy", "nebulae": "nebula"}),
        ("magnitude", "spectrum__mag_g", {"galaxies": "galaxy", "nebulae": "nebula"}),
        ("velocity", "velocity_kms", {"nebulae": "nebula"}),
        ("redshift", "z_cl", {"galaxies": "galaxy"}),
    ],
)
def test_histograms_count_as_a_plain_loop_does(
    client: Client, run: Run, slug: str, field: str, kinds: dict[str, str]
) -> None:
    figure = client.get(f"/figures/{slug}/figure.json").json()
    tables = client.get(f"/figures/{slug}/").context["told"].tables
    for label, kind in kinds.items():
        held = run.candidates.filter(kind=kind).values_list(field, flat=True)
        values = [value for value in held if value is not None]
        bins = histogram(client, slug, label)
        counts = [n for *_, n in bins]
        assert counts == plain(bins, values)
        assert sum(counts) == len(values)
        column = tables[0].headings.index(label)
        assert [row[column] for row in tables[0].rows] == counts[1:-1]
        (trace,) = (trace for trace in figure["data"] if trace["name"].startswith(label))
        drawn = [n for (n,) in trace["customdata"][:-1]] if slug == "redshift" else trace["y"]
        assert drawn == counts[1:-1]


def test_columns_of_a_histogram_bear_the_name_of_its_value(client: Client, run: Run) -> None:
    assert list(rows_of(client, "/figures/magnitude/data.csv")[0])[:2] == ["mag_g_from", "mag_g_below"]


def test_templates_are_those_of_the_run(client: Client, run: Run) -> None:
    bins = histogram(client, "redshift", "templates")
    assert [n for *_, n in bins] == plain(bins, [0.02 * n for n in range(12)])


def test_the_caption_tells_what_is_not_drawn(client: Client, run: Run) -> None:
    page = text(client, "/figures/snr/")
    assert f"30 candidates of run {run.pk}" in page
    assert "1 lie above the axis" in page
    assert "1 have no value" in page
    assert ", all of them." in page


def test_types(client: Client, run: Run) -> None:
    found = {
        (row["type"], kind): int(row[label])
        for row in rows_of(client, "/figures/objtype/data.csv")
        for label, kind in (("galaxies", "galaxy"), ("nebulae", "nebula"))
        if int(row[label])
    }
    held = run.candidates.values_list("spectrum__object_type", "kind")
    assert found == Counter((name or "not given", kind) for name, kind in held)
    bars = client.get("/figures/objtype/figure.json").json()["data"]
    assert {bar["name"]: sum(bar["x"]) for bar in bars} == {"galaxies": 20, "nebulae": 10}


def test_rare_types_are_one_bar(client: Client) -> None:
    run = f.RunFactory()
    for n in range(20):
        f.CandidateFactory(run=run, spectrum__object_type=f"type {n:02}")
    bars = client.get("/figures/objtype/figure.json").json()["data"][0]
    assert len(bars["x"]) == 12
    assert bars["y"][-1] == "other types"
    assert sum(bars["x"]) == 20
    assert len(rows_of(client, "/figures/objtype/data.csv")) == 20


def test_databases(client: Client, run: Run) -> None:
    galaxies = list(run.candidates.filter(kind="galaxy"))
    theirs = [
        (service.upper(), one.z_cl, part)
        for one in galaxies
        for lookup in one.spectrum.source.lookups.all()
        for service, part in [(lookup.service, lookup.counterparts.get())]
    ]
    assert len(theirs) > 20
    drawn = rows_of(client, "/figures/redshift-compared/data.csv")
    assert Counter((r["service"], float(r["z_our"]), float(r["z_service"])) for r in drawn) == Counter(
        (service, z, part.z) for service, z, part in theirs
    )
    table = client.get("/figures/redshift-compared/").context["told"].tables[0]
    assert sum(n for row in table.rows for n in row[1:]) == len(theirs)
    near = next(row for row in table.rows if row[0] == "-0.0003 to 0.0003")
    assert sum(near[1:]) == sum(abs(z - part.z) < 3e-4 for _, z, part in theirs)
    points = client.get("/figures/redshift-compared/figure.json").json()["data"]
    assert sum(len(trace["x"]) for trace in points if trace["mode"] == "markers") == len(theirs)
    assert client.get(points[0]["customdata"][0][1]).status_code == 200

    types = rows_of(client, "/figures/types-compared/data.csv")
    assert Counter({(r["source"], r["type"]): int(r["galaxies"]) for r in types}) == Counter(
        (service, part.object_type or "not given") for service, _, part in theirs
    )


@pytest.mark.parametrize("slug", FIGURES)
def test_filters_are_carried(client: Client, run: Run, slug: str) -> None:
    url = FIGURES[slug].url
    page = client.get(f"{url}?snr_r_min=6&snr_r_max=60")
    kind = {"kind": FIGURES[slug].kind} if FIGURES[slug].kind else {}
    wanted = run.candidates.filter(spectrum__snr_r__range=(6, 60), **kind).count()
    assert page.context["total"] == wanted
    assert 0 < wanted < run.candidates.filter(**kind).count()
    for address in (page.context["figure_url"], page.context["data_url"]):
        assert "snr_r_min=6" in address
        assert client.get(address).status_code == 200
    assert client.get(page.context["list_url"]).context["total"] == wanted
    label, csv_url = page.context["downloads"][0]
    assert (label, len(rows_of(client, csv_url))) == ("CSV", wanted)
    assert "S/N r 6 to 60" in unescape(page.content.decode())


@pytest.mark.parametrize("slug", FIGURES)
def test_empty_and_wrong(client: Client, run: Run, slug: str) -> None:
    url = FIGURES[slug].url
    assert "Nothing matches these filters" in text(client, f"{url}?z_cl_min=9")
    assert client.get(f"/figures/{slug}/figure.json?z_cl_min=9").status_code == 200
    assert "There is no filter wrong" in text(client, f"{url}?wrong=1", 400)
    assert client.get(f"/figures/{slug}/figure.json?wrong=1").status_code == 400
    assert client.get(f"/figures/{slug}/data.csv?z_cl_min=x").status_code == 400
    assert client.get(f"{url}?run=999").status_code == 404
    assert client.get(f"{url}?catalogue=9").status_code == 404
    assert client.get(f"{url}?catalogue=-1").status_code == 404
    run.delete()
    assert "No retrieval run has ended yet" in text(client, url)
    assert client.get(f"/figures/{slug}/figure.json").status_code == 200
    assert client.get("/figures/none/").status_code == 404


def test_gallery(client: Client, run: Run) -> None:
    page = text(client, "/figures/")
    for figure in FIGURES.values():
        assert f'href="{figure.url}"' in page
    assert "30 candidates" in page
    assert "10 nebula candidates" in page
    run.delete()
    assert "No retrieval run has ended yet" in text(client, "/figures/")


def test_a_catalogue_s_figures_stay_as_they_were(client: Client, run: Run) -> None:
    run.candidates.filter(spectrum__object_type="QSO").update(inspection_state="rejected")
    run.candidates.exclude(inspection_state="rejected").update(inspection_state="kept")
    for made in run.candidates.filter(kind="galaxy").select_related("spectrum__source"):
        f.VoteFactory(candidate=made)
        asked = set(made.spectrum.source.lookups.values_list("service", flat=True))
        for service in {"simbad", "sdss", "ned"} - asked:
            f.CounterpartLookupFactory(source=made.spectrum.source, service=service, outcome="no-match")
    catalogue = catalogue_publish(run=run, title="First", notes="")
    query = f"?catalogue={catalogue.number}"
    before = {slug: client.get(f"/figures/{slug}/figure.json{query}").json() for slug in FIGURES}
    kept = run.candidates.filter(inspection_state="kept")
    for slug, figure in FIGURES.items():
        page = client.get(figure.url + query)
        kind = {"kind": figure.kind} if figure.kind else {}
        assert page.context["total"] == kept.filter(**kind).count()
        assert client.get(f"/figures/{slug}/data.csv{query}").status_code == 200
        assert f"catalogue {catalogue.number}, published" in " ".join(page.content.decode().split())
        part = client.get(f"{figure.url}{query}&snr_r_min=6")
        assert part.context["total"] == kept.filter(spectrum__snr_r__gte=6, **kind).count()
    Candidate.objects.update(inspection_state="rejected", bpt_class="", p_star_forming=None)
    Candidate.objects.filter(kind="galaxy").update(z_cl=0.5, log_nii_ha=None)
    for slug, drawn in before.items():
        assert client.get(f"/figures/{slug}/figure.json{query}").json() == drawn
    assert "leave out the run" in text(client, f"/figures/snr/{query}&run={run.pk + 1}", 400)
