"""The training kernel in numpy: what is left where there is neither a compiler nor numba."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from retrieval.kernels.train import CHUNK, LANES, SQUARES, Totals

BLOCK_BYTES = 64 * 2**20


def load() -> NumpyKernels:
    return NumpyKernels()


class NumpyKernels:
    name = "numpy"

    def assign(
        self,
        points: NDArray[np.float32],
        centers: NDArray[np.float32],
        *,
        weights: NDArray[np.float64] | None = None,
        squared: NDArray[np.float64] | None = None,
        totals: Totals | None = None,
    ) -> NDArray[np.int32]:
        labels = np.empty(len(points), dtype=np.int32)
        middle = centers.mean(axis=0, dtype=np.float64)
        block = max(1, BLOCK_BYTES // (24 * len(centers)))
        for start in range(0, len(points), block):
            rows = slice(start, start + block)
            labels[rows] = _nearest(points[rows], centers, middle)
            if squared is not None:
                near = centers[labels[rows]]
                lanes = (slice(lane, None, SQUARES) for lane in range(SQUARES))
                squared[rows] = sum(_squared_distances(points[rows, lane], near[:, lane]) for lane in lanes)
        if totals is not None:
            weight = np.ones(len(points)) if weights is None else weights
            totals.masses[:] = np.bincount(labels, weight, len(centers))
            for j in range(centers.shape[1]):
                totals.sums[:, j] = np.bincount(labels, weight * points[:, j], len(centers))
        return labels

    def spread(
        self, points: NDArray[np.float32], weights: NDArray[np.float64], luck: NDArray[np.float64]
    ) -> NDArray[np.int64]:
        columns = np.ascontiguousarray(points.T)
        nearest = np.ones(len(points), dtype=np.float32)
        chosen: list[int] = []
        for row in luck:
            mass = weights * nearest
            running = _running(mass)
            if running[-1] == 0:
                break
            least = np.inf
            for drawn in [_draw(mass, running, share) for share in (row if chosen else row[:1])]:
                trial = np.zeros(len(points), dtype=np.float32)
                for column in columns:
                    trial += (column - column[drawn]) ** 2
                if chosen:
                    np.minimum(trial, nearest, out=trial)
                left = _running(weights * trial)[-1]
                if left < least:
                    least, best, taken = left, trial, drawn
            nearest = best
            chosen.append(taken)
        return np.array(chosen, dtype=np.int64)


def _running(mass: NDArray[np.float64]) -> NDArray[np.float64]:
    """Running sums over chunks."""
    padded = np.pad(mass, (0, -mass.size % CHUNK)).reshape(-1, CHUNK // LANES, LANES)
    lanes = np.add.accumulate(padded, axis=1)[:, -1]
    # One running sum through all lanes of all chunks, as the definition says.
    return np.add.accumulate(lanes.reshape(-1)).reshape(-1, LANES)[:, -1]


def _draw(mass: NDArray[np.float64], running: NDArray[np.float64], share: float) -> int:
    """The point at which the running sum passes the `share` of the whole."""
    target = share * running[-1]
    chunk = min(int(np.searchsorted(running, target, side="right")), running.size - 1)
    first = chunk * CHUNK
    here = first + np.flatnonzero(mass[first : first + CHUNK])
    if here.size == 0:
        return first
    before = running[chunk - 1] if chunk else 0.0
    sums = np.add.accumulate(np.concatenate([[before], mass[here]]))[1:]
    return int(here[min(np.searchsorted(sums, target, side="right"), here.size - 1)])


def _nearest(
    points: NDArray[np.float32], centers: NDArray[np.float32], middle: NDArray[np.float64]
) -> NDArray[np.intp]:
    """The product form, which loses fewest digits about the `middle`, finds the nearest but for rounding.

    Points with rivals within it are settled by the plain definition.
    """
    x, c = points - middle, centers - middle
    c2, x2 = np.einsum("ij,ij->i", c, c), np.einsum("ij,ij->i", x, x)
    score = c2 - 2.0 * (x @ c.T)
    chosen = score.argmin(axis=1)
    rounding = 1e-15 * (points.shape[1] + 8) * (x2 + c2.max())
    near = score <= (score[np.arange(len(x)), chosen] + rounding)[:, None]
    unsure = np.flatnonzero(np.count_nonzero(near, axis=1) > 1)
    row, rival = np.nonzero(near[unsure])
    order = np.lexsort((rival, _squared_distances(points[unsure[row]], centers[rival]), row))
    chosen[unsure] = rival[order[np.unique(row[order], return_index=True)[1]]]
    return chosen


def _squared_distances(a: NDArray[np.float32], b: NDArray[np.float32]) -> NDArray[np.float64]:
    """Row by row, summed sample after sample as the definition says."""
    total = np.zeros(len(a))
    for j in range(a.shape[1]):
        difference = a[:, j].astype(np.float64) - b[:, j]
        total += difference * difference
    return total
