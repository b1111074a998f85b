"""Exact asymmetric search over product-quantization codes.

Jégou et al. 2011, section 3; Lu et al. 2022, section 3.1.

A query is compared with the centres of each segment once; the distance of a template is then the sum of its
entries in that table. Every result equals, to the bit, a plain loop in float64 over segments and samples; the
faster plans only find out, by bounds that hold whatever the rounding, which templates need not be looked at.
"""

from __future__ import annotations

import threading
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from retrieval.index import (
    Codes,
    TemplateIndex,
    book_bytes,
    build_index,
    building_bytes,
    index_bytes,
    nearest_cells,
)
from retrieval.kernels import ScanKernels, scan_kernels
from retrieval.kernels.memory import scratch_bytes, table_scratch, template_bytes
from retrieval.plan import Plan, PlanName, Problem, choose
from retrieval.products import (
    multiplies_integers,
    piece_count,
    queries_at_once,
    search_products,
    working_bytes,
)
from retrieval.work import Cancelled, Progress, Watch, in_threads

Metric = Literal["l2_sum", "l2_squared"]
METRICS: tuple[Metric, ...] = ("l2_sum", "l2_squared")

BLOCK_BYTES = 96 * 2**20  # working memory of one block of queries of the plain search
DEFAULT_MEMORY = 2 * 2**30  # bytes that a search may hold beside its input and output
PROBES = 6  # cells that are looked into for guesses
GUESSES = 8
GUESS_BLOCK = 256  # queries

_Found = tuple[NDArray[np.int64], NDArray[np.float64]]


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
    """The `k` nearest encoded templates of each query; see `Searcher.nearest`."""
    return Searcher(codebook, codes, metric=metric, threads=threads).nearest(queries, k)


