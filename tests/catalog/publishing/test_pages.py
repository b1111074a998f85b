"""The pages and files of published catalogues, and the operator's page that publishes."""

from __future__ import annotations

import csv
import hashlib
import io
import subprocess
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from catalog.models import Candidate, Catalogue, Run, Vote
from catalog.publishing.services import catalogue_publish
from catalog.tables import current_run
from tests import factories as f

from .conftest import STATE, candidate


def text(client: Client, url: str) -> str:
    response = client.get(url)
    assert response.status_code == 200
    return response.content.decode()


def test_before_the_first(client: Client, db: None) -> None:
    assert "No catalogue is published yet" in text(client, "/catalogues/")
    assert client.get("/catalogues/1/").status_code == 404
    assert client.get("/catalogues/1/SHA256SUMS").status_code == 404
    assert client.get("/catalogues/1/compare/2/").status_code == 404


def test_pages(client: Client, run: Run) -> None:
    one = catalogue_publish(run=run, title="First <light>", notes="Mind\n\nthe gap.")
    Candidate.objects.filter(spectrum__name="spec-new").update(inspection_state=STATE.REJECTED)
    catalogue_publish(run=run)
    assert "1: First &lt;light&gt;" in text(client, "/catalogues/")
    page = text(client, "/catalogues/1/")
    for shown in (
        "Mind",
        "the gap.",
        one.sha256,
        "First &lt;light&gt;",
        "@misc{glowworm-catalogue-1",
        "V2.2",
    ):
        assert shown in page
    assert "/catalogues/1/compare/2/" in page
    assert "simulated" not in page.partition("<main")[2]
    compared = text(client, "/catalogues/1/compare/2/")
    assert "vote: rejected in catalogue 2" in compared
    response = client.get("/catalogues/1/compare/2/differences.csv")
    rows = list(csv.DictReader(io.StringIO(response.content.decode())))
    assert [(row["what"], row["file_LAMOST"], row["why"]) for row in rows] == [
        ("lost", "spec-new", "vote: rejected in catalogue 2")
    ]


def test_what_is_simulated_or_not_inspected_says_so(client: Client, run: Run) -> None:
    type(Candidate.objects.first().spectrum.release).objects.update(simulated=True)
    Vote.objects.update(replaced_at=timezone.now())
    Candidate.objects.filter(inspection_state=STATE.REJECTED).update(withdrawn_at=timezone.now())
    catalogue_publish(run=run, uninspected=True)
    for url in ("/catalogues/", "/catalogues/1/"):
        content = text(client, url).partition("<main")[2]
        assert "simulated" in content
        assert "not inspected" in content


def test_files(client: Client, run: Run, tmp_path: Path) -> None:
    catalogue_publish(run=run)
    page = text(client, "/catalogues/1/")
    sums = text(client, "/catalogues/1/SHA256SUMS")
    for line in sums.splitlines():
        digest, name = line.split("  ")
        assert f'href="/catalogues/1/{name}"' in page
        response = client.get(f"/catalogues/1/{name}")
        content = b"".join(response.streaming_content)
        assert hashlib.sha256(content).hexdigest() == digest
        assert response["Content-Disposition"] == f'attachment; filename="{name}"'
        assert int(response["Content-Length"]) == len(content)
        assert (
            client.get(f"/catalogues/1/{name}", headers={"if-none-match": response["ETag"]}).status_code
            == 304
        )
        (tmp_path / name).write_bytes(content)
    (tmp_path / "SHA256SUMS").write_text(sums)
    subprocess.run(["sha256sum", "--check", "--strict", "SHA256SUMS"], cwd=tmp_path, check=True)
    assert client.get("/catalogues/1/glowworm-1-galaxies.xlsx").status_code == 404
    assert client.get("/catalogues/2/glowworm-1-galaxies.csv").status_code == 404


def test_spectra_of_a_catalogue(client: Client, run: Run) -> None:
    catalogue_publish(run=run)
    response = client.get("/catalogues/1/galaxies/spectra.tar")
    assert response.status_code == 404
    assert "of none of the 3 selected spectra" in response.content.decode()
    assert client.get("/catalogues/1/stars/spectra.tar").status_code == 404


