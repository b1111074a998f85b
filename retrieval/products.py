"""Search by matrix products with decoded templates, for squared distances of many segments.

The distance to a code is the distance to its decoding, |q - t|^2 = |q|^2 + |t|^2 - 2 q.t. Products run about
the mean template, in float32 or, where the machine is faster so, in 16-bit integers. What rounding can do to
them is bounded (Higham 2002, Accuracy and Stability of Numerical Algorithms, section 3.1; for integers by
Cauchy and Schwarz), and the few templates that the bound leaves are settled exactly.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

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

# Templates (of a tile) and queries that may be within the limits, and a lower bound of each |q - t|^2.
_Candidates = tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float64]]
_Multiply = Callable[[slice], _Candidates]


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
    roots = np.sqrt(limit) * scale
    limits = _Limits(np.einsum("ij,ij->i", about, about, dtype=np.float64), roots * roots, mean.size)
    integer = integer_products() if multiplies_integers(kernels) else None
    multiply = (
        _integer_tile(integer, index, mean, scale, about, limits)
        if integer
        else _float_tile(index, mean, scale, about, limits)
    )
    candidates: list[_Candidates] = []

    def work(first: int) -> None:
        t, q, bound = multiply(slice(first, first + TILE))
        candidates.append((t + first, q, bound))

    in_threads(work, range(0, index.templates, TILE), threads, watch)
    t, q, bound = (np.concatenate(parts) for parts in zip(*candidates, strict=True))
    by_query = np.argsort(q, kind="stable")
    t, bound = t[by_query], bound[by_query] / scale / scale
    edges = np.searchsorted(q[by_query], np.arange(len(queries) + 1))

    def settle(query: int) -> None:
        own = slice(edges[query], edges[query + 1])
        found[query], distance[query] = kernels.settle(
            index.codebook, index.codes, queries[query], t[own], bound[own], found.shape[1], True
        )

    in_threads(settle, range(len(queries)), threads, watch, counted=False)


@dataclass(frozen=True)
class _Limits:
    """What products must reach for queries of squared norms `square` (q,) and squared distances `top` (q,).

    All about the mean and in scaled units; `samples` is the number of a vector's.
    """

    square: NDArray[np.float64]
    top: NDArray[np.float64]
    samples: int

    @cached_property
    def norm(self) -> NDArray[np.float64]:
        return np.sqrt(self.square)

    def lost(self, reach: float) -> NDArray[np.float64]:
        """What float32 may have lost of |q - t|^2 (q,), |t| being at most `reach`."""
        # A dot product of n terms loses at most n units of the product of the norms, the rest a few more. In
        # scaled units 1e-30 is more than what underflows.
        loss = 1.01 * (self.samples + 16) * UNIT
        return loss * (self.norm + reach) ** 2 + 2 * UNIT * (self.square + self.top) + 1e-30

    def least(self, lost: NDArray[np.float64]) -> NDArray[np.float32]:
        """|q - t|^2 <= top is q.t - |t|^2 / 2 >= (|q|^2 - top) / 2."""
        return ((self.square - self.top - lost) / 2).astype(np.float32)

    def candidates(
        self,
        t: NDArray[np.intp],
        q: NDArray[np.intp],
        product: NDArray[np.float32],
        lost: NDArray[np.float64],
    ) -> _Candidates:
        return t, q, self.square[q] - 2.0 * product - lost[q]


def _float_tile(
    index: TemplateIndex,
    mean: NDArray[np.float32],
    scale: float,
    about: NDArray[np.float32],
    limits: _Limits,
) -> _Multiply:
    def multiply(rows: slice) -> _Candidates:
        tile = decode(index.codebook, index.codes[rows])
        tile *= np.float32(scale)
        tile -= mean
        squares = np.einsum("ij,ij->i", tile, tile, dtype=np.float64)
        products = tile @ about.T
        products -= (squares / 2).astype(np.float32)[:, None]
        lost = limits.lost(float(np.sqrt(squares.max())))
        reached = np.flatnonzero(products >= limits.least(lost))
        t, q = np.divmod(reached, len(about))
        return limits.candidates(t, q, products[t, q], lost)

    return multiply


def _integer_tile(
    integer: IntegerProducts,
    index: TemplateIndex,
    mean: NDArray[np.float32],
    scale: float,
    about: NDArray[np.float32],
    limits: _Limits,
) -> _Multiply:
    queries = integer.vectors(about)
    side = packed(queries)

    def multiply(rows: slice) -> _Candidates:
        templates = integer.templates(index, rows, mean, scale)
        reach = float(np.sqrt(templates.square.max()))
        # (a + e).(b + f) - a.b is at most |e| |b| + |a + e| |f|.
        rounded = queries.error * reach + (limits.norm + queries.error) * templates.error.max()
        lost = limits.lost(reach) + 2.0 * rounded
        return limits.candidates(*integer.reaching(templates, side, limits.least(lost)), lost)

    return multiply
