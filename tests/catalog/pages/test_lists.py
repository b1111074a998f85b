"""The lists: filters, sorting, pages, chips, downloads, empty and error states."""

from __future__ import annotations

import gzip
import re
from html import unescape
from pathlib import Path

import pytest
from django.test import Client

from catalog.models import Run
from catalog.paging import PAGE_SIZE
from tests import factories as f

from .conftest import Held, release
from .test_home import text

pytestmark = pytest.mark.django_db


def names(client: Client, url: str) -> list[str]:
    """Names in the first column, in the page's order."""
    page = client.get(url)
    assert page.status_code == 200, page.content[:300]
    return re.findall(
        r'<tr>(?:<td class="spark"[^>]*></td>)?<td class="name"><a href="[^"]*">([^<]*)</a>',
        page.content.decode(),
    )


def link(client: Client, url: str, rel: str) -> str | None:
    found = re.search(rf'href="([^"]*)" rel="{rel}"', client.get(url).content.decode())
    return unescape(found[1]) if found else None


@pytest.fixture
def run() -> Run:
    run = f.RunFactory()
    for name, z, bpt_class, nii in (
        ("spec-a", 0.30, "Seyfert", 0.1),
        ("spec-b", 0.10, "star-forming", -0.4),
        ("spec-c", 0.20, "unclassified", None),
    ):
        f.CandidateFactory(run=run, spectrum__name=name, z_cl=z, bpt_class=bpt_class, log_nii_ha=nii)
    inside = f.HIIRegionFactory(name="G173.588-01.606")
    f.CandidateFactory(run=run, nebula=True, spectrum__name="spec-in", new_found=False, region=inside)
    f.CandidateFactory(run=run, nebula=True, spectrum__name="spec-new", new_found=True)
    f.CandidateFactory(run=run, nebula=True, spectrum__name="spec-unclear", new_found=None)
    f.CandidateFactory(run=f.RunFactory(completed_at=None), spectrum__name="spec-elsewhere")
    return run


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("/galaxies/", ["spec-b", "spec-c", "spec-a"]),
        ("/galaxies/?sort=-z_our", ["spec-a", "spec-c", "spec-b"]),
        ("/galaxies/?sort=file_LAMOST", ["spec-a", "spec-b", "spec-c"]),
        ("/galaxies/?z_cl_min=0.15", ["spec-c", "spec-a"]),
        ("/galaxies/?z_cl_min=0.15&z_cl_max=0.25", ["spec-c"]),
        ("/galaxies/?bpt_class=Seyfert&bpt_class=star-forming", ["spec-b", "spec-a"]),
        ("/galaxies/?log_nii_ha_min=0", ["spec-a"]),
        ("/galaxies/?name=SPEC-C", ["spec-c"]),
        ("/nebulae/", ["spec-in", "spec-new"]),
        ("/nebulae/?status=inside", ["spec-in"]),
        ("/nebulae/?status=new", ["spec-new"]),
        ("/unclear/", ["spec-unclear"]),
        ("/nebulae/?region=173.588", ["spec-in"]),
        ("/candidates/?kind=galaxy&sort=-z_CL", ["spec-a", "spec-c", "spec-b"]),
    ],
)
def test_filters_and_sorts(client: Client, run: Run, url: str, expected: list[str]) -> None:
    assert names(client, url) == expected


def test_a_cone_across_right_ascension_zero(client: Client) -> None:
    f.SpectrumFactory(name="west", ra=359.9999, dec=0.0)
    f.SpectrumFactory(name="zero", ra=0.0, dec=0.0)
    f.SpectrumFactory(name="far", ra=180.0, dec=0.0)
    f.SpectrumFactory(name="nowhere", ra=None, dec=None)
    assert names(client, "/spectra/?position=0+0&radius=2") == ["west", "zero"]
    assert '<td class="number">0.00000</td>' in text(client, "/spectra/?name=zero")
    assert names(client, "/spectra/?position=00:00:00+%2B00:00:00&radius=0.1") == ["zero"]


