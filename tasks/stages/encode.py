"""Encode a block of templates with one codebook."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
from django.conf import settings

from catalog import prepared
from catalog.codebooks import codes_store, load_quantizer
from catalog.models import Codebook, SpectrumBlock
from catalog.runs import block_usable
from tasks.models import Chunk


def run(chunk: Chunk) -> Callable[[], None]:
    codebook = Codebook.objects.select_related("run").get(pk=chunk.payload["codebook"])
    block = SpectrumBlock.objects.select_related("run").get(pk=chunk.payload["block"])
    templates = prepared.read(block, step=codebook.step)[block_usable(block)]
    quantizer = load_quantizer(codebook)
    started = time.perf_counter()
    codes = np.empty((0, codebook.segments), dtype=quantizer.code_dtype)
    if len(templates):
        codes = quantizer.encode(templates, threads=settings.RETRIEVAL_THREADS)
    seconds = time.perf_counter() - started
    return lambda: codes_store(codebook=codebook, number=block.number, codes=codes, seconds=seconds)
