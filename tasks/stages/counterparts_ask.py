"""Ask one service about some sources. A service that fails ends no job: its sources wait for the next one."""

from __future__ import annotations

from collections.abc import Callable

from catalog.counterparts.lookups import Outcome, look_up, lookups_store, places_unanswered
from catalog.counterparts.roads import roads
from catalog.models import Service
from tasks.errors import JobError
from tasks.models import Chunk, LogLine


def run(chunk: Chunk) -> Callable[[], None]:
    asked, payload = chunk.job.parameters, chunk.payload
    service, radius = payload["service"], asked["radius_arcsec"]
    ways = roads(
        service=service,
        simulated=payload["simulated"],
        snapshot_only=asked["snapshot_only"],
        month=asked["month"],
    )
    if not ways:
        raise JobError(f"The snapshot of {Service(service).label} is gone: load one, then retry.")
    places = places_unanswered(
        service=service, release=ways[0].release, radius_arcsec=radius, sources=payload["sources"]
    )
    results = look_up(roads=ways, places=places, radius_arcsec=radius)

    def write() -> None:
        counts = lookups_store(service=service, radius_arcsec=radius, results=results)
        if failed := counts[Outcome.FAILED]:
            reason = next(result.detail for result in results if result.outcome == Outcome.FAILED)
            LogLine.objects.create(
                job=chunk.job, level=LogLine.Level.WARNING,
                message=f"{Service(service).label} gave no answer about {failed} sources: {reason}.",
            )  # fmt: skip

    return write
