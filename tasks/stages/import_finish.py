"""Close an import and drop the uploaded files, which storage holds by now."""

from __future__ import annotations

import functools
from collections.abc import Callable

from django.db import transaction

from catalog.ingest import import_finish
from catalog.models import ImportBatch
from tasks import uploads
from tasks.models import Chunk


def run(chunk: Chunk) -> Callable[[], None]:
    batch = ImportBatch.objects.get(job=chunk.job_id)

    def write() -> None:
        import_finish(batch=batch, paths=[uploads.folder(batch)])
        transaction.on_commit(functools.partial(uploads.remove, batch), robust=True)

    return write
