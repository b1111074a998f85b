"""Count the files of an upload and plan the chunks that import them."""

from __future__ import annotations

from collections.abc import Callable

from catalog.ingest import iterate_files
from catalog.models import ImportBatch
from tasks import uploads
from tasks.errors import JobError
from tasks.models import Chunk
from tasks.states import ImportStage

FILES = 100
"""Files of one chunk: some seconds."""


def run(chunk: Chunk) -> Callable[[], None]:
    job = chunk.job
    try:
        count = len(list(iterate_files(uploads.folder(ImportBatch.objects.get(job=job)))))
    except FileNotFoundError as error:
        raise JobError("The uploaded files are gone: upload them again.") from error
    if count == 0:
        raise JobError("The upload holds no file that may be a spectrum: upload FITS files or archives.")

    def write() -> None:
        job.chunks.filter(stage_number__gt=chunk.stage_number).delete()
        stage = ImportStage.IMPORT
        chunks = [
            Chunk(
                job=job, stage=stage, stage_number=stage.number, number=number,
                payload={"first": first, "count": min(FILES, count - first)}, work=min(FILES, count - first),
            )
            for number, first in enumerate(range(0, count, FILES))
        ]  # fmt: skip
        stage = ImportStage.FINISH
        Chunk.objects.bulk_create([*chunks, Chunk(job=job, stage=stage, stage_number=stage.number, number=0)])

    return write
