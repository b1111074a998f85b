"""Codebooks and codes as the database holds them, and as the quantizer wants them.

A worker goes through many blocks with one codebook, so the last one loaded is kept; the time of training or
encoding is part of its key.
"""

from __future__ import annotations

import math
from datetime import datetime
from functools import lru_cache
from typing import Any

import numpy as np
from django.conf import settings
from django.utils import timezone
from numpy.typing import NDArray

from retrieval import ProductQuantizer
from retrieval.search import Codes, Metric, Searcher
from retrieval.train import TOLERANCE

from .models import CodeBlock, Codebook, CodebookBlock


def load_quantizer(codebook: Codebook) -> ProductQuantizer:
    """The quantizer of a trained codebook, with its run's metric."""
    return _quantizer(
        codebook.pk, codebook.trained_at, codebook.segments, codebook.centers, codebook.run.metric
    )


def load_searcher(codebook: Codebook) -> Searcher:
    """The encoded templates of a codebook, in the order of their rows, ready to be searched."""
    return _searcher(
        codebook.pk, codebook.trained_at, codebook.encoded_at, codebook.segments, codebook.centers,
        codebook.run.metric,
    )  # fmt: skip


@lru_cache(maxsize=1)
def _quantizer(
    pk: int, trained_at: datetime | None, segments: int, centers: int, metric: Metric
) -> ProductQuantizer:
    parts = [
        np.frombuffer(data, "<f4").reshape(count, centers, -1)
        for data, count in CodebookBlock.objects.filter(codebook=pk)
        .order_by("first_segment")
        .values_list("data", "segments")
    ]
    stored = sum(len(part) for part in parts)
    if stored != segments:
        raise ValueError(f"Codebook {pk} holds {stored} of {segments} segments: it is not trained.")
    return ProductQuantizer.from_codebook(np.concatenate(parts).astype(np.float32), metric)


@lru_cache(maxsize=1)
def _searcher(
    pk: int,
    trained_at: datetime | None,
    encoded_at: datetime | None,
    segments: int,
    centers: int,
    metric: Metric,
) -> Searcher:
    quantizer = _quantizer(pk, trained_at, segments, centers, metric)
    dtype = np.dtype(quantizer.code_dtype).newbyteorder("<")
    parts = []
    blocks = CodeBlock.objects.filter(codebook=pk).order_by("number")
    for number, count, data in blocks.values_list("number", "count", "data"):
        if len(data) != count * segments * dtype.itemsize:
            raise ValueError(
                f"Block {number} of codebook {pk} holds {len(data)} bytes; {count} templates of {segments} "
                f"segments take {count * segments * dtype.itemsize}. Launch a new run."
            )
        parts.append(np.frombuffer(data, dtype).reshape(count, segments))
    codes: Codes = np.concatenate(parts).astype(quantizer.code_dtype)
    if codes.max() >= centers:
        raise ValueError(
            f"A code of codebook {pk} is {codes.max()}; it has {centers} centres. Launch a new run."
        )
    return Searcher(quantizer.codebook, codes, metric=metric, threads=settings.RETRIEVAL_THREADS)


def codebook_close(*, codebook: Codebook, n_templates: int) -> None:
    """Sum up how the training of each segment ended, once all of them are stored."""
    rows = codebook.blocks.order_by("first_segment").values_list("inertias", "iterations", "gains")
    inertias, iterations, gains = (
        [value for part in column for value in part] for column in zip(*rows, strict=True)
    )
    if len(inertias) != codebook.segments:
        return
    codebook.inertia, codebook.n_templates = math.fsum(inertias), n_templates
    codebook.n_converged, codebook.iterations = sum(gain < TOLERANCE for gain in gains), max(iterations)
    codebook.trained_at = timezone.now()
    codebook.save(update_fields=["inertia", "n_templates", "n_converged", "iterations", "trained_at"])


def stored_codes(codes: NDArray[Any]) -> bytes:
    """Codes (templates, segments) as a CodeBlock holds them."""
    return codes.astype(codes.dtype.newbyteorder("<")).tobytes()
