"""Codebooks and codes as the database holds them, and as the quantizer wants them.

A worker goes through many blocks with one codebook, so the last one loaded is kept; the time of training or
encoding is part of its key.
"""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from retrieval import ProductQuantizer
from retrieval.search import Metric

from .models import CodeBlock, Codebook, CodebookBlock


def load_quantizer(codebook: Codebook) -> ProductQuantizer:
    """The quantizer of a trained codebook, with its run's metric."""
    return _quantizer(
        codebook.pk, codebook.trained_at, codebook.segments, codebook.centers, codebook.run.metric
    )


def load_codes(codebook: Codebook) -> NDArray[Any]:
    """Codes of all usable templates in the order of their rows, (templates, segments)."""
    dtype = np.dtype(load_quantizer(codebook).code_dtype)
    return _codes(codebook.pk, codebook.encoded_at, codebook.segments, dtype)


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
def _codes(pk: int, encoded_at: datetime | None, segments: int, dtype: np.dtype[Any]) -> NDArray[Any]:
    blocks = CodeBlock.objects.filter(codebook=pk).order_by("number").values_list("data", flat=True)
    parts = [np.frombuffer(data, dtype.newbyteorder("<")).reshape(-1, segments) for data in blocks]
    return np.concatenate(parts).astype(dtype)


def stored_codes(codes: NDArray[Any]) -> bytes:
    """Codes (templates, segments) as a CodeBlock holds them."""
    return codes.astype(codes.dtype.newbyteorder("<")).tobytes()
