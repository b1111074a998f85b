"""List the sources that the services have not answered about yet, and plan the calls."""

from __future__ import annotations

from collections.abc import Callable

from catalog.counterparts.plan import faults, portions
from tasks.errors import JobError
from tasks.models import Chunk
from tasks.states import CounterpartStage


def run(chunk: Chunk) -> Callable[[], None]:
    job = chunk.job
    run, asked = job.looked_up, job.parameters
    if run is None:
        raise JobError("The run is gone whose galaxies were to be looked up.")
    chosen = {name: asked[name] for name in ("services", "radius_arcsec", "snapshot_only")}
    if wrong := faults(run=run, **chosen):
        raise JobError(" ".join(wrong))
    planned = portions(run=run, month=asked["month"], **chosen)

    def write() -> None:
        job.chunks.filter(stage_number__gt=chunk.stage_number).delete()
        stage = CounterpartStage.ASK
        chunks = [
            Chunk(
                job=job, stage=stage, stage_number=stage.number, number=number, work=len(portion.sources),
                payload={
                    "service": portion.service,
                    "simulated": portion.simulated,
                    "sources": list(portion.sources),
                },
            )
            for number, portion in enumerate(planned)
        ]  # fmt: skip
        stage = CounterpartStage.FINISH
        Chunk.objects.bulk_create([*chunks, Chunk(job=job, stage=stage, stage_number=stage.number, number=0)])

    return write
