"""The scan kernels compiled by numba; the same bounds and sums as `native/scan.cpp`."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from retrieval.index import GROUP, Codes, TemplateIndex
from retrieval.kernels.lanes_numba import (
    add_saturated,
    any_below,
    fetch,
    fused,
    least,
    minus,
    most,
    plus,
    put,
    reader,
    root,
    same,
    times,
    whole,
)
from retrieval.kernels.memory import TableScratch
from retrieval.scale import kept_of_squares, scale_of

LANES = 32  # queries of a block: one 64-byte line of uint16
FULL = 65535  # a sum that no query wants
AHEAD = 24  # rows whose codes are fetched before they are needed

_line = reader(LANES)
_pack = reader(16)

_Found = tuple[NDArray[np.int64], NDArray[np.float64]]
_compiled = njit(nogil=True, cache=True, error_model="numpy")
_inlined = njit(nogil=True, cache=True, error_model="numpy", forceinline=True)


def load() -> NumbaKernels:
    return NumbaKernels()


class NumbaKernels:
    name = "numba"
    block = LANES

    def guess(
        self,
        index: TemplateIndex,
        points: NDArray[np.float32],
        cells: NDArray[np.int64],
        wanted: int,
    ) -> NDArray[np.int64]:
        return _guess(index.coordinates, index.norms, index.order, index.starts, points, cells, wanted)

    def exact(
        self,
        codebook: NDArray[np.float32],
        codes: Codes,
        queries: NDArray[np.float32],
        rows: NDArray[np.int64],
        squared: bool,
    ) -> NDArray[np.float64]:
        return _exact(codebook, codes, queries, rows, squared)

    def settle(
        self,
        codebook: NDArray[np.float32],
        codes: Codes,
        query: NDArray[np.float32],
        rows: NDArray[np.int64],
        bounds: NDArray[np.float64],
        k: int,
        squared: bool,
    ) -> _Found:
        index, distance = np.empty(k, dtype=np.int64), np.empty(k)
        _settle(codebook, codes, query, rows, bounds, squared, index, distance)
        return index, distance

    def tables(
        self,
        index: TemplateIndex,
        queries: NDArray[np.float32],
        limit: NDArray[np.float64],
        k: int,
        squared: bool,
        scratch: TableScratch,
    ) -> _Found:
        segments, centers, width = index.codebook.shape
        scale = min(index.scale, scale_of(queries))
        ratio = np.float32(scale / index.scale)
        scaled = scale * scale if squared else scale
        filled = np.vstack((queries, np.repeat(queries[-1:], LANES - len(queries), axis=0)))
        about = np.ascontiguousarray(filled.T) * np.float32(scale) - (index.mean * ratio)[:, None]
        norms = np.einsum("mjl,mjl->ml", *2 * (about.reshape(segments, width, LANES),))
        # 1e-37 is more than what may be lost by underflow in scaled units.
        norms = norms * kept_of_squares(width) - np.float32(1e-37)
        parts = about * (np.float32(-2.0) * ratio)
        center_norms = index.center_norms * (ratio * ratio)
        minima = np.empty((segments, LANES), dtype=np.float32)
        _minima(index.centers, center_norms, parts, norms, squared, minima)
        base = minima.sum(axis=0, dtype=np.float64)
        rounding = (segments + width + 16) * 1e-15
        top = np.concatenate((limit, np.repeat(limit[-1:], LANES - len(queries)))) * scaled
        reach = top + (top + base) * rounding - base
        # Taken a little small: floor and float32 rounding may only lower a bound.
        factor = np.minimum((FULL - 1) / np.maximum(reach, 1e-30) * (1.0 - 1e-6), 1e30).astype(np.float32)
        tiles = _tiles(index.templates, scratch.tile)
        scratch.rows[:] = np.arange(index.templates, dtype=np.int32)
        for stage in range(0, segments, scratch.stage):
            chosen = index.segment_order[stage : stage + scratch.stage]
            _fill(index.centers, center_norms, parts, norms, squared, minima, factor, chosen, scratch.table)
            groups = index.grouped[stage // GROUP : -(-(stage + len(chosen)) // GROUP)]
            _scan(scratch.table, groups, centers, scratch.sums, scratch.rows, tiles, stage == 0)
        found = np.empty((len(queries), k), dtype=np.int64), np.empty((len(queries), k))
        places, lanes, units = _candidates(scratch.sums, scratch.rows, tiles, len(queries))
        with np.errstate(divide="ignore"):
            steps = np.where(factor > 0, 1.0 / (factor * (1.0 + 1e-6)), 0.0)
        bounds = (base[lanes] + units * steps[lanes]) * (1.0 - 2.0 * rounding) / scaled
        edges = np.searchsorted(lanes, np.arange(len(queries) + 1))
        rows = index.order[places].astype(np.int64)
        for lane, query in enumerate(queries):
            own = slice(edges[lane], edges[lane + 1])
            _settle(
                index.codebook,
                index.codes,
                query,
                rows[own],
                bounds[own],
                squared,
                found[0][lane],
                found[1][lane],
            )
        return found


def _tiles(templates: int, rows: int) -> NDArray[np.int64]:
    """First place and number of living templates of each tile, (tiles, 2)."""
    first = np.arange(0, templates, rows)
    return np.column_stack((first, np.minimum(rows, templates - first)))


@_compiled
def _distance(codebook, codes, query, squared):
    """One distance, term by term in the order of the plain definition."""
    total = 0.0
    width = codebook.shape[2]
    for m in range(codebook.shape[0]):
        code = codes[m]
        near = 0.0
        for j in range(width):
            difference = np.float64(query[m * width + j]) - np.float64(codebook[m, code, j])
            near += difference * difference
        total += near if squared else np.sqrt(near)
    return total


@_compiled
def _exact(codebook, codes, queries, rows, squared):
    distance = np.full(rows.shape, np.inf)
    for q in range(rows.shape[0]):
        for i in range(rows.shape[1]):
            if rows[q, i] >= 0:
                distance[q, i] = _distance(codebook, codes[rows[q, i]], queries[q], squared)
    return distance


@_compiled
def _settle(codebook, codes, query, rows, bounds, squared, index, distance):
    """Fill `index` and `distance` (k,): candidates by growing bound, while they can be among the nearest."""
    k, held = index.size, 0
    for i in np.argsort(bounds):
        if held == k and bounds[i] > distance[k - 1]:
            break
        row = rows[i]
        far = _distance(codebook, codes[row], query, squared)
        if held == k and (far > distance[k - 1] or (far == distance[k - 1] and row > index[k - 1])):
            continue
        held = min(held + 1, k)
        place = held - 1
        while place and (
            far < distance[place - 1] or (far == distance[place - 1] and row < index[place - 1])
        ):
            distance[place], index[place] = distance[place - 1], index[place - 1]
            place -= 1
        distance[place], index[place] = far, row


@_compiled
def _guess(coordinates, norms, order, starts, points, cells, wanted):
    rows = np.full((points.shape[0], wanted), -1, dtype=np.int64)
    scores = np.full(wanted, np.inf, dtype=np.float32)
    score = np.empty(16, dtype=np.float32)
    components = np.uint64(points.shape[1])
    for q in range(points.shape[0]):
        scores[:] = np.inf
        for cell in cells[q]:
            first, last = starts[cell], starts[cell + 1]
            for block in range(first // 16, (last + 15) // 16):
                total = _pack(norms, np.uint64(block))
                total = times(total, same(total, np.float32(-0.5)))
                column = np.uint64(block) * components
                for j in range(components):
                    total = fused(_pack(coordinates, column + j), same(total, points[q, j]), total)
                put(score, np.uint64(0), total)
                for i in range(max(first - block * 16, 0), min(last - block * 16, 16)):
                    if -score[i] < scores[wanted - 1]:
                        place = wanted - 1
                        while place and -score[i] < scores[place - 1]:
                            scores[place], rows[q, place] = scores[place - 1], rows[q, place - 1]
                            place -= 1
                        scores[place], rows[q, place] = -score[i], order[block * 16 + i]
    return rows


@_inlined
def _score(centers, center_norms, parts, m, c):
    """|c|^2 - 2 q.c of centre `c` of segment `m` and the queries, in scaled units about the mean."""
    first = m * np.uint64(centers.shape[2])
    score = same(_line(parts, first), center_norms[m, c])
    for j in range(np.uint64(centers.shape[2])):
        part = _line(parts, first + j)
        score = fused(part, same(part, centers[m, c, j]), score)
    return score


@_inlined
def _bound(score, norm, squared):
    """Lower bounds of sub-distances, in scaled units, from scores."""
    low = plus(score, norm)
    low = most(low, same(low, np.float32(0)))
    return low if squared else times(root(low), same(low, np.float32(0.9999995)))


@_compiled
def _minima(centers, center_norms, parts, norms, squared, minima):
    for m in range(np.uint64(centers.shape[0])):
        low = same(_line(minima, m), np.float32(np.inf))
        for c in range(np.uint64(centers.shape[1])):
            low = least(_score(centers, center_norms, parts, m, c), low)
        put(minima, m, _bound(low, _line(norms, m), squared))


@_compiled
def _fill(centers, center_norms, parts, norms, squared, minima, factor, chosen, table):
    """Tables of the `chosen` segments after each other: lower bounds above the minimum, in whole units.

    A group that they do not fill is filled up with segments that add nothing, for code 0.
    """
    count, factors = np.uint64(centers.shape[1]), _line(factor, np.uint64(0))
    top = same(factors, np.float32(FULL))
    for s in range(np.uint64(chosen.size)):
        m = np.uint64(chosen[s])
        of_segment, norm = _line(minima, m), _line(norms, m)
        for c in range(count):
            low = _bound(_score(centers, center_norms, parts, m, c), norm, squared)
            units = least(times(minus(low, of_segment), factors), top)
            put(table, s * count + c, whole(units))
    for s in range(chosen.size, -(-chosen.size // GROUP) * GROUP):
        table[np.uint64(s) * count] = 0


@_compiled
def _scan(table, groups, centers, sums, rows, tiles, fresh):
    """Add groups of segments to the living rows of each tile; keep those that some query still wants.

    Places are unsigned: signed ones are tested for being negative.
    """
    step = np.uint64(centers)
    full = same(_line(sums, np.uint64(0)), np.uint16(FULL))
    for tile in range(tiles.shape[0]):
        start = np.uint64(tiles[tile, 0])
        if fresh:
            sums[start : start + np.uint64(tiles[tile, 1])] = np.uint16(0)
        for group in range(groups.shape[0]):
            codes = groups[group]
            first = np.uint64(group * GROUP) * step
            kept, end = start, start + np.uint64(tiles[tile, 1])
            for i in range(start, end):
                row = np.uint64(rows[i])
                fetch(codes, np.uint64(rows[min(i + np.uint64(AHEAD), end - np.uint64(1))]))
                total = _line(sums, i)
                for s in range(np.uint64(GROUP)):
                    total = add_saturated(total, _line(table, first + s * step + np.uint64(codes[row, s])))
                put(sums, kept, total)
                rows[kept] = rows[i]
                kept += np.uint64(any_below(total, full))
            tiles[tile, 1] = np.int64(kept) - np.int64(start)


@_compiled
def _candidates(sums, rows, tiles, queries):
    """Place, query and units of every pair that is left, by query."""
    count = np.zeros(queries + 1, dtype=np.int64)
    for tile in range(tiles.shape[0]):
        for i in range(tiles[tile, 0], tiles[tile, 0] + tiles[tile, 1]):
            for lane in range(queries):
                count[lane + 1] += sums[i, lane] < FULL
    ends = np.cumsum(count)
    places, lanes = np.empty(ends[-1], dtype=np.int64), np.empty(ends[-1], dtype=np.int64)
    units = np.empty(ends[-1])
    for tile in range(tiles.shape[0]):
        for i in range(tiles[tile, 0], tiles[tile, 0] + tiles[tile, 1]):
            for lane in range(queries):
                if sums[i, lane] < FULL:
                    at = ends[lane]
                    places[at], lanes[at], units[at] = rows[i], lane, sums[i, lane]
                    ends[lane] += 1
    return places, lanes, units
