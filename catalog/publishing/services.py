"""Publishing a run: in one transaction a numbered catalogue, frozen, or nothing."""

from __future__ import annotations

from itertools import islice
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.db.models import Max
from django.utils import timezone

from catalog import citation
from catalog.columns.published import frozen_field
from catalog.copying import copy_rows
from catalog.models import Catalogue, PublishedFile, Run

from .files import checksum, files_build
from .provenance import gathered
from .selectors import publishing_obstacles
from .tables import CANDIDATES, FROZEN, GALAXIES, NEBULAE, UNCLEAR, PublishedTable

ROWS_AT_ONCE = 2000


def catalogue_publish(
    *, run: Run, title: str = "", notes: str = "", user: User | None = None, uninspected: bool = False
) -> Catalogue:
    """Freeze what inspection kept of a run as the next catalogue, with its files.

    Table 3 takes the kept galaxies, Table 2 the kept nebulae inside a WISE region or newly found, the
    candidates all, with what became of them. ``uninspected`` takes every candidate of a run that nobody
    inspected. Raises ValidationError with every obstacle; then, as after any failure, nothing was written.
    """
    stored: list[PublishedFile] = []
    try:
        with transaction.atomic():
            _begin()
            run = Run.objects.get(pk=run.pk)  # as it is in this snapshot
            if obstacles := publishing_obstacles(run=run, uninspected=uninspected):
                raise ValidationError(obstacles)
            return _publish(run, title, notes, user, not uninspected, stored)
    except BaseException:
        for file in stored:
            file.file.storage.delete(str(file.file.name))
        raise


def _begin() -> None:
    """One at a time, so that numbers have no gaps, and in one snapshot, so that no vote slips in between.

    Inside a caller's transaction, that transaction's own isolation holds.
    """
    with connection.cursor() as cursor:
        if len(connection.savepoint_ids) == 0:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        cursor.execute(f"LOCK TABLE {Catalogue._meta.db_table} IN SHARE ROW EXCLUSIVE MODE")


def _publish(
    run: Run, title: str, notes: str, user: User | None, inspected: bool, stored: list[PublishedFile]
) -> Catalogue:
    now = timezone.now()
    number = (Catalogue.objects.aggregate(last=Max("number"))["last"] or 0) + 1
    provenance = gathered(run=run, inspected=inspected)
    catalogue = Catalogue(
        number=number,
        run=run,
        title=title.strip() or f"Emission-line galaxies and nebulae of run {run.pk}",
        notes=notes.strip(),
        published_at=now,
        published_by=user.get_username() if user else "",
        code_version=settings.VERSION,
        simulated=any(release["simulated"] for release in provenance["releases"]),
        inspected=inspected,
        provenance=provenance,
    )
    for table in FROZEN:
        _copy(table, catalogue)
    galaxies, nebulae = GALAXIES.rows(catalogue), NEBULAE.rows(catalogue)
    catalogue.n_galaxies, catalogue.n_nebulae = galaxies.count(), nebulae.count()
    catalogue.n_new_galaxies = galaxies.filter(newg=True).count()
    catalogue.n_new_nebulae = nebulae.filter(new_found=True).count()
    catalogue.n_candidates = CANDIDATES.rows(catalogue).count()
    catalogue.n_unclear = UNCLEAR.rows(catalogue).count()
    catalogue.sha256 = checksum(catalogue, now)
    catalogue.citation = citation.catalogue(catalogue)
    catalogue.full_clean(exclude=["run"])
    for file in files_build(catalogue, now):
        stored.append(file)
    PublishedFile.objects.bulk_create(stored)
    catalogue.save(force_insert=True)
    return catalogue


def _copy(table: PublishedTable, catalogue: Catalogue) -> None:
    """Copy the living rows; text that is missing becomes empty."""
    if table.taken is None:
        raise ValueError(f"{table.table.name} keeps no rows of its own")
    given = {"file_lamost": "spectrum__name", "release": "spectrum__release__name"}
    paths = given | {frozen_field(column.name): column.path for column in table.sources}
    kinds = {frozen_field(column.name): column.kind for column in table.sources}
    rows = table.taken(catalogue.run, catalogue.inspected).order_by("pk")
    texts = [kinds.get(name, "str") == "str" for name in paths]

    def frozen(row: tuple[Any, ...]) -> tuple[Any, ...]:
        spectrum, *values = row
        cells = ("" if text and value is None else value for text, value in zip(texts, values, strict=True))
        return (catalogue.number, spectrum, *cells)

    living = rows.values_list("spectrum_id", *paths.values()).iterator(chunk_size=ROWS_AT_ONCE)
    while batch := list(islice(living, ROWS_AT_ONCE)):
        copy_rows(table.model, ("catalogue_id", "spectrum_id", *paths), map(frozen, batch))
