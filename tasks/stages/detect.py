"""Find the emission lines of a block of queries and the redshift on which they agree."""

from __future__ import annotations

from collections.abc import Callable

from catalog import prepared
from catalog.models import LineRedshift, SpectrumBlock
from catalog.runs import block_ids, block_usable
from retrieval import detect_lines, line_redshift
from retrieval.detect import DetectParameters
from retrieval.grid import make_grid
from retrieval.profiles import DETECTION_STEP
from tasks.models import Chunk


def run(chunk: Chunk) -> Callable[[], None]:
    block = SpectrumBlock.objects.select_related("run").get(pk=chunk.payload["block"])
    parameters = DetectParameters(**block.run.detection)
    grid = make_grid(DETECTION_STEP)
    spectra = prepared.read(block, step=DETECTION_STEP)
    ids = block_ids(block).tolist()
    found = []
    for row in block_usable(block).nonzero()[0]:
        lines = detect_lines(grid, spectra[row], parameters=parameters)
        redshift = line_redshift(lines, tolerance=block.run.z_tolerance)
        if redshift is not None:
            centers = dict(zip(redshift.lines, redshift.centers, strict=True))
            found.append(
                LineRedshift(
                    run=block.run,
                    spectrum_id=ids[row],
                    z=redshift.value,
                    scatter=redshift.scatter,
                    lines=centers,
                )
            )

    def write() -> None:
        LineRedshift.objects.filter(run=block.run, spectrum__in=ids).delete()
        LineRedshift.objects.bulk_create(found)

    return write
