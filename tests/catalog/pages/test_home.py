"""The first page, and what every page carries."""

from __future__ import annotations

import pytest
from django.test import Client

from tests import factories as f

from .conftest import Held

pytestmark = pytest.mark.django_db


def text(client: Client, url: str, status: int = 200) -> str:
    response = client.get(url)
    assert response.status_code == status, response.content[:500]
    return " ".join(response.content.decode().split())


def test_empty_portal_says_what_to_do(client: Client) -> None:
    page = text(client, "/")
    assert "No retrieval run has ended yet" in page
    assert "import_spectra" in page
    assert "Simulated." not in page


def test_counts_are_the_run_s(client: Client, held: Held) -> None:
    run = held.run
    f.CandidateFactory(run=run, spectrum=f.SpectrumFactory(source=held.spectrum.source), is_primary=False)
    region = f.HIIRegionFactory()
    for _ in range(3):
        f.CandidateFactory(run=run, nebula=True, new_found=False, region=region)
    f.CandidateFactory(run=run, nebula=True, new_found=True)
    f.CandidateFactory(run=run, nebula=True, new_found=None)
    f.CandidateFactory(run=f.RunFactory(completed_at=None))
    page = client.get("/").context["numbers"]
    assert (page.queries, page.templates, page.with_line_redshift) == (7, 5, 3)
    assert (page.candidates, page.galaxies, page.galaxy_sources) == (7, 2, 1)
    assert (page.nebulae, page.inside_regions, page.regions, page.newly_found) == (5, 3, 1, 1)


def test_new_is_unknown_until_all_three_services_answered(client: Client, held: Held) -> None:
    source = held.spectrum.source
    for service in ("simbad", "sdss"):
        f.CounterpartLookupFactory(source=source, service=service, outcome="no-match")
    f.CounterpartLookupFactory(source=source, service="ned", outcome="failed")
    assert client.get("/").context["numbers"].new_galaxies is None
    assert "not looked up yet" in text(client, "/")
    f.CounterpartLookupFactory(source=source, service="ned", outcome="no-match", release="2026-02")
    assert client.get("/").context["numbers"].new_galaxies == 1


def test_asked_run_is_shown_and_a_wrong_one_is_not_found(client: Client, held: Held) -> None:
    older = f.RunFactory(completed_at="2020-01-01T00:00:00Z", n_queries=99)
    assert client.get("/").context["run"] == held.run
    assert client.get(f"/?run={older.pk}").context["run"] == older
    for wrong in ("999999", "x", "9" * 40, f.RunFactory(completed_at=None).pk):
        assert "There is no complete run" in text(client, f"/?run={wrong}", 404)


@pytest.mark.parametrize(
    "url",
    ["/", "/galaxies/", "/nebulae/", "/candidates/", "/spectra/", "/bpt/", "/refusals/", "/runs/", "/x"],
)
def test_every_page_says_simulated(client: Client, url: str) -> None:
    f.ReleaseFactory(slug="sim", simulated=True)
    page = client.get(url).content.decode()
    assert "no telescope took them" in page
    assert page.count("<h1") == 1


def test_observed_spectra_are_told_from_simulated_ones(client: Client) -> None:
    f.ReleaseFactory(slug="sim", simulated=True)
    f.ReleaseFactory(slug="sky", simulated=False)
    assert "Besides observed spectra this portal holds simulated ones" in client.get("/").content.decode()


def test_navigation_marks_where_one_is(client: Client) -> None:
    page = text(client, "/regions/")
    assert '<a href="/regions/" aria-current="page">Regions</a>' in page
    assert page.count('aria-current="page"') == 1


def test_log_in_or_admin(client: Client) -> None:
    assert "/accounts/login/?next=%2Fspectra%2F%3Fz_min%3D1" in text(client, "/spectra/?z_min=1")
    client.force_login(f.UserFactory())
    page = text(client, "/")
    assert "Log out" in page
    assert '<a href="/admin/">Admin</a>' not in page
    client.force_login(f.UserFactory(is_staff=True))
    assert '<a href="/admin/">Admin</a>' in text(client, "/")


def test_robots_and_lost_addresses(client: Client) -> None:
    assert "Disallow: /admin/" in text(client, "/robots.txt")
    assert "Nothing stands at this address" in text(client, "/no/such/page", 404)
    assert client.post("/galaxies/").status_code == 405


def test_a_broken_server_still_has_a_page(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def break_down(**_: object) -> None:
        raise RuntimeError("broken")

    f.RunFactory()
    monkeypatch.setattr("catalog.selectors.run_numbers", break_down)
    client.raise_request_exception = False
    page = text(client, "/", 500)
    assert "Something broke here" in page
    assert "RuntimeError" not in page
