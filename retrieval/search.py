"""Exact asymmetric search over product-quantization codes.

Jégou et al. 2011, section 3; Lu et al. 2022, section 3.1.

A query is compared with the centres of each segment once; the distance of a template is then the sum of its
entries in that table. All sums run in float64 in the order of the plain definition, so results equal a plain
loop to the bit.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Metric = Literal["l2_sum", "l2_squared"]
Codes = NDArray[np.uint8 | np.uint16]
METRICS: tuple[Metric, ...] = ("l2_sum", "l2_squared")

BLOCK_BYTES = 96 * 2**20  # working memory of one block of queries


def distance_tables(
    codebook: NDArray[np.float32], queries: NDArray[np.float32], metric: Metric
) -> NDArray[np.float64]:
    """Sub-distances of every query to every centre, (segments, centers, queries).

    Euclidean for "l2_sum" (the paper), squared Euclidean for "l2_squared" (Jégou et al.).
    """
    segments, centers, width = codebook.shape
    split = queries.reshape(-1, segments, width)
    tables = np.zeros((segments, centers, split.shape[0]))
    difference = np.empty_like(tables)
    for j in range(width):
        of_query = split[:, :, j].T.astype(np.float64)
        np.subtract(of_query[:, None, :], codebook[:, :, j, None], out=difference)
        np.multiply(difference, difference, out=difference)
        tables += difference
    return np.sqrt(tables, out=tables) if metric == "l2_sum" else tables


def nearest(
    codebook: NDArray[np.float32],
    codes: Codes,
    queries: NDArray[np.float32],
    *,
    metric: Metric,
    k: int = 1,
    threads: int | None = None,
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """The `k` nearest encoded templates of each query: indices and distances, (queries, k), nearest first.

    `codebook` (segments, centers, width), `codes` (templates, segments), `queries` (queries, segments *
    width). Equal distances go to the lowest index. `threads` blocks of queries are worked on at once (None:
    one); neither it nor the block size changes the result. The caller has checked shapes and dtypes.
    """
    segments, centers, _ = codebook.shape
    by_segment = np.ascontiguousarray(codes.T).astype(np.intp)
    index = np.empty((queries.shape[0], k), dtype=np.int64)
    distance = np.empty((queries.shape[0], k), dtype=np.float32)
    per_query = 8 * (2 * segments * centers + 3 * codes.shape[0])
    block = max(1, min(BLOCK_BYTES // per_query, 256))

    def work(start: int) -> None:
        rows = slice(start, start + block)
        tables = distance_tables(codebook, queries[rows], metric)
        total = np.zeros((by_segment.shape[1], tables.shape[2]))
        for table, code in zip(tables, by_segment, strict=True):
            total += table[code]
        for row, distances in enumerate(np.ascontiguousarray(total.T), start):
            best = _smallest(distances, k)
            index[row], distance[row] = best, distances[best]

    with ThreadPoolExecutor(max_workers=threads or 1) as pool:
        list(pool.map(work, range(0, queries.shape[0], block)))
    return index, distance


def _smallest(distances: NDArray[np.float64], k: int) -> NDArray[np.intp]:
    """Indices of the `k` smallest values, smallest first, ties to the lowest index."""
    if k == 1:
        return np.argmin(distances, keepdims=True)
    limit = np.partition(distances, k - 1)[k - 1]
    candidates = np.flatnonzero(distances <= limit)
    return candidates[np.argsort(distances[candidates], kind="stable")][:k]
