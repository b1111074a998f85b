"""Import some consecutive files of an upload.

They are read and stored in the chunk's own transaction, so that the batch counts each of them once.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice

from catalog.ingest import Choices, import_slice, iterate_files
from catalog.models import ImportBatch
from tasks import uploads
from tasks.models import Chunk


def run(chunk: Chunk) -> Callable[[], None]:
    batch = ImportBatch.objects.get(job=chunk.job_id)
    first, count = chunk.payload["first"], chunk.payload["count"]
    chosen = Choices(**chunk.job.parameters)

    def write() -> None:
        files = islice(iterate_files(uploads.folder(batch)), first, first + count)
        import_slice(batch=batch, files=files, choices=chosen)

    return write
