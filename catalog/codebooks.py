"""Codebooks and codes as the database holds them, and as the quantizer wants them.

A worker goes through many blocks with one codebook, so the last one loaded is kept; the time of training or
encoding is part of its key.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import cast

import numpy as np
from django.conf import settings
from django.db.models import F
from django.utils import timezone
from numpy.typing import NDArray

from retrieval import ProductQuantizer
from retrieval.grid import make_grid
from retrieval.search import Codes, Metric, Searcher
from retrieval.train import TOLERANCE, Training

from .copying import copy_rows
from .models import CodeBlock, Codebook, CodebookBlock, SpectrumBlock


class DamagedError(ValueError):
    """What the database holds of a codebook is not what was stored: another run is needed."""


def load_quantizer(codebook: Codebook) -> ProductQuantizer:
    """The quantizer of a trained codebook, with its run's metric. Raises DamagedError."""
    return _quantizer(*_identity(codebook))


def read_searcher(codebook: Codebook) -> Searcher:
    """As `load_searcher`, but nothing is kept: for a caller that bounds what it keeps."""
    quantizer = _quantizer.__wrapped__(*_identity(codebook))
    return _searcher.__wrapped__(codebook.pk, codebook.encoded_at, codebook.n_templates, quantizer)


def _identity(codebook: Codebook) -> tuple[int, datetime | None, int, int, int, Metric]:
    width = make_grid(codebook.step).size // codebook.segments
    metric = cast(Metric, codebook.run.metric)
    return codebook.pk, codebook.trained_at, codebook.segments, codebook.centers, width, metric


def load_searcher(codebook: Codebook) -> Searcher:
    """The encoded templates of a codebook, in the order of their rows, ready to be searched.

    Raises DamagedError.
    """
    quantizer = load_quantizer(codebook)
    return _searcher(codebook.pk, codebook.encoded_at, codebook.n_templates, quantizer)


@lru_cache(maxsize=1)
def _quantizer(
    pk: int, trained_at: datetime | None, segments: int, centers: int, width: int, metric: Metric
) -> ProductQuantizer:
    book = np.empty((segments, centers, width), dtype=np.float32)
    known = 0
    blocks = CodebookBlock.objects.filter(codebook=pk).order_by("first_segment")
    for first, count, data in blocks.values_list("first_segment", "segments", "data"):
        _check_size(
            f"Segment {first} and after of codebook {pk}",
            len(data),
            4 * count * centers * width,
            f"{count} segments of {centers} centres of {width} samples",
        )
        if first != known or first + count > segments:
            break
        book[first : first + count] = np.frombuffer(data, "<f4").reshape(count, centers, width)
        known += count
    if known != segments:
        raise DamagedError(f"Codebook {pk} holds {known} of {segments} segments. Launch a new run.")
    if damaged := int(np.count_nonzero(~np.isfinite(book))):
        raise DamagedError(f"Codebook {pk} holds {damaged} values that are not finite. Launch a new run.")
    return ProductQuantizer.from_codebook(book, metric)


@lru_cache(maxsize=1)
def _searcher(pk: int, encoded_at: datetime | None, templates: int, quantizer: ProductQuantizer) -> Searcher:
    segments, centers, dtype = quantizer.segments, quantizer.centers, np.dtype(quantizer.code_dtype)
    codes: Codes = np.empty((templates, segments), dtype=dtype)
    known = 0
    blocks = CodeBlock.objects.filter(codebook=pk).order_by("number")
    for number, count, data in blocks.values_list("number", "count", "data").iterator(chunk_size=8):
        name = f"Block {number} of codebook {pk}"
        size = count * segments * dtype.itemsize
        _check_size(name, len(data), size, f"{count} templates of {segments} segments")
        part = np.frombuffer(data, dtype.newbyteorder("<")).reshape(count, segments)
        if count and (largest := int(part.max())) >= centers:
            raise DamagedError(
                f"{name} holds the code {largest}; there are {centers} centres, counted from 0. "
                "Launch a new run."
            )
        codes[known : known + count] = part[: max(0, templates - known)]
        known += count
    if known != templates:
        raise DamagedError(
            f"Codebook {pk} holds codes of {known} templates; it was trained on {templates}. "
            "Launch a new run."
        )
    return Searcher(quantizer.codebook, codes, metric=quantizer.metric, threads=settings.RETRIEVAL_THREADS)


def _check_size(name: str, size: int, wanted: int, content: str) -> None:
    if size != wanted:
        raise DamagedError(f"{name} holds {size} bytes; {content} take {wanted}. Launch a new run.")


def centers_store(
    *, codebook: Codebook, first: int, trainings: Sequence[Training], n_templates: int, seconds: float
) -> None:
    """Store what was learnt of the segments from `first` on; close the codebook when it is whole.

    `seconds` is the time that it took. What an earlier attempt stored is replaced.
    """
    data = np.stack([one.centers for one in trainings]).astype("<f4").tobytes()
    CodebookBlock.objects.filter(codebook=codebook, first_segment=first).delete()
    columns = ("codebook_id", "first_segment", "segments", "data", "inertias", "iterations", "gains")
    ended = ([one.inertia for one in trainings], [one.iterations for one in trainings])
    row = (codebook.pk, first, len(trainings), data, *ended, [one.gain for one in trainings])
    copy_rows(CodebookBlock, columns, [row])
    of_codebook = Codebook.objects.filter(pk=codebook.pk)
    of_codebook.update(train_seconds=F("train_seconds") + seconds, n_bytes=F("n_bytes") + len(data))
    blocks = codebook.blocks.values_list("inertias", "iterations", "gains")
    inertias, iterations, gains = (
        [value for part in column for value in part] for column in zip(*blocks, strict=True)
    )
    if len(inertias) == codebook.segments:
        of_codebook.update(
            inertia=math.fsum(inertias),
            n_templates=n_templates,
            n_converged=sum(gain < TOLERANCE for gain in gains),
            iterations=max(iterations),
            trained_at=timezone.now(),
        )


def codes_store(
    *, codebook: Codebook, number: int, codes: NDArray[np.uint8 | np.uint16], seconds: float
) -> None:
    """Store the codes (templates, segments) of one block of templates; note when they are all there.

    `seconds` is the time that it took. What an earlier attempt stored is replaced.
    """
    data = codes.astype(codes.dtype.newbyteorder("<")).tobytes()
    CodeBlock.objects.filter(codebook=codebook, number=number).delete()
    row = (codebook.pk, number, len(codes), data)
    copy_rows(CodeBlock, ("codebook_id", "number", "count", "data"), [row])
    of_codebook = Codebook.objects.filter(pk=codebook.pk)
    of_codebook.update(encode_seconds=F("encode_seconds") + seconds, n_bytes=F("n_bytes") + len(data))
    templates = codebook.run.blocks.filter(part=SpectrumBlock.Part.TEMPLATES)
    if codebook.code_blocks.count() == templates.count():
        of_codebook.update(encoded_at=timezone.now())