def test_the_newest_catalogue_gives_the_pages_their_run(client: Client, run: Run) -> None:
    newer = candidate(f.RunFactory(), "spec-of-newer-run").run
    assert current_run() == newer
    assert "Newest run:" in text(client, "/galaxies/")
    catalogue_publish(run=run)
    assert current_run() == run
    page = text(client, "/galaxies/")
    assert "spec-of-newer-run" not in page
    assert '<a href="/catalogues/1/">catalogue 1</a>' in page
    assert "spec-of-newer-run" in text(client, f"/galaxies/?run={newer.pk}")
    catalogue_publish(run=newer)
    assert current_run() == newer


@pytest.mark.parametrize(
    ("url", "queries"),
    [
        ("/catalogues/", 2),
        ("/catalogues/1/", 4),
        ("/catalogues/1/compare/2/", 9),
        ("/catalogues/1/SHA256SUMS", 2),
    ],
)
def test_queries(client: Client, run: Run, django_assert_num_queries: Any, url: str, queries: int) -> None:
    """Pinned, whatever a catalogue holds."""
    catalogue_publish(run=run)
    Candidate.objects.update(inspection_state=STATE.KEPT, z_cl=0.3)
    for number in range(20):
        candidate(run, f"spec-more-{number}", nebula=number % 2 == 0)
    catalogue_publish(run=run)
    with django_assert_num_queries(queries):
        client.get(url)


class TestOperator:
    URL = "/admin/catalog/run/{}/publish/"

    @pytest.fixture
    def operator(self, db: None) -> Client:
        client = Client()
        client.force_login(f.UserFactory(username="op", is_staff=True, is_superuser=True))
        return client

    def test_publishes(self, operator: Client, run: Run) -> None:
        action = {"action": "publish", "_selected_action": [run.pk]}
        response = operator.post("/admin/catalog/run/", action)
        assert response.url == self.URL.format(run.pk)
        assert "cannot be published" not in text(operator, response.url)
        response = operator.post(response.url, {"title": "By hand", "notes": "n"})
        assert response.url == "/catalogues/1/"
        catalogue = Catalogue.objects.get()
        assert (catalogue.title, catalogue.published_by) == ("By hand", "op")

    def test_is_told_what_stands_in_the_way(self, operator: Client, run: Run) -> None:
        f.CandidateFactory(run=run)
        url = self.URL.format(run.pk)
        assert "1 candidates wait for votes" in text(operator, url)
        response = operator.post(url, {"title": ""})
        assert response.status_code == 200
        assert "1 candidates wait for votes" in response.content.decode()
        assert not Catalogue.objects.exists()

    def test_one_run_at_a_time(self, operator: Client, run: Run) -> None:
        other = f.RunFactory()
        action = {"action": "publish", "_selected_action": [run.pk, other.pk]}
        page = operator.post("/admin/catalog/run/", action, follow=True).content.decode()
        assert "A catalogue holds one run: choose one." in page

    def test_nobody_else(self, client: Client, run: Run) -> None:
        assert client.get(self.URL.format(run.pk)).status_code == 302
        client.force_login(f.UserFactory(is_staff=True))
        assert client.get(self.URL.format(run.pk)).status_code == 403
        assert client.post(self.URL.format(run.pk), {"title": "x"}).status_code == 403
        assert not Catalogue.objects.exists()

    def test_catalogues_are_only_read(self, operator: Client, run: Run) -> None:
        catalogue_publish(run=run)
        assert text(operator, "/admin/catalog/catalogue/")
        assert text(operator, "/admin/catalog/catalogue/1/change/")
        assert operator.post("/admin/catalog/catalogue/1/delete/", {"post": "yes"}).status_code == 403
        response: Any = operator.post("/admin/catalog/run/1/delete/", {"post": "yes"})
        assert response.status_code in (302, 403, 200)
        assert Catalogue.objects.exists()


def test_a_published_spectrum_is_not_deleted(client: Client, run: Run) -> None:
    catalogue_publish(run=run)
    spectrum = Candidate.objects.get(spectrum__name="spec-rejected").spectrum
    client.force_login(f.UserFactory(is_staff=True, is_superuser=True))
    address = f"/admin/catalog/spectrum/{spectrum.pk}/delete/"
    assert "Some of them stand in catalogue 1, which never changes" in text(client, address)
    client.post(address, {"post": "yes"})
    spectrum.refresh_from_db()
