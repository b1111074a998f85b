"""Make candidates of the queries whose nearest template has the redshift that their lines give."""

from __future__ import annotations

from collections.abc import Callable

from catalog.candidates import candidates_confirm
from catalog.models import SpectrumBlock
from catalog.runs import block_ids
from tasks.models import Chunk


def run(chunk: Chunk) -> Callable[[], None]:
    block = SpectrumBlock.objects.select_related("run").get(pk=chunk.payload["block"])
    return lambda: candidates_confirm(run=block.run, spectrum_ids=block_ids(block).tolist())