def test_missing_values_come_last_both_ways(client: Client) -> None:
    for name, snr in (("low", 1.0), ("none", None), ("high", 9.0)):
        f.SpectrumFactory(name=name, snr_r=snr)
    assert names(client, "/spectra/?sort=snr_r") == ["low", "high", "none"]
    assert names(client, "/spectra/?sort=-snr_r") == ["high", "low", "none"]


def test_pages_follow_each_other_and_keep_the_query(client: Client) -> None:
    for n in range(2 * PAGE_SIZE + 3):
        f.SpectrumFactory(name=f"s-{n:03d}", snr_r=5.0)
    f.SpectrumFactory(name="other")
    url, seen = "/spectra/?name=s-&sort=-snr_r", []
    while url:
        seen.append(names(client, url))
        last, url = url, link(client, url, "next")
        url = f"/spectra/{url}" if url else None
    assert [len(page) for page in seen] == [PAGE_SIZE, PAGE_SIZE, 3]
    assert [*seen[0], *seen[1], *seen[2]] == [f"s-{n:03d}" for n in reversed(range(2 * PAGE_SIZE + 3))]
    assert names(client, f"/spectra/{link(client, last, 'prev')}") == seen[1]
    assert "<strong>103</strong> rows match" in text(client, last)


def test_headings_sort_and_say_so(client: Client, run: Run) -> None:
    page = text(client, "/galaxies/?z_cl_min=0.05")
    assert 'class="number" aria-sort="ascending"> <a href="?z_cl_min=0.05&amp;sort=-z_our"' in page
    assert "RA (deg)" in page
    assert page.count("aria-sort") == 1


def test_chips_remove_one_filter_each(client: Client, run: Run) -> None:
    page = client.get(
        "/galaxies/?z_cl_min=0.05&z_cl_max=0.4&bpt_class=Seyfert&sort=-z_our&run=" + str(run.pk)
    )
    chips = {chip.text: chip.query for chip in page.context["chips"]}
    assert set(chips) == {"Redshift (lines) 0.05 to 0.4", "BPT class Seyfert"}
    assert chips["BPT class Seyfert"] == f"?z_cl_min=0.05&z_cl_max=0.4&sort=-z_our&run={run.pk}"
    assert page.context["clear"] == f"?sort=-z_our&run={run.pk}"


def test_downloads_carry_the_query_and_the_run(client: Client, run: Run) -> None:
    page = client.get("/galaxies/?z_cl_min=0.15&name=&sort=-z_our")
    links = dict(page.context["downloads"])
    assert links["CSV"] == f"/galaxies/download.csv?z_cl_min=0.15&sort=-z_our&run={run.pk}"
    rows = b"".join(client.get(links["CSV"]).streaming_content).decode().splitlines()
    assert [row.split(",")[0] for row in rows[1:]] == ["spec-a", "spec-c"]


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("z_min=abc", "Enter a number"),
        ("position=nowhere+at+all", "is neither a position nor a name held here"),
        ("radius=5", "A radius needs a position"),
        ("position=10+10&radius=90+deg", "at most 30 degrees"),
        ("role=king", "Select a valid choice"),
        ("warned=1", "“1” is neither true nor false"),
        ("sort=nothing", "There is no column “nothing” to sort by"),
        ("redshift_min=1", "There is no filter redshift_min"),
        ("columns=ra,nothing", "no column 'nothing'"),
        ("after=forged", "start from the first page"),
    ],
)
def test_what_cannot_be_read_is_said_beside_it(client: Client, query: str, said: str) -> None:
    f.SpectrumFactory(name="hidden")
    page = text(client, f"/spectra/?{query}", 400)
    assert said in unescape(page)
    assert ">hidden<" not in page
    assert " rows match" not in page


