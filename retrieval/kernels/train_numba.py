"""The training kernel compiled by numba; the same scores, margins and sums as `native/train.cpp`."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from retrieval.kernels.train import CHUNK, LANES, SQUARES, Totals

TILE = 256  # points compared at once
BLOCK = 8192  # points whose labels, distances and sums follow each other, while they are in the cache
FAR = np.float32(1e15)  # norms that float32 cannot hold beside the centres

_exact = njit(nogil=True, cache=True, error_model="numpy")
# Fused products may round the scores otherwise: the margin holds for both.
_fused = njit(nogil=True, cache=True, error_model="numpy", fastmath={"contract"})


def load() -> NumbaKernels:
    return NumbaKernels()


class NumbaKernels:
    name = "numba"

    def assign(
        self,
        points: NDArray[np.float32],
        centers: NDArray[np.float32],
        *,
        weights: NDArray[np.float64] | None = None,
        squared: NDArray[np.float64] | None = None,
        totals: Totals | None = None,
    ) -> NDArray[np.int32]:
        packed, half, mean, scale = _pack(centers)
        labels = np.zeros(len(points), dtype=np.int32)
        for start in range(0, len(points), BLOCK):
            rows = slice(start, start + BLOCK)
            if len(centers) > 1:
                _assign(points[rows], centers, packed, half, mean, scale, labels[rows])
            if squared is not None:
                _fill_squared(points[rows], centers, labels[rows], squared[rows])
            if totals is not None:
                weight = np.ones(len(labels[rows])) if weights is None else weights[rows]
                _add(points[rows], weight, labels[rows], totals.sums, totals.masses)
        return labels

    def spread(
        self, points: NDArray[np.float32], weights: NDArray[np.float64], luck: NDArray[np.float64]
    ) -> NDArray[np.int64]:
        columns = np.zeros((points.shape[1], -(-len(points) // CHUNK) * CHUNK), dtype=np.float32)
        columns[:, : len(points)] = points.T
        masses = np.zeros(columns.shape[1])
        masses[: len(points)] = weights
        return _spread(columns, masses, luck)


def _pack(
    centers: NDArray[np.float32],
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float64], float]:
    """Centres less their mean, scaled to a largest norm of 1 to 2, negated; half their squared norms.

    Padded to a multiple of four centres, which are never the nearest, and two samples, which are zero.
    """
    (count, width), mean = centers.shape, centers.mean(axis=0, dtype=np.float64)
    moved = centers - mean
    largest = np.sqrt(np.einsum("ij,ij->i", moved, moved).max())
    scale = float(np.ldexp(1.0, 1 - int(np.frexp(largest)[1]))) if largest > 0 else 1.0
    packed = np.zeros((count + -count % 4, width + width % 2), dtype=np.float32)
    packed[:count, :width] = -(moved * scale)
    half = np.full(len(packed), np.inf, dtype=np.float32)
    half[:count] = np.einsum("ij,ij->i", packed[:count], packed[:count], dtype=np.float64) / 2
    return packed, half, mean, scale


@_exact
def _assign(points, centers, packed, half, mean, scale, labels):
    n, width = points.shape
    columns = np.zeros((packed.shape[1], TILE), dtype=np.float32)
    norms, limits = np.empty(TILE, dtype=np.float32), np.empty(TILE, dtype=np.float32)
    where, others = np.empty(TILE, dtype=np.int32), np.empty(TILE, dtype=np.float32)
    for start in range(0, n, TILE):
        count = min(TILE, n - start)
        norms[:] = 0
        for lane in range(count):
            for j in range(width):
                columns[j, lane] = (np.float64(points[start + lane, j]) - mean[j]) * scale
        for j in range(width):
            for lane in range(TILE):
                norms[lane] += columns[j, lane] * columns[j, lane]
        for lane in range(count):
            norms[lane] = np.sqrt(norms[lane])
            if not norms[lane] < FAR:
                columns[:, lane] = 0
        _label(columns, norms, packed, half, width, where, limits, others)
        for lane in range(count):
            if norms[lane] < FAR and others[lane] > limits[lane]:
                labels[start + lane] = where[lane]
            else:
                labels[start + lane] = _nearest(points[start + lane], centers)


@_fused
def _label(columns, norms, packed, half, width, where, limits, others):
    """The best centre of each lane, the score up to which one may be the nearest, and the second score."""
    s0, s1 = np.empty(TILE, dtype=np.float32), np.empty(TILE, dtype=np.float32)
    s2, s3 = np.empty(TILE, dtype=np.float32), np.empty(TILE, dtype=np.float32)
    best = np.full(TILE, np.inf, dtype=np.float32)
    others[:] = np.inf
    for k in range(0, packed.shape[0], 4):
        s0[:], s1[:], s2[:], s3[:] = half[k], half[k + 1], half[k + 2], half[k + 3]
        for j in range(0, packed.shape[1], 2):
            x, y = columns[j], columns[j + 1]
            a0, b0 = packed[k, j], packed[k, j + 1]
            a1, b1 = packed[k + 1, j], packed[k + 1, j + 1]
            a2, b2 = packed[k + 2, j], packed[k + 2, j + 1]
            a3, b3 = packed[k + 3, j], packed[k + 3, j + 1]
            for p in range(TILE):
                s0[p] += x[p] * a0 + y[p] * b0
                s1[p] += x[p] * a1 + y[p] * b1
                s2[p] += x[p] * a2 + y[p] * b2
                s3[p] += x[p] * a3 + y[p] * b3
        for p in range(TILE):
            first, second, at = best[p], others[p], where[p]
            second = min(second, max(first, s0[p]))
            at = np.int32(k) if s0[p] < first else at
            first = min(first, s0[p])
            second = min(second, max(first, s1[p]))
            at = np.int32(k + 1) if s1[p] < first else at
            first = min(first, s1[p])
            second = min(second, max(first, s2[p]))
            at = np.int32(k + 2) if s2[p] < first else at
            first = min(first, s2[p])
            second = min(second, max(first, s3[p]))
            at = np.int32(k + 3) if s3[p] < first else at
            first = min(first, s3[p])
            best[p], others[p], where[p] = first, second, at
    for p in range(TILE):
        # See native/train.cpp for the reason of this margin.
        within = np.float32(2) * best[p] + norms[p] * norms[p]
        reach = np.float32(1.01) * (norms[p] + np.sqrt(max(within, np.float32(0))))
        rounding = np.float32(width + 4) * np.float32(1.32e-7)
        limits[p] = best[p] + (rounding * reach * (reach + norms[p]) + np.float32(1e-34))


@_exact
def _squared_distance(a, b):
    total = 0.0
    for j in range(a.size):
        difference = np.float64(a[j]) - np.float64(b[j])
        total += difference * difference
    return total


@_exact
def _nearest(point, centers):
    least, label = np.inf, 0
    for k in range(centers.shape[0]):
        far = _squared_distance(point, centers[k])
        if far < least:
            least, label = far, k
    return label


@_exact
def _fill_squared(points, centers, labels, squared):
    width = np.uint64(points.shape[1])
    whole, lanes = width - width % np.uint64(SQUARES), np.empty(SQUARES)
    for i in range(labels.size):
        point, center = points[i], centers[labels[i]]
        lanes[:] = 0
        for first in range(np.uint64(0), whole, np.uint64(SQUARES)):
            for lane in range(np.uint64(SQUARES)):
                difference = np.float64(point[first + lane]) - np.float64(center[first + lane])
                lanes[lane] += difference * difference
        for lane in range(width - whole):
            difference = np.float64(point[whole + lane]) - np.float64(center[whole + lane])
            lanes[lane] += difference * difference
        total = 0.0
        for lane in range(SQUARES):
            total += lanes[lane]
        squared[i] = total


@_exact
def _add(points, weights, labels, sums, masses):
    for i in range(labels.size):
        masses[labels[i]] += weights[i]
        for j in range(points.shape[1]):
            sums[labels[i], j] += weights[i] * np.float64(points[i, j])


@_exact
def _spread(columns, weights, luck):
    size = weights.size
    nearest, trial = np.ones(size, dtype=np.float32), np.empty(size, dtype=np.float32)
    best = np.empty(size, dtype=np.float32)
    running, of_trial, of_best = np.empty((3, size // CHUNK))
    chosen = np.empty(luck.shape[0], dtype=np.int64)
    _running(nearest, weights, running)
    for count in range(luck.shape[0]):
        if running[-1] == 0:
            return chosen[:count]
        least = np.inf
        for t in range(luck.shape[1] if count else 1):
            drawn = _draw(nearest, weights, running, luck[count, t])
            trial[:] = 0
            for j in range(columns.shape[0]):
                column, at = columns[j], columns[j, drawn]
                for i in range(size):
                    difference = column[i] - at
                    trial[i] += difference * difference
            if count:
                for i in range(size):
                    trial[i] = min(trial[i], nearest[i])
            _running(trial, weights, of_trial)
            if of_trial[-1] < least:
                least, chosen[count] = of_trial[-1], drawn
                best, trial = trial, best
                of_best, of_trial = of_trial, of_best
        nearest, best = best, nearest
        running, of_best = of_best, running
    return chosen


@_exact
def _running(squared, weights, running):
    """Running sums over chunks."""
    lanes, total = np.empty(LANES), 0.0
    for chunk in range(running.size):
        lanes[:] = 0
        for first in range(chunk * CHUNK, (chunk + 1) * CHUNK, LANES):
            for lane in range(LANES):
                lanes[lane] += weights[first + lane] * np.float64(squared[first + lane])
        for lane in range(LANES):
            total += lanes[lane]
        running[chunk] = total


@_exact
def _draw(squared, weights, running, share):
    """The point at which the running sum passes the `share` of the whole."""
    target = share * running[-1]
    chunk = min(np.searchsorted(running, target, side="right"), running.size - 1)
    total = running[chunk - 1] if chunk else 0.0
    last = chunk * CHUNK
    for i in range(chunk * CHUNK, (chunk + 1) * CHUNK):
        here = weights[i] * np.float64(squared[i])
        if here == 0:
            continue
        last = i
        total += here
        if total > target:
            break
    return last
