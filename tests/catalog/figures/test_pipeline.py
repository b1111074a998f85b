"""The flow of the retrieval: each count is that of the rows, and leads to a list of as many."""

from __future__ import annotations

import pytest
from django.test import Client
from django.utils import timezone

from catalog.models import Run
from catalog.pipeline import Number, flow
from tests import factories as f
from tests.catalog.pages.test_home import text

pytestmark = pytest.mark.django_db


@pytest.fixture
def run() -> Run:
    """Seven galaxies (known, new, undecided, two of one source, rejected, withdrawn) and five nebulae."""
    run = f.RunFactory(n_queries=40, n_templates=9, n_unusable=3)
    first = f.CodebookFactory(run=run, number=0, centers=4)
    second = f.CodebookFactory(run=run, number=1, segments=50, centers=8)

    def galaxy(outcomes: str, **fields: object) -> None:
        made = f.CandidateFactory(run=run, **fields)
        for service, outcome in zip(("simbad", "sdss", "ned"), outcomes, strict=False):
            kind = {"m": "matched", "n": "no-match", "f": "failed"}[outcome]
            f.CounterpartLookupFactory(source=made.spectrum.source, service=service, outcome=kind)
        for book in (first, second)[: made.n_lines - 3]:
            f.NeighbourFactory(codebook=book, spectrum=made.spectrum)

    galaxy("mnn", bpt_class="Seyfert", n_lines=5)
    galaxy("nnn", n_lines=4)
    galaxy("nfn", bpt_class="unclassified", n_lines=3)
    source = f.SourceFactory()
    galaxy("nnm", spectrum__source=source, is_primary=False)
    f.CandidateFactory(run=run, spectrum__source=source)
    galaxy("nnn", inspection_state="rejected")
    f.CandidateFactory(run=run, withdrawn_at=timezone.now(), withdrawn_reason="a ghost")
    known, group = f.HIIRegionFactory(), f.HIIRegionFactory(catalog="G")
    f.CandidateFactory(run=run, nebula=True, new_found=False, region=known)
    f.CandidateFactory(run=run, nebula=True, new_found=False, region=group, nebula_state="PN-like")
    f.CandidateFactory(run=run, nebula=True)
    f.CandidateFactory(run=run, nebula=True, new_found=None, nebula_state="undetermined")
    f.CandidateFactory(run=run, nebula=True, inspection_state="rejected")
    f.CandidateFactory(run=f.RunFactory(completed_at=None))
    f.LineRedshiftFactory(run=run)
    return run


def numbers(run: Run) -> dict[str, Number]:
    shown = flow(run=run)
    steps = (*shown.common, *shown.union, *shown.nebulae, *shown.galaxies)
    found = [number for step in steps for number in step.counts]
    assert len({number.label for number in found}) == len(found) - 1  # "their unique sources" twice
    return {number.label: number for number in found}


def test_counts_after_inspection(run: Run) -> None:
    run.candidates.exclude(inspection_state="rejected").update(inspection_state="kept")
    ours = {label: number.ours for label, number in numbers(run).items()}
    assert ours == {
        "spectra held": run.candidates.count() + 5 + 2,  # templates; a line redshift's, another run's
        "queries that could be prepared": 40, "templates, galaxies of published redshift": 9,
        "selected, but unusable": 3, "queries with a z_CL": 1, "candidates": 11, "their unique sources": 4,
        "kept by inspection": 9, "nebula candidates": 4, "spectra inside a region": 2,
        "regions that hold them": 2, "of these, newly certified": 1, "and confirmed by the diagnostic": 0,
        "H II-like spectra": 2, "of these, newly found outside all regions": 1, "rows of Table 2": 3,
        "spectra that stay unclear": 1, "emission-line galaxies": 5, "star-forming": 3, "composite": 0,
        "LINER": 0, "Seyfert": 1, "unclassified": 1, "known spectra": 3, "not decided yet": 1,
        "new spectra": 1, "new galaxies: their positions": 1,
    }  # fmt: skip
    assert [(one.confirms, one.adds) for one in flow(run=run).configurations] == [(4, 4), (1, 0)]


@pytest.mark.parametrize("inspected", [True, False])
def test_each_link_leads_to_as_many_rows(client: Client, run: Run, inspected: bool) -> None:
    if inspected:
        run.candidates.exclude(inspection_state="rejected").update(inspection_state="kept")
    else:
        run.candidates.update(inspection_state="waiting")
    linked = [number for number in numbers(run).values() if number.url]
    assert len(linked) >= 16
    for number in linked:
        assert client.get(number.url).context["total"] == number.ours, number
    page = client.get("/pipeline/").content.decode()
    for number in linked:
        assert f'href="{number.url.replace("&", "&amp;")}"' in page


def test_before_anybody_inspected(client: Client, run: Run) -> None:
    run.candidates.update(inspection_state="waiting")
    found = numbers(run)
    assert (found["kept by inspection"].ours, found["kept by inspection"].theirs) == (None, "10,266")
    assert "Nobody has decided" in found["kept by inspection"].note
    assert found["nebula candidates"].ours == 5
    assert "Nobody has decided on a candidate of this run yet" in text(client, "/pipeline/")


def test_what_the_paper_has_stands_beside(client: Client, run: Run) -> None:
    page = text(client, "/pipeline/")
    for theirs in ("492,938", "123,693", "16,188", "4,438", "985", "1,624 or 3,503", "2,656", "108"):
        assert f"the paper: {theirs}<" in page


def test_without_a_run(client: Client) -> None:
    assert "No retrieval run has ended yet" in text(client, "/pipeline/")
    assert client.get("/pipeline/?run=5").status_code == 404
