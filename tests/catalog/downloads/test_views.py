"""The addresses of downloads, and the command that writes the same files."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
from pathlib import Path
from typing import Any

import pytest
from astropy.io import fits
from astropy.table import Table as AstropyTable
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pyarrow import parquet

from catalog.downloads.stream import FORMATS
from catalog.models import Run
from catalog.tables import TABLES
from tests import factories as f

from .conftest import ACCENT


def body(response) -> bytes:
    return b"".join(response.streaming_content)


def without_date(content: bytes) -> Any:
    """The bytes but for the moment they were written at; of Parquet, which packs it, what can be read."""
    if content.startswith(b"PAR1"):
        held = parquet.read_table(io.BytesIO(content))
        facts = {name: without_date(value) for name, value in (held.schema.metadata or {}).items()}
        return held.replace_schema_metadata(None).to_pydict(), held.schema.remove_metadata(), facts
    return re.sub(rb"2\d{3}-\d\d-\d\dT[\d:]{8}", b"date", content)


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize("suffix", FORMATS)
def test_page_and_command_give_the_same_bytes(
    client: Client, run: Run, tmp_path: Path, name: str, suffix: str
) -> None:
    query = "z_cl_min=-1&sort=-file_LAMOST" if "z_cl" in TABLES[name].filterset.base_filters else ""
    response = client.get(f"/{name}/download.{suffix}?{query}")
    assert response.status_code == 200
    of_run = f"-run{run.pk}" if TABLES[name].of_run else ""
    assert re.fullmatch(
        rf'attachment; filename="glowworm-{name}{of_run}-\d{{8}}\.{suffix}"', response["Content-Disposition"]
    )
    path = tmp_path / f"out.{'csv' if suffix == 'json' else suffix}"
    call_command(
        "export", name, "--format", path.suffix[1:], "-o", str(path), "--filter", query, stdout=io.StringIO()
    )
    content = (tmp_path / "out.csv.json" if suffix == "json" else path).read_bytes()
    assert without_date(content) == without_date(body(response))
    left_behind = {file.name for file in tmp_path.iterdir()} - {path.name, "out.csv.json"}
    assert not left_behind


def test_content_types(client: Client, run: Run) -> None:
    assert client.get("/galaxies/download.csv")["Content-Type"].startswith("text/csv; charset=utf-8")
    assert client.get("/galaxies/download.fits")["Content-Type"] == "application/fits"
    assert client.get("/galaxies/download.json")["Content-Type"] == "application/json"
    assert client.post("/galaxies/download.csv").status_code == 405
    assert client.get("/galaxies/download.xlsx").status_code == 404
    assert client.get("/stars/download.csv").status_code == 404


def test_a_download_holds_every_page_of_the_list(client: Client, many: Run) -> None:
    rows = list(csv.DictReader(io.StringIO(body(client.get("/galaxies/download.csv?after=x")).decode())))
    assert len({row["file_LAMOST"] for row in rows}) == 4500


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("z_cl_min=abc", "z_cl: "),
        ("z_our=0.1", "no filter z_our; there are bpt_class, "),
        ("unique=1", "unique: “1” is neither true nor false"),
        ("position=nowhere", "position: “nowhere” is neither a position nor a name"),
        ("sort=colour", "sort: no column 'colour'; there are file_LAMOST"),
        ("run=99999", "there is no complete run 99999"),
        ("run=x", "there is no complete run x"),
        (f"run={10**30}", f"there is no complete run {10**30}"),
    ],
)
def test_a_wrong_query_is_named(client: Client, run: Run, tmp_path: Path, query: str, says: str) -> None:
    response = client.get(f"/galaxies/download.csv?{query}")
    assert response.status_code == 400
    assert response["Content-Type"] == "text/plain; charset=utf-8"
    assert says in response.content.decode()
    with pytest.raises(CommandError) as refused:
        call_command("export", "galaxies", "-o", str(tmp_path / "x.csv"), "--filter", query)
    assert says in str(refused.value)
    assert not list(tmp_path.iterdir())


def test_nothing_is_not_a_file(client: Client, run: Run, tmp_path: Path) -> None:
    for suffix in ("csv", "fits", "json"):
        response = client.get(f"/galaxies/download.{suffix}?z_cl_min=5&radius=")
        assert response.status_code == 404
        assert response.content.decode() == (
            f"Nothing to download: no row of galaxies of run {run.pk} matches; the query z_cl_min=5.\n"
        )
    with pytest.raises(CommandError, match=r"no row of galaxies .* matches"):
        call_command("export", "galaxies", "-o", str(tmp_path / "x.csv"), "--filter", "z_cl_min=5")
    assert not list(tmp_path.iterdir())


def test_before_the_first_run(client: Client, db: None) -> None:
    assert "no retrieval run is complete yet" in client.get("/galaxies/download.csv").content.decode()
    assert "it holds no rows yet" in client.get("/spectra/download.csv").content.decode()


def test_an_older_run_can_be_asked_for(client: Client, run: Run) -> None:
    newer = f.CandidateFactory(spectrum__name="spec-newer").run
    assert b"spec-newer" in body(client.get("/galaxies/download.csv"))
    older = body(client.get(f"/galaxies/download.csv?run={run.pk}"))
    assert b"spec-known" in older
    assert b"spec-newer" not in older
    out = io.StringIO()
    assert newer.pk != run.pk
    with pytest.raises(CommandError, match="no complete run 0"):
        call_command("export", "galaxies", "-o", "unused.csv", "--run", "0", stdout=out)


def test_a_filter_reaches_the_rows(client: Client, run: Run) -> None:
    rows = list(csv.DictReader(io.StringIO(body(client.get("/nebulae/download.csv?status=new")).decode())))
    assert {(row["file_LAMOST"], row["WISE_Name"], row["New_found"]) for row in rows} == {
        ("spec-new", "-", "1"),
        ("spec-voted", "-", "1"),
    }
    rows = list(csv.DictReader(io.StringIO(body(client.get("/unclear/download.csv")).decode())))
    assert [row["file_LAMOST"] for row in rows] == ["spec-unclear"]


def test_a_cone_across_ra_0(client: Client, run: Run) -> None:
    content = body(client.get("/candidates/download.csv?position=359.9999+2.0&radius=10")).decode()
    assert [row["ra"] for row in csv.DictReader(io.StringIO(content))] == ["0.0"]


def test_queries_do_not_grow_with_rows(client: Client, many: Run) -> None:
    for suffix, pinned in (("csv", 5), ("fits", 10)):
        with CaptureQueriesContext(
            connection,
        ) as few:
            body(client.get(f"/galaxies/download.{suffix}?z_cl_max=0.05001"))
        with CaptureQueriesContext(connection) as all_rows:
            body(client.get(f"/galaxies/download.{suffix}"))
        assert len(few) == len(all_rows) <= pinned


def test_a_write_that_fails_leaves_nothing(run: Run, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="Cannot write"):
        call_command("export", "galaxies", "-o", str(tmp_path / "missing" / "x.csv"))
    (tmp_path / "taken.csv").mkdir()
    with pytest.raises(CommandError, match="Cannot write"):
        call_command("export", "galaxies", "-o", str(tmp_path / "taken.csv"))
    assert [file.name for file in tmp_path.iterdir()] == ["taken.csv"]


@pytest.mark.django_db(transaction=True)
def test_a_snapshot_ignores_rows_that_arrive_meanwhile(client: Client) -> None:
    """Rows come and go while a file is written; its header tells the truth about its rows."""
    run = f.CandidateFactory(spectrum__name="spec-first").run
    response = client.get("/galaxies/download.fits")
    pieces = iter(response.streaming_content)
    first = next(pieces)
    outside = connection.copy()
    try:
        with outside.cursor() as cursor:
            cursor.execute("DELETE FROM catalog_candidate WHERE run_id = %s", [run.pk])
    finally:
        outside.close()
    table = AstropyTable.read(io.BytesIO(first + b"".join(pieces)), format="fits")
    assert list(table["file_LAMOST"]) == ["spec-first"]
    assert client.get("/galaxies/download.fits").status_code == 404


def test_the_original_file_is_served_untouched(client: Client, db: None, settings, tmp_path: Path) -> None:
    content = b"SIMPLE  =                    T" + bytes(range(256)) * 10
    spectrum = f.SpectrumFactory(with_file=content, name=ACCENT)
    address = f"/spectra/{spectrum.name}/file"
    response = client.get(address)
    assert body(response) == content
    assert response["Content-Type"] == "application/fits"
    assert response["Content-Length"] == str(len(content))
    assert "attachment" in response["Content-Disposition"]
    assert response["ETag"] == f'"{hashlib.sha256(content).hexdigest()}"'
    assert client.get(address, headers={"if-none-match": response["ETag"]}).status_code == 304


def test_of_two_releases_the_newer_unless_asked(client: Client, db: None) -> None:
    f.SpectrumFactory(with_file=b"old", name="spec-twice")
    f.SpectrumFactory(with_file=b"new", name="spec-twice", release__slug="lamost-dr10")
    assert body(client.get("/spectra/spec-twice/file")) == b"new"
    assert body(client.get("/spectra/spec-twice/file?release=lamost-dr7")) == b"old"
    assert client.get("/spectra/spec-twice/file?release=sdss").status_code == 404


def test_a_row_without_a_file_says_so(client: Client, db: None) -> None:
    f.SpectrumFactory(name="spec-row-only")
    assert client.get("/spectra/spec-row-only/file").status_code == 404


def test_the_sidecar_lies_beside_the_csv_only(run: Run, tmp_path: Path) -> None:
    call_command(
        "export", "galaxies", "--format", "fits", "-o", str(tmp_path / "g.fits"), stdout=io.StringIO()
    )
    assert [file.name for file in tmp_path.iterdir()] == ["g.fits"]
    assert fits.getheader(tmp_path / "g.fits")["RUN"] == run.pk
    out = io.StringIO()
    call_command("export", "galaxies", "-o", str(tmp_path / "g.csv"), "--run", str(run.pk), stdout=out)
    assert json.loads((tmp_path / "g.csv.json").read_text())["run"]["number"] == run.pk
    assert "g.csv.json" in out.getvalue()
