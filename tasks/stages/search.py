"""Find the nearest template of each query of a block under one codebook."""

from __future__ import annotations

import time
from collections.abc import Callable

from django.conf import settings
from django.db.models import F

from catalog import prepared
from catalog.codebooks import load_searcher
from catalog.copying import copy_rows
from catalog.models import Codebook, Neighbour, Spectrum, SpectrumBlock
from catalog.runs import block_ids, block_usable, usable_ids
from tasks.models import Chunk


def run(chunk: Chunk) -> Callable[[], None]:
    codebook = Codebook.objects.select_related("run").get(pk=chunk.payload["codebook"])
    block = SpectrumBlock.objects.select_related("run").get(pk=chunk.payload["block"])
    usable = block_usable(block)
    queries = prepared.read(block, step=codebook.step)[usable]
    ids = block_ids(block)[usable].tolist()
    rows: list[tuple[object, ...]] = []
    plan, started = "", time.perf_counter()
    if ids:
        searcher = load_searcher(codebook)
        chosen = searcher.plan(len(queries))
        index, distance = searcher.nearest(queries, plan=chosen.name)
        plan = f"{chosen.name} ({chosen.kernels}). {chosen.reason}"
        templates = usable_ids(codebook.run.blocks.filter(part=SpectrumBlock.Part.TEMPLATES))
        nearest = templates[index[:, 0]].tolist()
        z = dict(Spectrum.objects.filter(pk__in=set(nearest)).values_list("pk", "z"))
        rows = [
            (codebook.pk, query, template, 1, float(d), z[template], False)
            for query, template, d in zip(ids, nearest, distance[:, 0], strict=True)
        ]

    seconds = time.perf_counter() - started

    def write() -> None:
        Neighbour.objects.filter(codebook=codebook, spectrum__in=ids).delete()
        columns = ("codebook_id", "spectrum_id", "template_id", "rank", "distance", "z", "agrees")
        copy_rows(Neighbour, columns, rows)
        Codebook.objects.filter(pk=codebook.pk).update(
            search_seconds=F("search_seconds") + seconds,
            threads=settings.RETRIEVAL_THREADS,
            plan=plan,
        )

    return write
