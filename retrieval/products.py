"""Search by matrix products with decoded templates, for squared distances of many segments.

The distance to a code is the distance to its decoding, |q - t|^2 = |q|^2 + |t|^2 - 2 q.t. Products run about
the mean template, in float32 or, where the machine is faster so, in 16-bit integers. What rounding can do to
them is bounded (Higham 2002, Accuracy and Stability of Numerical Algorithms, section 3.1; for integers by
Cauchy and Schwarz), and the few templates that the bound leaves are settled exactly.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from retrieval.index import TemplateIndex, decode
from retrieval.kernels import ScanKernels
from retrieval.kernels.products_native import IntegerProducts, integer_products, packed
from retrieval.scale import scale_of
from retrieval.work import Watch, in_threads

UNIT = 2.0**-24  # rounding of float32
QUERIES = 8192  # at once, at most: decoding a template is shared by so many
TILE = 512  # templates at once
CANDIDATES = 200  # that the bound leaves of a query, as a rule: more where templates are alike
CANDIDATE_BYTES = 72  # of each: query, template and bound, as found, joined and in order

# q.t - |t|^2 / 2 of a tile of templates and all queries (t, q), the largest |t|, and what |q - t|^2 may have
# lost for every query (q,) beside the roundings of float32.
_Products = tuple[NDArray[np.float32], float, NDArray[np.float64]]
_Multiply = Callable[[slice], _Products]


def queries_at_once(memory: int, samples: int, threads: int) -> int:
    """How many queries of `samples` `search_products` may take at once within `memory` bytes."""
    room = memory - 8 * threads * TILE * samples
    return int(np.clip(room // _query_bytes(samples, threads), 1, QUERIES))


def working_bytes(queries: int, samples: int, threads: int) -> int:
    """Memory that so many queries at once take."""
    return queries * _query_bytes(samples, threads) + 8 * threads * TILE * samples


def _query_bytes(samples: int, threads: int) -> int:
    """The share of one query: itself about the mean, rounded, and packed; a column of each thread's tile; its
    candidates.
    """
    return 10 * samples + 5 * threads * TILE + CANDIDATES * CANDIDATE_BYTES


def piece_count(queries: int, templates: int, at_once: int) -> int:
    """Pieces that `search_products` tells its watch of."""
    return -(-queries // at_once) * -(-templates // TILE)


def multiplies_integers(kernels: ScanKernels) -> bool:
    """Whether products run in 16-bit integers here."""
    return kernels.name == "native" and integer_products() is not None


def search_products(
    index: TemplateIndex,
    queries: NDArray[np.float32],
    limit: NDArray[np.float64],
    k: int,
    kernels: ScanKernels,
    threads: int,
    watch: Watch,
    at_once: int,
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """The `k` nearest by squared distance (q, k) to `queries` (q, d), knowing that k are within `limit`.

    `at_once` queries are multiplied together: every template is decoded once for them.
    """
    found, distance = np.empty((len(queries), k), dtype=np.int64), np.empty((len(queries), k))
    scale = scale_of(index.codebook, queries)
    for start in range(0, len(queries), at_once):
        rows = slice(start, start + at_once)
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
    mean = index.mean * np.float32(scale / index.scale)
    about = queries * np.float32(scale) - mean
    squares = np.einsum("ij,ij->i", about, about, dtype=np.float64)
    norms = np.sqrt(squares)
    # A dot product of n terms loses at most n units of the product of the norms, the rest a few more.
    loss = 1.01 * (mean.size + 16) * UNIT
    roots = np.sqrt(limit) * scale
    top = roots * roots
    integer = integer_products() if multiplies_integers(kernels) else None
    multiply = (
        _integer_tile(integer, index, mean, scale, about, norms)
        if integer
        else _float_tile(index, mean, scale, about)
    )
    candidates: list[tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float64]]] = []

    def work(first: int) -> None:
        products, reach, lost = multiply(slice(first, first + TILE))
        # In scaled units 1e-30 is more than what underflows.
        lost = lost + loss * (norms + reach) ** 2 + 2 * UNIT * (squares + top) + 1e-30
        # |q - t|^2 <= top is q.t - |t|^2 / 2 >= (|q|^2 - top) / 2.
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


def _float_tile(
    index: TemplateIndex, mean: NDArray[np.float32], scale: float, about: NDArray[np.float32]
) -> _Multiply:
    def multiply(rows: slice) -> _Products:
        tile = decode(index.codebook, index.codes[rows])
        tile *= np.float32(scale)
        tile -= mean
        squares = np.einsum("ij,ij->i", tile, tile, dtype=np.float64)
        products = tile @ about.T
        products -= (squares / 2).astype(np.float32)[:, None]
        return products, float(np.sqrt(squares.max())), np.zeros(len(about))

    return multiply


def _integer_tile(
    integer: IntegerProducts,
    index: TemplateIndex,
    mean: NDArray[np.float32],
    scale: float,
    about: NDArray[np.float32],
    norms: NDArray[np.float64],
) -> _Multiply:
    queries = integer.vectors(about)
    side, steps = packed(queries)
    local = threading.local()

    def multiply(rows: slice) -> _Products:
        if not hasattr(local, "products"):
            local.products = np.empty((TILE, steps.size), dtype=np.float32)
        templates = integer.templates(index, rows, mean, scale)
        products = local.products[: templates.step.size]
        integer.multiply(templates, side, steps, products)
        reach = float(np.sqrt(templates.square.max()))
        # (a + e).(b + f) - a.b is at most |e| |b| + |a + e| |f|.
        lost = 2.0 * (queries.error * reach + (norms + queries.error) * templates.error.max())
        return products[:, : len(about)], reach, lost

    return multiply
