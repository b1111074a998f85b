"""Encode a block of templates with one codebook."""

from __future__ import annotations

import time
from collections.abc import Callable

from django.conf import settings
from django.db.models import F
from django.utils import timezone

from catalog import prepared
from catalog.codebooks import load_quantizer, stored_codes
from catalog.models import CodeBlock, Codebook, SpectrumBlock
from catalog.runs import block_usable
from tasks.models import Chunk


def run(chunk: Chunk) -> Callable[[], None]:
    codebook = Codebook.objects.select_related("run").get(pk=chunk.payload["codebook"])
    block = SpectrumBlock.objects.select_related("run").get(pk=chunk.payload["block"])
    templates = prepared.read(block, step=codebook.step)[block_usable(block)]
    codes, started = b"", time.perf_counter()
    if len(templates):
        quantizer = load_quantizer(codebook)
        codes = stored_codes(quantizer.encode(templates, threads=settings.RETRIEVAL_THREADS))
    seconds = time.perf_counter() - started

    def write() -> None:
        CodeBlock.objects.update_or_create(
            codebook=codebook, number=block.number, defaults={"count": len(templates), "data": codes}
        )
        Codebook.objects.filter(pk=codebook.pk).update(
            encode_seconds=F("encode_seconds") + seconds, n_bytes=F("n_bytes") + len(codes)
        )
        blocks = codebook.run.blocks.filter(part=SpectrumBlock.Part.TEMPLATES)
        if codebook.code_blocks.count() == blocks.count():
            Codebook.objects.filter(pk=codebook.pk).update(encoded_at=timezone.now())

    return write
