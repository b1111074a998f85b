"""Publishing: what goes in, what stands in the way, and that nothing ever changes."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from pathlib import Path
from typing import Any

import pytest
from astropy.io import fits
from astropy.table import Table
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.db.models.deletion import ProtectedError
from django.utils import timezone

from catalog.columns import published
from catalog.counterparts.storing import answers_store
from catalog.models import (
    Candidate,
    Catalogue,
    CounterpartLookup,
    PublishedCandidate,
    PublishedFile,
    PublishedGalaxy,
    PublishedNebula,
    Run,
    Snapshot,
    Vote,
)
from catalog.publishing import services
from catalog.publishing.selectors import publishing_obstacles
from catalog.publishing.services import catalogue_publish
from catalog.publishing.tables import FROZEN
from tests import factories as f

from .conftest import STATE, candidate, look_up

FIELDS = {"str": "CharField", "int": "BigIntegerField", "float": "FloatField", "bool": "BooleanField"}


def names(model: type[Any], **conditions: Any) -> list[str]:
    return sorted(model.objects.filter(**conditions).values_list("file_lamost", flat=True))


@pytest.mark.parametrize("table", FROZEN, ids=lambda table: table.table.name)
def test_every_column_has_its_field(table: Any) -> None:
    """A new column of a living table needs a field here: a catalogue keeps all that its pages show."""
    for column in table.sources:
        field = table.model._meta.get_field(published.frozen_field(column.name))
        assert field.get_internal_type() == FIELDS[column.kind], column.name


def test_what_goes_in(run: Run) -> None:
    user = f.UserFactory(username="operator")
    catalogue = catalogue_publish(run=run, title=" First ", notes="Mind the gap.", user=user)

    assert (catalogue.number, catalogue.title, catalogue.published_by) == (1, "First", "operator")
    assert names(PublishedGalaxy) == ['spec-"nowhere", é', "spec-known", "spec-new"]
    assert names(PublishedNebula) == ["spec-inside", "spec-outside"]
    assert len(names(PublishedCandidate)) == 9
    counts = {
        name: getattr(catalogue, f"n_{name}")
        for name in ("galaxies", "new_galaxies", "nebulae", "new_nebulae", "candidates", "unclear")
    }
    assert counts == {
        "galaxies": 3, "new_galaxies": 1, "nebulae": 2, "new_nebulae": 1, "candidates": 9, "unclear": 1,
    }  # fmt: skip

    new, known = (PublishedGalaxy.objects.get(file_lamost=f"spec-{name}") for name in ("new", "known"))
    assert (new.newg, known.newg) == (True, False)
    assert (known.sdss_id, known.simbad_id, known.z_our) == ("1237648720693755918", "", 0.2)
    assert new.ra == Candidate.objects.get(spectrum__name="spec-new").spectrum.ra
    nowhere = PublishedGalaxy.objects.get(file_lamost__contains="nowhere")
    assert (nowhere.newg, nowhere.ra) == (None, None)
    inside = PublishedNebula.objects.get(file_lamost="spec-inside")
    assert (inside.wise_name[:15], inside.catalog, inside.new_found) == ("G173.588-01.606", "K", False)
    row = PublishedCandidate.objects.get(file_lamost="spec-rejected")
    assert (row.inspection, row.votes, row.seed, row.log_nii_h) == ("rejected", 1, 2**62 + 1, -0.4)
    assert (
        PublishedCandidate.objects.get(file_lamost="spec-withdrawn").withdrawn == "A ghost of a bright star."
    )


def test_what_it_rests_on(run: Run, snapshot: Snapshot) -> None:
    CounterpartLookup.objects.filter(service="ned").update(snapshot=snapshot)
    catalogue = catalogue_publish(run=run)
    told = catalogue.provenance
    assert told["run"]["number"] == run.pk
    block = run.codebooks.get().blocks.get()
    assert told["codebooks"][0]["sha256"] == hashlib.sha256(block.data).hexdigest()
    assert told["regions"] == "V2.2"
    assert [(one["service"], one["release"], one["sha256"]) for one in told["snapshots"]] == [
        ("ned", "2026-01", "ab" * 32)
    ]
    outcomes = {(one["service"], one["outcome"]): one["sources"] for one in told["lookups"]}
    assert outcomes[("sdss", "matched")] == 1
    assert outcomes[("sdss", "no-match")] == 3
    assert told["inspection"]["votes"] == 9
    assert told["inspection"]["votes_needed"] == 2
    assert told["candidates"] == {"waiting": 0, "conflict": 0, "kept": 6, "rejected": 2, "withdrawn": 1}
    assert str(run.pk) in catalogue.citation
    assert catalogue.sha256 in catalogue.citation


def test_files(run: Run, media: Path) -> None:
    catalogue = catalogue_publish(run=run)
    files = {file.name: file for file in catalogue.files.all()}
    assert len(files) == 4 * 6
    for file in files.values():
        content = (media / file.file.name).read_bytes()
        assert (file.size, file.sha256) == (len(content), hashlib.sha256(content).hexdigest())
    tables = [(media / files[f"glowworm-1-{name}.csv"].file.name).read_bytes() for name in
              ("galaxies", "nebulae", "candidates")]  # fmt: skip
    assert hashlib.sha256(b"".join(tables)).hexdigest() == catalogue.sha256
    rows = list(csv.DictReader(io.StringIO(tables[0].decode())))
    assert [row["file_LAMOST"] for row in rows] == ['spec-"nowhere", é', "spec-known", "spec-new"]
    assert [row["newG"] for row in rows] == ["", "0", "1"]
    header = fits.getheader(media / files["glowworm-1-unclear.fits"].file.name, 1)
    assert (header["CATALOG"], header["CATSUM"], header["INSPECT"]) == (1, catalogue.sha256, True)
    assert json.loads(header["CATPROV"])["run"]["number"] == run.pk
    told = json.loads((media / files["glowworm-1-galaxies.json"].file.name).read_bytes())
    assert told["catalogue"]["provenance"] == catalogue.provenance
    table = Table.read(media / files["glowworm-1-galaxies.parquet"].file.name)
    assert table.meta["catalogue"]["sha256"] == catalogue.sha256


def test_a_catalogue_outlives_its_run_s_changes(run: Run) -> None:
    """What is published does not follow what people do later."""
    catalogue = catalogue_publish(run=run)
    Candidate.objects.update(inspection_state=STATE.REJECTED, z_cl=9.0)
    assert names(PublishedGalaxy, catalogue=catalogue) == ['spec-"nowhere", é', "spec-known", "spec-new"]
    with pytest.raises(ProtectedError):
        run.delete()
    with pytest.raises(ProtectedError):
        Candidate.objects.get(spectrum__name="spec-new").spectrum.delete()


@pytest.mark.parametrize("table", ["catalogue", "publishedgalaxy", "publishednebula", "publishedcandidate",
                                   "publishedfile"])  # fmt: skip
def test_the_database_refuses_changes(run: Run, table: str) -> None:
    catalogue_publish(run=run)
    column = {"catalogue": "title", "publishedfile": "name"}.get(table, "file_lamost")
    for command in (f"UPDATE catalog_{table} SET {column} = 'x'", f"DELETE FROM catalog_{table}"):
        with (
            pytest.raises(DatabaseError, match="a published catalogue never changes"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(command)


@pytest.mark.parametrize("table", ["catalog_catalogue", "catalog_publishedgalaxy", "catalog_spectrum"])
def test_the_database_refuses_truncation(run: Run, table: str) -> None:
    catalogue_publish(run=run)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET LOCAL glowworm.may_truncate = 'off'")
    with (
        pytest.raises(DatabaseError, match="a published catalogue never changes: TRUNCATE"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(f"TRUNCATE {table} CASCADE")


def test_nothing_is_added_later(run: Run) -> None:
    catalogue = catalogue_publish(run=run)
    row = PublishedGalaxy.objects.first()
    row.pk, row.spectrum = None, f.SpectrumFactory()
    with pytest.raises(DatabaseError, match="catalogue 1 is published"), transaction.atomic():
        row.save(force_insert=True)
    with pytest.raises(DatabaseError, match="catalogue 1 is published"), transaction.atomic():
        PublishedFile.objects.create(catalogue=catalogue, name="more.csv", size=1)


def refusal(run: Run, **options: Any) -> str:
    """The reasons; nothing may have been written."""
    with pytest.raises(ValidationError) as refused, transaction.atomic():
        catalogue_publish(run=run, **options)
    assert not Catalogue.objects.exists()
    assert not PublishedCandidate.objects.exists()
    return "\n".join(refused.value.messages)


def test_a_run_that_has_not_ended(run: Run) -> None:
    Run.objects.update(completed_at=None)
    run.refresh_from_db()
    assert "has not ended" in refusal(run)


def test_open_inspection(run: Run) -> None:
    candidate(run, "a", STATE.WAITING)
    candidate(run, "b", STATE.WAITING)
    candidate(run, "c", STATE.CONFLICT)
    reasons = refusal(run)
    assert "2 candidates wait for votes" in reasons
    assert "On 1 candidates votes disagree" in reasons
    Candidate.objects.filter(inspection_state__in=("waiting", "conflict")).update(
        withdrawn_at=run.completed_at
    )
    assert publishing_obstacles(run=run) == []


@pytest.mark.parametrize("service", ["simbad", "sdss", "ned"])
def test_waiting_and_failed_lookups(run: Run, service: str) -> None:
    made = candidate(run, "failed", spectrum__ra=10.0)
    CounterpartLookup.objects.filter(source=made.spectrum.source, service=service).update(outcome="failed")
    answers_store(sources=[made.spectrum.source_id])
    waiting = f.CandidateFactory(run=run, inspection_state=STATE.KEPT)
    reasons = refusal(run)
    assert reasons.count("1 galaxies wait for") == 3
    assert reasons.count("the look-up in") == 1
    CounterpartLookup.objects.filter(outcome="failed").update(outcome="not-covered")
    answers_store(sources=[made.spectrum.source_id])
    look_up(waiting)
    assert publishing_obstacles(run=run) == []


def test_rejected_galaxies_need_no_lookup(run: Run) -> None:
    f.CandidateFactory(run=run, inspection_state=STATE.REJECTED)
    assert publishing_obstacles(run=run) == []


def test_simulated_votes_never_publish_observed_spectra(run: Run) -> None:
    vote = Vote.objects.first()
    simulated = f.InspectorFactory(simulated=True, miss_rate=0.1, false_rate=0.1)
    f.VoteFactory(candidate=vote.candidate, inspector=simulated)
    assert "1 votes on observed spectra were cast by simulated inspectors" in refusal(run)
    vote.candidate.spectrum.release.__class__.objects.update(simulated=True)
    catalogue = catalogue_publish(run=run)
    assert catalogue.simulated
    assert catalogue.provenance["inspection"]["simulated_votes"] == 1
    assert "no telescope took them" in catalogue.citation


def test_uninspected(run: Run) -> None:
    assert "publish it as inspected" in refusal(run, uninspected=True)
    Vote.objects.update(replaced_at=timezone.now())
    Candidate.objects.update(inspection_state=STATE.WAITING)
    assert "Nobody has voted" in refusal(run)
    for made in Candidate.objects.filter(kind="galaxy", spectrum__source__lookups__isnull=True):
        if made.spectrum.source:
            look_up(made)
    catalogue = catalogue_publish(run=run, uninspected=True)
    assert not catalogue.inspected
    assert (catalogue.n_galaxies, catalogue.n_nebulae, catalogue.n_unclear) == (4, 3, 1)
    assert "published without inspection" in catalogue.citation
    assert catalogue.provenance["inspection"] is None


def test_nothing_kept(run: Run) -> None:
    Candidate.objects.update(inspection_state=STATE.REJECTED)
    assert "there is nothing to publish" in refusal(run)


def test_a_failure_leaves_nothing(run: Run, media: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The disk fills while the files are built: no row, no number, no file stays."""
    build = services.files_build

    def full(*arguments: Any) -> Any:
        files = build(*arguments)
        yield next(files)
        yield next(files)
        raise OSError("no space left on device")

    monkeypatch.setattr(services, "files_build", full)
    with pytest.raises(OSError, match="no space left"), transaction.atomic():
        catalogue_publish(run=run)
    assert not Catalogue.objects.exists()
    assert not PublishedGalaxy.objects.exists()
    assert [path for path in media.rglob("*") if path.is_file()] == []
    monkeypatch.undo()
    assert catalogue_publish(run=run).number == 1


def test_tables_without_rows_have_no_file(run: Run) -> None:
    Candidate.objects.filter(kind="nebula").update(inspection_state=STATE.REJECTED)
    catalogue = catalogue_publish(run=run)
    assert set(catalogue.files.values_list("table", flat=True)) == {"galaxies", "candidates"}


def test_the_command(run: Run) -> None:
    out = io.StringIO()
    call_command("publish", "--run", str(run.pk), "--title", "T", stdout=out)
    assert "Catalogue 1: 3 galaxies (1 new), 2 nebulae (1 newly found), 1 unclear" in out.getvalue()
    f.CandidateFactory(run=run)
    with pytest.raises(CommandError, match=r"Run \d+ is not published:\n- 1 candidates wait for votes"):
        call_command("publish", "--run", str(run.pk))
    with pytest.raises(CommandError, match="There is no run 0"):
        call_command("publish", "--run", "0")


@pytest.mark.django_db(transaction=True)
def test_in_a_transaction_of_its_own(transactional_db: None, media: Path) -> None:
    run = f.RunFactory()
    candidate(run, "spec-new")
    assert catalogue_publish(run=run).number == 1
    assert catalogue_publish(run=run).number == 2
    assert PublishedGalaxy.objects.count() == 2
