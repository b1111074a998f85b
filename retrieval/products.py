"""Search by matrix products with decoded templates, for squared distances of many segments.

The distance to a code is the distance to its decoding, |q - t|^2 = |q|^2 + |t|^2 - 2 q.t. Products run about
the mean template, in float32 or, where the machine is faster so, in 16-bit integers. What rounding can do to
them is bounded (Higham 2002, Accuracy and Stability of Numerical Algorithms, section 3.1; for integers by
Cauchy and Schwarz), and the few templates that the bound leaves are settled exactly.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from retrieval.index import TemplateIndex, decode
from retrieval.kernels import ScanKernels
from retrieval.kernels.products_native import integer_multiply, integers, multiply, packed
from retrieval.scale import scale_of
from retrieval.work import Watch, in_threads

UNIT = 2.0**-24  # rounding of float32
QUERIES = 4096  # at once: decoding a template is shared by so many
TILE = 1024  # templates at once


def piece_count(queries: int, templates: int) -> int:
    """Pieces that `search_products` tells its watch of."""
    return -(-queries // QUERIES) * -(-templates // TILE)


def search_products(
    index: TemplateIndex,
    queries: NDArray[np.float32],
    limit: NDArray[np.float64],
    k: int,
    kernels: ScanKernels,
    threads: int,
    watch: Watch,
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """The `k` nearest by squared distance (q, k) to `queries` (q, d), knowing that k are within `limit`."""
    found, distance = np.empty((len(queries), k), dtype=np.int64), np.empty((len(queries), k))
    scale = scale_of(index.codebook, queries)
    for start in range(0, len(queries), QUERIES):
        rows = slice(start, start + QUERIES)
        _search_block(
            index, queries[rows], limit[rows], kernels, threads, watch, scale, found[rows], distance[rows]
        )
    return found, distance


def _search_block(
    index: TemplateIndex,
    queries: NDArray[np.float32],
    limit: NDArray[np.float64],
    kernels: ScanKernels,
    threads: int,
    watch: Watch,
    scale: float,
    found: NDArray[np.int64],
    distance: NDArray[np.float64],
) -> None:
    compiled = integer_multiply() if kernels.name == "native" else None
    mean = index.mean * np.float32(scale / index.scale)
    about = queries * np.float32(scale) - mean
    squares = np.einsum("ij,ij->i", about, about, dtype=np.float64)
    norms = np.sqrt(squares)
    # A dot product of n terms loses at most n units of the product of the norms, the rest a few more.
    loss = 1.01 * (mean.size + 16) * UNIT
    roots = np.sqrt(limit) * scale
    top = roots * roots
    whole = integers(about, norms) if compiled else None
    side = packed(whole.values) if whole else None
    candidates: list[tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float64]]] = []

    def work(first: int) -> None:
        tile = decode(index.codebook, index.codes[first : first + TILE])
        tile *= np.float32(scale)
        tile -= mean
        tile_squares = np.einsum("ij,ij->i", tile, tile, dtype=np.float64)
        tile_norms = np.sqrt(tile_squares)
        products = about @ tile.T
        # In scaled units 1e-30 is more than what underflows.
        lost = loss * (norms + tile_norms.max()) ** 2 + 2 * UNIT * (squares + top) + 1e-30
        if compiled is None or whole is None or side is None:
            products = tile @ about.T
        else:
            rounded = integers(tile, tile_norms)
            products = multiply(compiled, rounded.values, side, len(about))
            products *= rounded.step.astype(np.float32)[:, None]
            products *= whole.step.astype(np.float32)
            # (a + e).(b + f) - a.b is at most |e| |b| + |a + e| |f|.
            lost += 2.0 * (whole.error * tile_norms.max() + (norms + whole.error) * rounded.error.max())
        # |q - t|^2 <= top is q.t - |t|^2 / 2 >= (|q|^2 - top) / 2.
        products -= (tile_squares / 2).astype(np.float32)[:, None]
        t, q = np.nonzero(products >= ((squares - top - lost) / 2).astype(np.float32))
        bound = squares[q] - 2.0 * products[t, q] - lost[q]
        candidates.append((q, t + first, bound))

    in_threads(work, range(0, index.templates, TILE), threads, watch)
    q, t, bound = (np.concatenate(parts) for parts in zip(*candidates, strict=True))
    by_query = np.argsort(q, kind="stable")
    t, bound = t[by_query], bound[by_query] / scale / scale
    edges = np.searchsorted(q[by_query], np.arange(len(queries) + 1))

    def settle(query: int) -> None:
        own = slice(edges[query], edges[query + 1])
        found[query], distance[query] = kernels.settle(
            index.codebook, index.codes, queries[query], t[own], bound[own], found.shape[1], True
        )

    in_threads(settle, range(len(queries)), threads, watch, counted=False)
