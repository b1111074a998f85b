"""The tar of original files: whole, as they came, of exactly the selection."""

from __future__ import annotations

import csv
import hashlib
import io
import tarfile
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import FileSystemStorage
from django.test import Client

from catalog.downloads import archive
from catalog.models import Run, Spectrum
from tests import factories as f


@pytest.fixture
def stored(db: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """Three galaxies, two with a file; a release that has a file of the same name."""
    storage = FileSystemStorage(tmp_path / "spectra")
    monkeypatch.setattr(Spectrum._meta.get_field("file"), "storage", storage)
    run = f.RunFactory()
    f.CandidateFactory(run=run, z_cl=0.1, spectrum__name="spec-a", spectrum__with_file=b"a" * 700)
    twin = f.SpectrumFactory(name="spec-a", release__slug="other", with_file=b"b" * 512, obsid=None)
    f.CandidateFactory(run=run, z_cl=0.2, spectrum=twin)
    f.CandidateFactory(run=run, z_cl=0.3, spectrum__name="spec-é, c")
    return run


def fetched(client: Client, url: str) -> tuple[Any, dict[str, bytes]]:
    response = client.get(url)
    assert response.status_code == 200
    content = b"".join(response.streaming_content)
    assert len(content) == int(response["Content-Length"])
    with tarfile.open(fileobj=io.BytesIO(content)) as tar:
        return response, {one.name: tar.extractfile(one).read() for one in tar}


def test_files_as_they_came(client: Client, stored: Run) -> None:
    response, files = fetched(client, "/galaxies/spectra.tar")
    assert response["Content-Disposition"] == (
        f'attachment; filename="glowworm-galaxies-run{stored.pk}-spectra.tar"'
    )
    manifest = files.pop("MANIFEST.csv").decode()
    assert files == {"lamost-dr7/spec-a.fits": b"a" * 700, "other/spec-a.fits": b"b" * 512}
    rows = list(csv.DictReader(io.StringIO(manifest)))
    assert [row["file_LAMOST"] for row in rows] == ["spec-a", "spec-a", "spec-é, c"]
    for row in rows[:2]:
        assert row["sha256"] == hashlib.sha256(files[row["path"]]).hexdigest()
        assert int(row["bytes"]) == len(files[row["path"]])
    assert (rows[2]["path"], rows[2]["note"]) == ("", "known from a catalogue only")
    assert rows[1]["page"] == "http://testserver/spectra/spec-a/?release=other"
    assert client.get(rows[1]["page"]).status_code == 200
    assert float(rows[0]["ra"]) == Spectrum.objects.get(release__slug="lamost-dr7", name="spec-a").ra


def test_the_filters_of_the_list_hold(client: Client, stored: Run) -> None:
    _, files = fetched(client, "/galaxies/spectra.tar?z_cl_min=0.15&z_cl_max=0.25")
    assert sorted(files) == ["MANIFEST.csv", "other/spec-a.fits"]
    _, files = fetched(client, "/spectra/spectra.tar?release=other")
    assert sorted(files) == ["MANIFEST.csv", "other/spec-a.fits"]


def test_a_list_links_to_its_own_archive(client: Client, stored: Run) -> None:
    page = client.get("/galaxies/?z_cl_max=0.15").content.decode()
    assert f"/galaxies/spectra.tar?z_cl_max=0.15&amp;run={stored.pk}" in page
    assert "at most 10,000" in page
    assert "spectra.tar" not in client.get("/refusals/").content.decode()


@pytest.mark.parametrize(
    ("url", "status", "says"),
    [
        ("/galaxies/spectra.tar?z_cl_min=0.25", 404, "of none of the 1 selected spectra"),
        ("/galaxies/spectra.tar?z_cl_min=5", 404, "no row of galaxies"),
        ("/galaxies/spectra.tar?z_cl_min=x", 400, "z_cl: "),
        ("/refusals/spectra.tar", 404, ""),
        ("/stars/spectra.tar", 404, ""),
    ],
)
def test_refusals(client: Client, stored: Run, url: str, status: int, says: str) -> None:
    response = client.get(url)
    assert response.status_code == status
    assert says in response.content.decode()


def test_too_many(client: Client, stored: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MAX_SPECTRA", 2)
    response = client.get("/galaxies/spectra.tar")
    assert response.status_code == 400
    assert response.content.decode() == (
        "The selection holds 3 spectra, an archive at most 2: filter it further.\n"
    )


def test_a_lost_and_a_shrunken_file(client: Client, stored: Run, tmp_path: Path) -> None:
    first, twin = sorted((tmp_path / "spectra").rglob("*.fits"), key=lambda path: -path.stat().st_size)
    response = client.get("/galaxies/spectra.tar")
    first.write_bytes(b"short")
    with pytest.raises(OSError, match="700 bytes were announced, 5 came"):
        b"".join(response.streaming_content)
    first.unlink()
    _, files = fetched(client, "/galaxies/spectra.tar")
    assert sorted(files) == ["MANIFEST.csv", "other/spec-a.fits"]
    assert b"the file is lost" in files["MANIFEST.csv"]
    assert twin.exists()


def test_long_names(client: Client, stored: Run) -> None:
    name = "spec-" + "x" * 150
    f.CandidateFactory(run=stored, spectrum__name=name, spectrum__with_file=b"long")
    _, files = fetched(client, "/galaxies/spectra.tar?name=xxx")
    assert files[f"lamost-dr7/{name}.fits"] == b"long"