def test_nothing_matches_and_nothing_held(client: Client) -> None:
    assert "No spectra are held yet" in text(client, "/spectra/")
    assert "No retrieval run has ended yet" in text(client, "/galaxies/")
    assert "No file was refused" in text(client, "/refusals/")
    f.SpectrumFactory()
    assert "Nothing matches these filters" in text(client, "/spectra/?name=nothing-like-it")
    run = f.RunFactory()
    assert f"Run {run.pk} found none" in text(client, "/nebulae/")
    assert "download" not in text(client, "/nebulae/")


def test_the_run_shown_can_be_pinned(client: Client, run: Run) -> None:
    newer = f.RunFactory()
    f.CandidateFactory(run=newer, spectrum__name="spec-newer")
    assert names(client, "/galaxies/") == ["spec-newer"]
    assert names(client, f"/galaxies/?run={run.pk}") == ["spec-b", "spec-c", "spec-a"]
    assert f"run={run.pk}" in text(client, f"/galaxies/?run={run.pk}&z_cl_min=0.25").split("spec-a")[0]
    assert client.get("/galaxies/?run=0").status_code == 404


def test_text_from_files_is_escaped(client: Client) -> None:
    f.RefusalFactory(file="<script>alert(1)</script>.fits", detail="<b>bold</b>")
    f.SpectrumFactory(name="spec-<i>", subclass='"><script>x</script>')
    f.ReleaseFactory(slug="odd", name="<u>odd</u>")
    for url in ("/refusals/", "/spectra/", "/", "/refusals/?file=%3Cscript%3E", '/spectra/?name="><script>'):
        page = text(client, url)
        for tag in ("<script>", "<b>", "<i>", "<u>"):
            assert tag not in page, (url, tag)


def test_refusals_newest_first_with_reason_and_advice(client: Client) -> None:
    first = f.RefusalFactory(file="a.fits", reason="truncated")
    f.RefusalFactory(file="b.fits", reason="nan-flux", detail="7 of 3909 pixels.", advice="Mask them.")
    page = text(client, "/refusals/")
    assert page.index("b.fits") < page.index("a.fits")
    assert "7 of 3909 pixels." in page
    assert "Mask them." in page
    assert "b.fits" not in text(client, "/refusals/?reason=truncated")
    assert "b.fits" not in text(client, f"/refusals/?batch={first.batch_id}")


def test_a_row_leads_to_exactly_its_spectrum(client: Client, held: Held) -> None:
    twin = f.SpectrumFactory(name="spec-galaxy", release=release("dr9"))
    page = text(client, "/spectra/?name=spec-galaxy")
    assert f'href="/spectra/spec-galaxy/?release={held.spectrum.release.slug}&amp;in=' in page
    assert f'href="/spectra/spec-galaxy/?release={twin.release.slug}&amp;in=' in page
    pinned = text(client, f"/galaxies/?run={held.run.pk}")
    assert f'href="/spectra/spec-galaxy/?release=lamost-dr7&amp;run={held.run.pk}&amp;in=' in pinned


def test_a_list_page_with_everything_weighs_under_150_kilobytes(client: Client) -> None:
    """Gzipped: a full page of rows, its style sheets, its scripts, its counts."""
    run = f.RunFactory()
    for n in range(PAGE_SIZE + 1):
        f.CandidateFactory(run=run, spectrum__name=f"spec-56649-GAC078N31M1_sp12-{n:03d}", z_cl=0.001 * n)
    page = client.get("/candidates/?z_cl_min=0&kind=galaxy&columns=all")
    assert len(page.context["rows"]) == PAGE_SIZE
    html = page.content
    weight = len(gzip.compress(html)) + len(gzip.compress(client.get("/facets/candidates.json").content))
    linked = re.findall(r'(?:href|src)="/static/([^"]*\.(?:css|js|svg))"', html.decode())
    assert {"css/site.css", "css/lists.css", "js/facets.js", "js/sparks.js", "js/filters.js"} <= set(linked)
    weight += sum(len(gzip.compress(Path("static", name).read_bytes())) for name in set(linked))
    assert weight < 150_000, weight
