"""Learn the centres of some consecutive segments of one codebook."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
from django.conf import settings

from catalog import prepared
from catalog.codebooks import centers_store
from catalog.models import Codebook, SpectrumBlock
from catalog.runs import block_usable
from retrieval.grid import make_grid
from retrieval.profiles import Configuration
from retrieval.quantizer import segment_seeds
from retrieval.train import train
from tasks.errors import JobError
from tasks.models import Chunk


def run(chunk: Chunk) -> Callable[[], None]:
    codebook = Codebook.objects.select_related("run").get(pk=chunk.payload["codebook"])
    first, count = chunk.payload["first"], chunk.payload["segments"]
    blocks = codebook.run.blocks.filter(part=SpectrumBlock.Part.TEMPLATES).order_by("number")
    usable = np.concatenate([block_usable(block) for block in blocks])
    n_templates = int(usable.sum())
    obstacle = Configuration(codebook.step, codebook.segments, codebook.centers).obstacle(n_templates)
    if obstacle:
        raise JobError(
            f"{usable.size - n_templates} of {usable.size} templates could not be prepared. {obstacle} "
            "Launch without this configuration or with more templates."
        )
    width = make_grid(codebook.step).size // codebook.segments
    columns = prepared.read_columns(
        codebook.run, part=SpectrumBlock.Part.TEMPLATES, step=codebook.step,
        first=first * width, last=(first + count) * width,
    )  # fmt: skip
    seeds = segment_seeds(codebook.run.seed, codebook.segments)[first : first + count]
    started = time.perf_counter()
    trainings = train(columns[usable], seeds, codebook.centers, threads=settings.RETRIEVAL_THREADS)
    seconds = time.perf_counter() - started
    return lambda: centers_store(
        codebook=codebook, first=first, trainings=trainings, n_templates=n_templates, seconds=seconds
    )
