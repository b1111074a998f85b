"""Choose one spectrum per source, count what the run holds, and close it."""

from __future__ import annotations

import functools
from collections.abc import Callable

from django.db import transaction

from catalog import prepared
from catalog.candidates import primaries_mark
from catalog.counterparts.flags import candidates_flag
from catalog.models import Run
from catalog.runs import run_complete
from tasks.models import Chunk


def run(chunk: Chunk) -> Callable[[], None]:
    of_run = Run.objects.get(job=chunk.job_id)

    def write() -> None:
        primaries_mark(run=of_run)
        candidates_flag(run=of_run)
        run_complete(run=of_run)
        transaction.on_commit(functools.partial(prepared.remove, of_run), robust=True)

    return write
