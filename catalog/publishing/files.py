"""The files of a catalogue: each table in each format, built once, with its SHA-256."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.core.files import File

from catalog.downloads.selection import Selection
from catalog.downloads.stream import FORMATS
from catalog.models import Catalogue, PublishedFile

from .tables import FROZEN, PUBLISHED, PublishedTable


def selection(catalogue: Catalogue, table: PublishedTable) -> Selection:
    """A table of a catalogue as the formats take it."""
    return Selection(
        table=table.table,
        run=catalogue.run,
        query="",
        rows=table.rows(catalogue),
        catalogue=catalogue,
    )


def checksum(catalogue: Catalogue, date: datetime) -> str:
    """SHA-256 over all rows: the CSV of galaxies, nebulae and candidates, those with rows, one by one."""
    digest = hashlib.sha256()
    for table in FROZEN:
        if table.rows(catalogue).exists():
            for piece in FORMATS["csv"].stream(selection(catalogue, table), date):
                digest.update(piece)
    return digest.hexdigest()


def files_build(catalogue: Catalogue, date: datetime) -> Iterator[PublishedFile]:
    """Write each table that has rows in each format; unsaved rows of the files, each as it is stored."""
    storage: Any = PublishedFile._meta.get_field("file").storage
    for table in PUBLISHED:
        if not table.rows(catalogue).exists():
            continue
        for suffix, form in FORMATS.items():
            name = f"glowworm-{catalogue.number}-{table.table.name}.{suffix}"
            with tempfile.TemporaryFile() as file:
                digest = hashlib.sha256()
                for piece in form.stream(selection(catalogue, table), date):
                    digest.update(piece)
                    file.write(piece)
                size = file.tell()
                file.seek(0)
                stored = storage.save(f"catalogues/{catalogue.number}/{name}", File(file))
            yield PublishedFile(
                catalogue_id=catalogue.number,
                table=table.table.name,
                suffix=suffix,
                name=name,
                size=size,
                sha256=digest.hexdigest(),
                file=stored,
            )
