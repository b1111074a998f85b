"""Flag the run's candidates by what was found, and say how the look-up ended."""

from __future__ import annotations

from collections.abc import Callable

from catalog.counterparts.flags import candidates_flag
from catalog.counterparts.summary import services_summary
from tasks.errors import JobError
from tasks.models import Chunk, LogLine


def run(chunk: Chunk) -> Callable[[], None]:
    run = chunk.job.looked_up
    if run is None:
        raise JobError("The run is gone whose galaxies were looked up.")

    def write() -> None:
        candidates_flag(run=run)
        asked = chunk.job.parameters["services"]
        for row in services_summary(run=run):
            if row.service in asked:
                LogLine.objects.create(job=chunk.job, message=f"{row.label}: {row.in_words}.")

    return write