class Searcher:
    """Encoded templates, ready to be searched many times.

    `codebook` float32 (segments, centers, width), `codes` (n, segments); the caller has checked both.
    `threads` blocks of queries are worked on at once (None: one), within `memory` bytes beside input and
    output; templates are taken in slices when they are too many for it. `kernels` names the form of the
    inner loops (None: the fastest there is). None of the three changes a result.
    """

    def __init__(
        self,
        codebook: NDArray[np.float32],
        codes: Codes,
        *,
        metric: Metric,
        threads: int | None = None,
        memory: int = DEFAULT_MEMORY,
        kernels: str | None = None,
    ) -> None:
        self.codebook = np.ascontiguousarray(codebook)
        self.codes = np.ascontiguousarray(codes)
        self.metric: Metric = metric
        self.threads = threads or 1
        self.memory = memory - memory // 5  # a fifth for what the allocator keeps of freed arrays
        self._kernels = scan_kernels(kernels)
        self._kept: TemplateIndex | None = None

    def plan(self, queries: int) -> Plan:
        """How `nearest` would search for so many queries, and why."""
        segments, centers, width = self.codebook.shape
        problem = Problem(
            templates=len(self.codes),
            queries=queries,
            segments=segments,
            centers=centers,
            width=width,
            squared=self.metric == "l2_squared",
            threads=self.threads,
            integers=self._kernels is not None and multiplies_integers(self._kernels),
        )
        name, lanes = (self._kernels.name, self._kernels.block) if self._kernels else ("numpy", 1)
        return choose(problem, name, lanes, indexed=self._kept is not None)

    def prepare(self) -> None:
        """Index the templates now, where their index fits the memory.

        Worth its time where single queries are to follow, none of which would pay for it.
        """
        if self._kernels is not None:
            whole = len(self.codes)
            if self._slice_rows("tables", 1, 1, self._kernels.block) >= whole:
                self._index(slice(0, whole))

    def nearest(
        self,
        queries: NDArray[np.float32],
        k: int = 1,
        *,
        plan: PlanName | None = None,
        progress: Progress | None = None,
        cancelled: Cancelled | None = None,
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """The `k` nearest templates of each of `queries` float32 (q, d): indices, distances, both (q, k).

        Nearest first; equal distances go to the lowest index. `progress` is told (done, of all) after each
        piece of work; CancelledError soon after `cancelled` answers True. `plan` names one instead of the
        cheapest.
        """
        queries = np.ascontiguousarray(queries, dtype=np.float32)
        plan = plan or self.plan(len(queries)).name
        watch = Watch(progress, cancelled)
        if plan == "plain" or self._kernels is None:
            index, distance = self._plain(queries, k, watch)
        else:
            index, distance = self._indexed(queries, k, plan, watch, self._kernels)
        with np.errstate(over="ignore"):  # beyond float32 is infinity
            return index, distance.astype(np.float32)

    def _plain(self, queries: NDArray[np.float32], k: int, watch: Watch) -> _Found:
        segments, centers, _ = self.codebook.shape
        index, distance = np.empty((len(queries), k), dtype=np.int64), np.empty((len(queries), k))
        by_segment = np.ascontiguousarray(self.codes.T).astype(np.intp)
        per_query = 8 * (2 * segments * centers + 3 * len(self.codes))
        room = min(BLOCK_BYTES, self.memory // self.threads)
        block = max(1, min(room // per_query, 256))
        starts = range(0, len(queries), block)
        watch.total = len(starts)

        def work(start: int) -> None:
            rows = slice(start, start + block)
            tables = distance_tables(self.codebook, queries[rows], self.metric)
            total = np.zeros((by_segment.shape[1], tables.shape[2]))
            for table, code in zip(tables, by_segment, strict=True):
                total += table[code]
            for row, distances in enumerate(np.ascontiguousarray(total.T), start):
                best = _smallest(distances, k)
                index[row], distance[row] = best, distances[best]

        in_threads(work, starts, self.threads, watch)
        return index, distance

    def _slice_rows(self, plan: PlanName, queries: int, at_once: int, lanes: int) -> int:
        """Templates that fit the memory at once, all threads working, beside `queries` in their own order."""
        segments, centers, width = self.codebook.shape
        each = index_bytes(1, segments, self.codes.itemsize)
        if plan == "products":
            working = working_bytes(at_once, segments * width, self.threads)
        else:
            working = self.threads * scratch_bytes(0, segments, centers, lanes)
            each += self.threads * template_bytes(lanes)
        fixed = max(working, building_bytes(segments * width)) + book_bytes(segments, centers, width)
        fixed += 4 * queries * segments * width
        return int(np.clip((self.memory - fixed) // each, min(len(self.codes), 1024), len(self.codes)))

    def _indexed(
        self, queries: NDArray[np.float32], k: int, plan: PlanName, watch: Watch, kernels: ScanKernels
    ) -> _Found:
        """Search slice after slice of the templates; what is found tightens the search of the next."""
        # Half of the memory is for the index.
        at_once = min(queries_at_once(self.memory // 2, queries.shape[1], self.threads), len(queries))
        rows = self._slice_rows(plan, len(queries), at_once, kernels.block)
        starts = range(0, len(self.codes), rows)
        watch.total = len(starts) * -(-len(queries) // kernels.block)
        if plan == "products":
            sizes = (min(rows, len(self.codes) - start) for start in starts)
            watch.total = sum(piece_count(len(queries), size, at_once) for size in sizes)
        found: _Found | None = None
        for start in starts:
            index = self._index(slice(start, start + rows))
            part = self._search(index, queries, min(k, index.templates), plan, watch, kernels, at_once)
            part = part[0] + start, part[1]
            found = part if found is None else _merged(found, part, k)
        assert found is not None
        return found

    def _index(self, rows: slice) -> TemplateIndex:
        """The index of one slice; kept when it is the only one, for more would not fit the memory."""
        whole = rows.stop - rows.start >= len(self.codes)
        if whole and self._kept is not None:
            return self._kept
        self._kept = None
        index = build_index(self.codebook, self.codes[rows])
        if whole:
            self._kept = index
        return index

    def _search(
        self,
        index: TemplateIndex,
        queries: NDArray[np.float32],
        k: int,
        plan: PlanName,
        watch: Watch,
        kernels: ScanKernels,
        at_once: int,
    ) -> _Found:
        squared = self.metric == "l2_squared"
        points = index.points(queries)
        wanted = min(max(GUESSES, 2 * k), index.templates)
        # Cells enough to hold the guesses twice over, were they all of one size.
        probes = max(PROBES, 2 * wanted * len(index.centroids) // index.templates)
        cells = nearest_cells(points, index.centroids, min(probes, len(index.centroids)))
        order = np.lexsort(cells.T[1::-1])  # similar queries after each other
        queries, points, cells = queries[order], points[order], cells[order]
        limit = np.empty(len(queries))

        def guess(start: int) -> None:
            rows = slice(start, start + GUESS_BLOCK)
            near = kernels.guess(index, points[rows], cells[rows], wanted)
            exact = kernels.exact(self.codebook, index.codes, queries[rows], near, squared)
            limit[rows] = np.partition(exact, k - 1, axis=1)[:, k - 1]

        in_threads(guess, range(0, len(queries), GUESS_BLOCK), self.threads, watch, counted=False)
        if plan == "products":
            found = search_products(index, queries, limit, k, kernels, self.threads, watch, at_once)
        else:
            found = self._by_tables(index, queries, limit, k, watch, kernels)
        unsorted = np.empty_like(found[0]), np.empty_like(found[1])
        unsorted[0][order], unsorted[1][order] = found
        return unsorted

    def _by_tables(
        self,
        index: TemplateIndex,
        queries: NDArray[np.float32],
        limit: NDArray[np.float64],
        k: int,
        watch: Watch,
        kernels: ScanKernels,
    ) -> _Found:
        found = np.empty((len(queries), k), dtype=np.int64), np.empty((len(queries), k))
        squared = self.metric == "l2_squared"
        local = threading.local()

        def work(start: int) -> None:
            if not hasattr(local, "scratch"):
                local.scratch = table_scratch(index, kernels.block)
            rows = slice(start, start + kernels.block)
            found[0][rows], found[1][rows] = kernels.tables(
                index, queries[rows], limit[rows], k, squared, local.scratch
            )

        in_threads(work, range(0, len(queries), kernels.block), self.threads, watch)
        return found


def _merged(one: _Found, other: _Found, k: int) -> _Found:
    """The `k` nearest of two searches, `one` of the lower indices."""
    index, distance = np.hstack((one[0], other[0])), np.hstack((one[1], other[1]))
    best = np.argsort(distance, axis=1, kind="stable")[:, :k]
    return np.take_along_axis(index, best, axis=1), np.take_along_axis(distance, best, axis=1)


def _smallest(distances: NDArray[np.float64], k: int) -> NDArray[np.intp]:
    """Indices of the `k` smallest values, smallest first, ties to the lowest index."""
    if k == 1:
        return np.argmin(distances, keepdims=True)
    limit = np.partition(distances, k - 1)[k - 1]
    candidates = np.flatnonzero(distances <= limit)
    return candidates[np.argsort(distances[candidates], kind="stable")][:k]
