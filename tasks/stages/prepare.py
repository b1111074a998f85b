"""Put a block's original spectra on the grids; what cannot be prepared is logged and counted."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

import numpy as np
from numpy.typing import NDArray

from catalog import prepared
from catalog.arrays import load_spectrum
from catalog.models import Run, Spectrum, SpectrumBlock
from catalog.runs import block_ids
from retrieval import prepare
from retrieval.grid import make_grid
from retrieval.prepare import Normalization
from tasks.models import Chunk, LogLine

from .select import steps

NAMED = 10
"""Unusable spectra that a log line names; the rest is counted."""


def run(chunk: Chunk) -> Callable[[], None]:
    block = SpectrumBlock.objects.select_related("run").get(pk=chunk.payload["block"])
    wanted = steps(list(block.run.codebooks.all()), block.part)
    rows = {step: np.zeros((block.count, make_grid(step).size), dtype=np.float32) for step in wanted}
    usable = np.zeros(block.count, dtype=np.uint8)
    reasons: list[str] = []
    spectra = Spectrum.objects.in_bulk(block_ids(block).tolist())
    for row, pk in enumerate(block_ids(block).tolist()):
        try:
            for step, values in _prepared(spectra[pk], wanted, block.run).items():
                rows[step][row] = values
            usable[row] = 1
        except KeyError:
            reasons.append(f"spectrum {pk} (deleted)")
        except (ValueError, OSError) as error:
            reasons.append(f"{spectra[pk].name} ({error})")
    for step, values in rows.items():
        prepared.write(block, step=step, rows=values)

    def write() -> None:
        SpectrumBlock.objects.filter(pk=block.pk).update(usable=usable.tobytes())
        if reasons:
            more = f" and {len(reasons) - NAMED} more" if len(reasons) > NAMED else ""
            LogLine.objects.create(
                job=chunk.job,
                level=LogLine.Level.WARNING,
                message=f"{len(reasons)} of {block.count} {block.part} of block {block.number} could not be "
                f"prepared and are left out: {'; '.join(reasons[:NAMED])}{more}",
            )

    return write


def _prepared(spectrum: Spectrum, wanted: list[int], of_run: Run) -> dict[int, NDArray[np.float32]]:
    """The spectrum on each grid, all of them or none."""
    observed = load_spectrum(spectrum)
    normalization = cast(Normalization, of_run.normalization)
    return {
        step: prepare(
            observed.wavelength, observed.flux, step=step, normalization=normalization, mask=observed.bad
        )[0]
        for step in wanted
    }
