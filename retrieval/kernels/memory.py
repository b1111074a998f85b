"""Working memory of the scan kernels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from retrieval.index import GROUP, TemplateIndex

ALIGNMENT = 64  # bytes of a cache line
STAGE_BYTES = 384 * 2**10  # tables that are held at once; with a tile's sums they fit a core's second cache
TILE_BYTES = 256 * 2**10  # sums of the templates that are worked on together


@dataclass(frozen=True)
class TableScratch:
    """`table` (stage * centers, lanes) and `sums` (n, lanes) uint16, `rows` (n,): places of living templates.

    `stage` segments have tables at a time, for `tile` templates after each other.
    """

    table: NDArray[np.uint16]
    sums: NDArray[np.uint16]
    rows: NDArray[np.int32]
    stage: int
    tile: int


def table_scratch(index: TemplateIndex, lanes: int) -> TableScratch:
    """Memory for tables of `lanes` queries side by side, every line of it in one cache line."""
    segments, centers, _ = index.codebook.shape
    stage = _stage(segments, centers, lanes)
    return TableScratch(
        _aligned(stage * centers, lanes),
        _aligned(index.templates, lanes),
        np.empty(index.templates, dtype=np.int32),
        stage,
        max(1, TILE_BYTES // (2 * lanes)),
    )


def scratch_bytes(templates: int, segments: int, centers: int, lanes: int) -> int:
    """What `table_scratch` takes."""
    return 2 * lanes * _stage(segments, centers, lanes) * centers + templates * template_bytes(lanes)


def template_bytes(lanes: int) -> int:
    """The share of one template in it."""
    return 2 * lanes + 4


def _stage(segments: int, centers: int, lanes: int) -> int:
    groups = min(STAGE_BYTES // (2 * lanes * centers * GROUP), -(-segments // GROUP))
    return GROUP * max(1, groups)


def _aligned(rows: int, lanes: int) -> NDArray[np.uint16]:
    size = 2 * rows * lanes
    raw = np.empty(size + ALIGNMENT, dtype=np.uint8)
    start = -raw.ctypes.data % ALIGNMENT
    return raw[start : start + size].view(np.uint16).reshape(rows, lanes)
