"""Where uploaded files wait for their import."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile

from catalog.ingest.records import clean
from catalog.models import ImportBatch


def folder(batch: ImportBatch) -> Path:
    return settings.DATA_DIR / "uploads" / str(batch.pk)


def store(batch: ImportBatch, files: Iterable[UploadedFile]) -> None:
    """Keep uploaded files under their own names; a number is put before a name that comes twice."""
    place = folder(batch)
    place.mkdir(parents=True, exist_ok=True)
    for number, file in enumerate(files):
        name = clean(PurePosixPath(file.name or "").name, 200) or "unnamed"
        target = place / name
        if target.exists():
            target = place / f"{number}-{name}"
        with target.open("wb") as out:
            for piece in file.chunks():
                out.write(piece)


def remove(batch: ImportBatch) -> None:
    shutil.rmtree(folder(batch), ignore_errors=True)
