"""Counts and histograms beside the filters; what comes back without a filter; spark spectra."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from django.conf import settings
from django.test import Client

from catalog.filterkinds import ChoicesFilter, ReleaseFilter, YesNoFilter
from catalog.models import Run, Spectrum
from catalog.sparks import FIRST, LAST, POINTS, reduced, sparks
from catalog.tables import TABLES
from retrieval.flags import CandidateFlag
from retrieval.lines import LINE
from tests import factories as f

from .conftest import Held, Z, observed
from .test_lists import names

pytestmark = pytest.mark.django_db


@pytest.fixture
def run() -> Run:
    run = f.RunFactory(region_version="V2.2")
    for number in range(40):
        candidate = f.CandidateFactory(
            run=run, spectrum__name=f"spec-{number:02d}", z_cl=0.01 * number,
            bpt_class=("Seyfert", "LINER", "composite")[number % 3], flags=number % 4,
            spectrum__release__slug=("dr6", "dr7")[number % 2],
            log_nii_ha=None if number % 5 else -0.1 * number, is_primary=number % 4 > 0,
            near_galaxy=("", "M31", "m31", "M33")[number % 4],
            p_seyfert=0.02 * number, p_liner=1 - 0.02 * number,
        )  # fmt: skip
        for line, flags in (("ha", 2 * (number % 3)), ("hb", 8 * (number % 2)))[: number % 4]:
            f.LineMeasurementFactory(candidate=candidate, line=line, flags=flags)
    return run


def test_each_choice_gives_as_many_rows_as_it_says(client: Client, run: Run) -> None:
    """Under the other filters, whatever is chosen in its own."""
    query = "z_cl_min=0.095&bpt_class=Seyfert"
    said = client.get(f"/facets/galaxies.json?{query}").json()["choices"]
    for value, rows in said["bpt_class"].items():
        page = client.get(f"/galaxies/?z_cl_min=0.095&bpt_class={value}")
        assert page.context["total"] == rows, value
    assert said["bpt_class"]["LINER"] > 0
    for name, values in said.items():
        for value, rows in values.items() if name != "bpt_class" else ():
            assert client.get(f"/galaxies/?{query}&{name}={value}").context["total"] == rows, (name, value)
    for name, value in (
        ("flag", "NEAR_GALAXY"), ("without_flag", "NEAR_GALAXY"), ("line_flag", "LOW_SNR"),
        ("without_line_flag", "LOW_SNR"), ("unique", "true"), ("unique", "false"),
    ):  # fmt: skip
        assert 0 < said[name][value] < said["withdrawn"]["false"], name


def test_every_choice_and_range_of_every_list_is_counted(client: Client, run: Run) -> None:
    for name, table in TABLES.items():
        said = client.get(f"/facets/{name}.json").json()
        kinds = table.filterset.base_filters.items()
        counted = (ChoicesFilter, ReleaseFilter, YesNoFilter)
        assert set(said["choices"]) == {n for n, kind in kinds if isinstance(kind, counted)}, name


@pytest.mark.parametrize(
    ("table", "name"), [("spectra", "cls"), ("spectra", "object_type"), ("refusals", "reason")]
)
def test_the_commonest_values_of_a_text_give_as_many_rows_as_they_say(
    client: Client, table: str, name: str
) -> None:
    for cls, object_type in (("STAR", "Star"), ("STAR", ""), ("GALAXY", "star"), ("", "Sky")):
        f.SpectrumFactory(class_=cls, object_type=object_type)
    for reason in ("truncated", "truncated", "zero-flux"):
        f.RefusalFactory(reason=reason)
    said = client.get(f"/facets/{table}.json").json()["values"][name]
    assert [rows for _, rows in said] == [2, 1]
    for value, rows in said:
        assert client.get(f"/{table}/", {name: value}).context["total"] == rows
    chosen = client.get(f"/facets/{table}.json", {name: said[1][0]}).json()["values"][name]
    assert chosen == said, "counted under the other filters"


def test_the_probability_of_the_class_has_a_histogram(client: Client, run: Run) -> None:
    said = client.get("/facets/galaxies.json?bpt_class=Seyfert").json()["ranges"]["probability"]
    found = [0.02 * n for n in range(0, 40, 3)]
    assert sum(said["counts"]) == len(found)
    query = "bpt_class=Seyfert&probability_min=0.3&probability_max=0.61"
    assert client.get(f"/galaxies/?{query}").context["total"] == sum(0.3 <= p <= 0.61 for p in found)


def test_histograms_count_every_row_that_has_a_value(client: Client, run: Run) -> None:
    said = client.get("/facets/galaxies.json?z_cl_min=0.2&bpt_class=Seyfert").json()["ranges"]
    assert sum(said["z_cl"]["counts"]) == client.get("/galaxies/?bpt_class=Seyfert").context["total"]
    found = [0.01 * n for n in range(40) if n % 3 == 0]
    edges = np.linspace(said["z_cl"]["low"], said["z_cl"]["high"], len(said["z_cl"]["counts"]) + 1)
    edges[0], edges[-1] = -np.inf, np.inf
    assert said["z_cl"]["counts"] == np.histogram(found, edges)[0].tolist()
    seyfert = [n for n in range(20, 40) if n % 3 == 0]
    assert sum(said["log_nii_ha"]["counts"]) == sum(n % 5 == 0 for n in seyfert)


@pytest.mark.parametrize("table", TABLES)
def test_every_list_has_them_also_empty(client: Client, run: Run, table: str) -> None:
    assert client.get(f"/facets/{table}.json").status_code == 200
    run.delete()
    assert client.get(f"/facets/{table}.json").status_code == 200


def test_facets_take_few_queries(client: Client, run: Run, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(7):
        client.get("/facets/galaxies.json?z_cl_min=0.1")
    with django_assert_num_queries(9):
        client.get("/facets/galaxies.json?z_cl_min=0.1&bpt_class=LINER&flag=NEAR_GALAXY")


def test_what_cannot_be_read_has_none(client: Client, run: Run) -> None:
    assert client.get("/facets/galaxies.json?z_cl_min=abc").status_code == 400
    assert client.get("/facets/galaxies.json?no-such=1").status_code == 400
    assert client.get("/facets/no-such.json").status_code == 404


@pytest.mark.parametrize("flag", CandidateFlag)
def test_with_and_without_each_flag(client: Client, flag: CandidateFlag) -> None:
    run = f.RunFactory()
    f.CandidateFactory(run=run, spectrum__name="spec-with", flags=int(flag) | 1)
    f.CandidateFactory(run=run, spectrum__name="spec-without", flags=255 & ~int(flag))
    assert "spec-with" in names(client, f"/candidates/?flag={flag.name}")
    assert "spec-without" not in names(client, f"/candidates/?flag={flag.name}")
    assert names(client, f"/candidates/?without_flag={flag.name}") == ["spec-without"]


def test_held_by_regions_runs_releases_and_lines(client: Client) -> None:
    run = f.RunFactory()
    inside = f.CandidateFactory(run=run, spectrum__name="spec-in", spectrum__release__slug="dr6")
    f.CandidateFactory(run=run, spectrum__name="spec-out")
    f.SpectrumFactory(name="spec-no-candidate")
    f.RegionMatchFactory(spectrum=inside.spectrum, region__name="G1.0+0.0", region__hii_name="Sh2-1")
    f.LineMeasurementFactory(candidate=inside, line="ha", flags=2)
    for page in ("candidates", "spectra", "galaxies"):
        assert names(client, f"/{page}/?inside=sh2-1") == ["spec-in"]
        assert names(client, f"/{page}/?release=dr6") == ["spec-in"]
    assert names(client, "/candidates/?line_flag=SKY_LINE") == ["spec-in"]
    assert names(client, "/candidates/?without_line_flag=SKY_LINE") == ["spec-out"]
    assert names(client, f"/spectra/?candidate_of={run.pk}") == ["spec-in", "spec-out"]
    assert client.get("/spectra/?published_in=7").status_code == 400


def test_a_cone_by_the_name_of_what_is_held(client: Client) -> None:
    """No outside call: names of spectra, regions and counterparts that the portal holds."""
    source = f.SourceFactory(ra=0.0, dec=10.0)
    here = f.SpectrumFactory(name="spec-here", ra=0.0, dec=10.0, source=source, designation="Alpha 1")
    f.SpectrumFactory(name="spec-beside", ra=359.9999, dec=10.0)
    f.SpectrumFactory(name="spec-far", ra=50.0)
    f.HIIRegionFactory(hii_name="Sh2-99", glon=here.glon, glat=here.glat)
    lookup = f.CounterpartLookupFactory(source=source)
    f.CounterpartFactory(lookup=lookup, identifier="NGC 7000")
    for name in ("spec-here", "spec-here.fits.gz", "alpha  1", "sh2-99", "ngc 7000"):
        page = client.get("/spectra/", {"position": name, "radius": "5"})
        assert {row[0][0].text for row in page.context["rows"]} == {"spec-here", "spec-beside"}, name
    assert client.get("/spectra/?position=NGC+1").status_code == 400


def test_an_empty_list_says_what_to_loosen(client: Client, run: Run) -> None:
    page = client.get("/galaxies/?z_cl_min=0.3&bpt_class=Seyfert&name=spec-00")
    assert {chip.text: rows for chip, rows in page.context["loosened"]} == {
        "File name holds spec-00": 4, "Redshift (lines) from 0.3": 1, "BPT class Seyfert": 0,
    }  # fmt: skip
    assert "still none" in page.content.decode()


def test_a_spark_keeps_a_narrow_line_and_says_where_nothing_is_known(held: Held) -> None:
    heights = reduced(observed())
    assert heights.shape == (POINTS,)
    line = int((LINE["ha"].wavelength * (1 + Z) - FIRST) / (LAST - FIRST) * POINTS)
    assert abs(int(np.argmax(heights)) - line) <= 1
    assert (heights > 0).all()
    blind = observed()
    blind.ivar[:] = 0
    assert (reduced(blind) == 0).all()


def test_sparks_of_a_page_in_one_request(client: Client, held: Held, django_assert_num_queries: Any) -> None:
    page = client.get("/galaxies/")
    assert f'data-spark="{held.spectrum.pk}"' in page.content.decode()
    bare = f.SpectrumFactory()
    url = f"/sparks.json?ids={held.spectrum.pk},{bare.pk}"
    with django_assert_num_queries(1):
        answer = client.get(url)
    assert list(answer.json()) == [str(held.spectrum.pk)]
    assert len(answer.json()[str(held.spectrum.pk)]) == POINTS
    assert "max-age=86400" in answer["Cache-Control"]
    assert client.get(url, headers={"If-None-Match": answer["ETag"]}).status_code == 304
    held.spectrum.file.delete(save=False)  # from the store, now that it was made
    assert sparks(spectra=Spectrum.objects.filter(pk=held.spectrum.pk)) == {
        held.spectrum.pk: answer.json()[str(held.spectrum.pk)]
    }
    assert list((settings.DATA_DIR / "sparks").rglob("*.u8"))


@pytest.mark.parametrize("ids", ["", "a", "1,,2", ",".join(map(str, range(51)))])
def test_sparks_refuse_what_is_no_page(client: Client, ids: str) -> None:
    assert client.get(f"/sparks.json?ids={ids}").status_code == 400
