"""The scan kernels compiled by numba; the same bounds and sums as `native/scan.cpp`, 64 queries to a line.

Entries stop at 4095 and sums at 32767, so that a group of eight entries cannot overflow 16 bits: compilers
turn that into vector code, which they do not for sums that saturate.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from retrieval.index import GROUP, Codes, TemplateIndex
from retrieval.kernels.memory import TableScratch
from retrieval.scale import scale_of

LANES = 64
FULL = 32767  # a sum that no query wants
ENTRY = 4095

_Found = tuple[NDArray[np.int64], NDArray[np.float64]]
_compiled = njit(nogil=True, cache=True, error_model="numpy")


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
        scale = scale_of(index.codebook, queries)
        scaled = scale * scale if squared else scale
        filled = np.vstack((queries, np.repeat(queries[-1:], LANES - len(queries), axis=0)))
        parts = np.ascontiguousarray(filled.T) * np.float32(scale)
        minima = np.empty((segments, LANES), dtype=np.float32)
        _minima(index.codebook, parts, np.float32(scale), squared, minima)
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
            _fill(index.codebook, parts, np.float32(scale), squared, minima, factor, chosen, scratch.table)
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
    for q in range(points.shape[0]):
        scores[:] = np.inf
        for cell in cells[q]:
            first, last = starts[cell], starts[cell + 1]
            for block in range(first // 16, (last + 15) // 16):
                score[:] = np.float32(0.5) * norms[block]
                for j in range(points.shape[1]):
                    for i in range(16):
                        score[i] -= coordinates[block, j, i] * points[q, j]
                for i in range(max(first - block * 16, 0), min(last - block * 16, 16)):
                    if score[i] < scores[wanted - 1]:
                        place = wanted - 1
                        while place and score[i] < scores[place - 1]:
                            scores[place], rows[q, place] = scores[place - 1], rows[q, place - 1]
                            place -= 1
                        scores[place], rows[q, place] = score[i], order[block * 16 + i]
    return rows


@_compiled
def _bounds(center, parts, first, scale, squared, shrink, out):
    """Lower bounds `out` (lanes,) of the sub-distances of `center` to the queries, in scaled units."""
    out[:] = np.float32(0)
    for j in range(center.size):
        c = center[j] * scale
        for lane in range(LANES):
            difference = parts[first + j, lane] - c
            out[lane] += difference * difference
    for lane in range(LANES):
        # 1e-37 is more than what may be lost by underflow in scaled units.
        low = max(out[lane] * shrink - np.float32(1e-37), np.float32(0))
        out[lane] = low if squared else np.sqrt(low) * np.float32(0.9999995)


@_compiled
def _shrink(width):
    return np.float32(1.0 - (width + 8) * 1.2e-7)


@_compiled
def _minima(codebook, parts, scale, squared, minima):
    width = codebook.shape[2]
    low = np.empty(LANES, dtype=np.float32)
    for m in range(codebook.shape[0]):
        minima[m] = np.inf
        for c in range(codebook.shape[1]):
            _bounds(codebook[m, c], parts, m * width, scale, squared, _shrink(width), low)
            for lane in range(LANES):
                minima[m, lane] = min(minima[m, lane], low[lane])


@_compiled
def _fill(codebook, parts, scale, squared, minima, factor, chosen, table):
    """Tables of the `chosen` segments after each other: lower bounds above the minimum, in whole units.

    A group that they do not fill is filled up with segments that add nothing, for code 0.
    """
    centers, width = codebook.shape[1], codebook.shape[2]
    low = np.empty(LANES, dtype=np.float32)
    for s in range(chosen.size):
        m = chosen[s]
        for c in range(centers):
            _bounds(codebook[m, c], parts, m * width, scale, squared, _shrink(width), low)
            for lane in range(LANES):
                units = min((low[lane] - minima[m, lane]) * factor[lane], np.float32(ENTRY))
                table[s * centers + c, lane] = np.uint16(np.int32(units))
    for s in range(chosen.size, -(-chosen.size // GROUP) * GROUP):
        table[s * centers] = 0


@_compiled
def _scan(table, groups, centers, sums, rows, tiles, fresh):
    """Add groups of segments to the living rows of each tile; keep those that some query still wants.

    One function, and single elements everywhere: calls and views of lines would cost more than the sums.
    Places are unsigned, for signed ones are tested for being negative, which keeps a loop from vector code.
    """
    line = np.empty(LANES, dtype=np.uint16)
    step = np.uint64(centers)
    for tile in range(tiles.shape[0]):
        start = tiles[tile, 0]
        if fresh:
            sums[start : start + tiles[tile, 1]] = np.uint16(0)
        for group in range(groups.shape[0]):
            codes = groups[group]
            first = np.uint64(group * GROUP) * step
            kept = np.uint64(start)
            for i in range(np.uint64(start), np.uint64(start + tiles[tile, 1])):
                row = np.uint64(rows[i])
                p0 = first + np.uint64(codes[row, 0])
                p1 = first + step + np.uint64(codes[row, 1])
                p2 = first + np.uint64(2) * step + np.uint64(codes[row, 2])
                p3 = first + np.uint64(3) * step + np.uint64(codes[row, 3])
                p4 = first + np.uint64(4) * step + np.uint64(codes[row, 4])
                p5 = first + np.uint64(5) * step + np.uint64(codes[row, 5])
                p6 = first + np.uint64(6) * step + np.uint64(codes[row, 6])
                p7 = first + np.uint64(7) * step + np.uint64(codes[row, 7])
                least = np.uint16(FULL)
                for lane in range(np.uint64(LANES)):
                    total = np.uint16(table[p0, lane] + table[p1, lane] + table[p2, lane] + table[p3, lane])
                    total += np.uint16(table[p4, lane] + table[p5, lane] + table[p6, lane] + table[p7, lane])
                    total = min(np.uint16(total + sums[i, lane]), np.uint16(FULL))
                    line[lane] = total
                    least = min(least, total)
                for lane in range(np.uint64(LANES)):
                    sums[kept, lane] = line[lane]
                rows[kept] = rows[i]
                kept += np.uint64(least < FULL)
            tiles[tile, 1] = np.int64(kept) - start


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
