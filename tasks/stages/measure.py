"""Measure the lines of a block's candidates and classify them; match them with H II regions."""

from __future__ import annotations

from collections.abc import Callable

from catalog.measurements import candidates_measured, measurements_store
from catalog.models import Candidate, SpectrumBlock
from catalog.regions import regions_match
from catalog.runs import block_ids
from tasks.models import Chunk, LogLine


def run(chunk: Chunk) -> Callable[[], None]:
    block = SpectrumBlock.objects.select_related("run").get(pk=chunk.payload["block"])
    candidates = list(
        Candidate.objects.filter(run=block.run_id, spectrum__in=block_ids(block).tolist())
        .select_related("spectrum")
        .order_by("pk")
    )
    measured, failures = candidates_measured(candidates=candidates)

    def write() -> None:
        regions_match(
            spectra=[candidate.spectrum_id for candidate in candidates], version=block.run.region_version
        )
        measurements_store(measured=measured)
        for name, reason in failures:
            LogLine.objects.create(
                job=chunk.job, level=LogLine.Level.WARNING, message=f"{name} could not be measured: {reason}"
            )

    return write
