"""K-means of the segments of a product quantizer: fast, and the same for any number of threads.

Starts on a sample that takes far points more often (a lightweight coreset: Bachem, Lucic & Krause 2018), each
weighted by one over its chance: there k-means++ (Arthur & Vassilvitskii 2007) with several trials a centre,
then Lloyd's iterations with over-relaxed steps; some more on a larger sample; at last a few on all points.
Assignments are exact (`retrieval.kernels.train`) and sums run in float64 in the order of the rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from retrieval.kernels.train import Totals, TrainKernels, train_kernels

FEW_CENTERS = 512  # the fewer they are, the more it matters which are chosen, and the less it costs
TRIALS = (8, 3)  # of k-means++ for each centre, of few and of many
FIRST_SAMPLE = 32  # points per centre
SECOND_SAMPLE = (24, 128)  # points per centre, within which half of the points are taken
SAMPLE_ITERATIONS = 10  # at most, on each sample
RELAXATION = 1.8  # steps beyond the means reach the optimum in fewer iterations
TOLERANCE = 1e-3  # converged: an iteration lowers the inertia by less than this share
ITERATIONS = (2, 3)  # at most, on all points, of few centres, which the samples fit well, and of many
EXPONENTS = 30  # powers of two beyond which points are scaled, lest their squares leave float32
CACHE_LINE = 16  # samples: segments that share one are copied at once


@dataclass(frozen=True)
class Training:
    """What was learnt of one segment.

    `centers` float32 (k, width); `inertia`, the summed squared distance of all points to the centres that
    they were last given to, which are the means of their points (some may by now lie nearer to another: to
    the nearest it is not more); `iterations` on all points; `gain`, by what share of it the last began with
    less inertia than the one before.
    """

    centers: NDArray[np.float32]
    inertia: float
    iterations: int
    gain: float

    @property
    def converged(self) -> bool:
        return self.gain < TOLERANCE


def train(
    X: NDArray[np.float32],
    seeds: Sequence[int],
    centers: int,
    *,
    start: NDArray[np.float32] | None = None,
    threads: int | None = None,
    kernels: TrainKernels | None = None,
) -> list[Training]:
    """K-means of consecutive segments, as many as `seeds`, that together are `X` float32 (n, d).

    n is at least `centers`. Each depends on its own samples and seed only. `start` (segments, centers, width)
    is a codebook to go on from; then only all points are used. `threads` segments are learnt at once (None:
    one).
    """
    width = X.shape[1] // len(seeds)
    form = kernels or train_kernels()
    size = max(1, min(CACHE_LINE // width, len(seeds) // (threads or 1)))

    def learn(first: int) -> list[Training]:
        group = range(first, min(first + size, len(seeds)))
        columns = X[:, first * width : group.stop * width].reshape(len(X), len(group), width)
        pieces = np.ascontiguousarray(columns.swapaxes(0, 1))
        begins = [None if start is None else start[m] for m in group]
        return [
            train_segment(piece, centers, seeds[m], begin, form)
            for piece, m, begin in zip(pieces, group, begins, strict=True)
        ]

    with ThreadPoolExecutor(max_workers=threads or 1) as pool:
        return [one for some in pool.map(learn, range(0, len(seeds), size)) for one in some]


def train_segment(
    points: NDArray[np.float32],
    centers: int,
    seed: int,
    start: NDArray[np.float32] | None,
    kernels: TrainKernels,
) -> Training:
    """K-means of `points` float32 (n, width), contiguous."""
    exponent = int(np.frexp(max(points.max(), -points.min()))[1])
    if abs(exponent) > EXPONENTS:
        begin = None if start is None else np.ldexp(start, -exponent)
        scaled = train_segment(np.ldexp(points, -exponent), centers, seed, begin, kernels)
        inertia = float(np.ldexp(scaled.inertia, 2 * exponent))
        return replace(scaled, centers=np.ldexp(scaled.centers, exponent), inertia=inertia)
    if start is None:
        start = _begin(points, centers, np.random.default_rng(seed), kernels)
    found, last, most = np.ascontiguousarray(start), np.inf, ITERATIONS[centers > FEW_CENTERS]
    for iteration in range(1, most + 1):
        squared, totals = np.empty(len(points)), Totals.zeros(*found.shape)
        kernels.assign(points, found, squared=squared, totals=totals)
        inertia = float(squared.sum())
        gain = 0.0 if inertia == 0.0 else (last - inertia) / inertia
        if inertia == 0.0:
            break
        ends = gain < TOLERANCE or iteration == most
        # The last step stops at the means, which are the best that the labels allow.
        moved = _step(found, totals, 1.0 if ends else RELAXATION)
        _refill(moved, totals, points, squared)
        found, before, last = moved, found, inertia
        if ends:
            inertia = _left(inertia, before, found, totals)
            break
    return Training(found, inertia, iteration, gain)


def _left(inertia: float, before: NDArray[np.float32], after: NDArray[np.float32], totals: Totals) -> float:
    """The inertia of the same labels once the centres have moved."""
    step = after.astype(np.float64) - before
    outward = totals.sums - totals.masses[:, None] * before
    saved = 2.0 * (step * outward).sum() - (totals.masses[:, None] * step * step).sum()
    return max(0.0, inertia - float(saved))


def _begin(
    points: NDArray[np.float32], centers: int, rng: Generator, kernels: TrainKernels
) -> NDArray[np.float32]:
    """Centres that fit samples of the points."""
    luck = rng.random(len(points))
    middle = points[:: max(1, len(points) // 4096)].mean(axis=0, dtype=np.float64).astype(np.float32)
    deviation = np.empty(len(points))
    kernels.assign(points, middle[None], squared=deviation)
    share = 0.5 / len(points) + 0.5 * deviation / max(float(deviation.sum()), np.finfo(float).tiny)
    least, most = SECOND_SAMPLE
    sizes = [FIRST_SAMPLE, min(most, max(least, len(points) // (2 * centers)))]
    if sizes[1] * centers >= len(points):
        sizes.pop()
    found = points[:0]
    for size in sizes:
        chance = np.minimum(1.0, size * centers * share)
        rows = np.flatnonzero(luck < chance)
        if rows.size < centers:
            rows = np.arange(len(points))
        sample, weights = points[rows], 1.0 / chance[rows]
        if len(found) == 0:
            found = _spread(sample, weights, centers, rng, kernels)
        found = _relax(sample, weights, found, kernels)
    return found


def _spread(
    points: NDArray[np.float32],
    weights: NDArray[np.float64],
    centers: int,
    rng: Generator,
    kernels: TrainKernels,
) -> NDArray[np.float32]:
    """Centres far from each other, by k-means++."""
    trials = TRIALS[centers > FEW_CENTERS]
    chosen = kernels.spread(points, weights, rng.random((centers, trials)))
    # With fewer distinct points than centres the rest repeat the first, and no point is given to them.
    return points[np.concatenate([chosen, np.repeat(chosen[:1], centers - chosen.size)])]


def _relax(
    points: NDArray[np.float32],
    weights: NDArray[np.float64],
    found: NDArray[np.float32],
    kernels: TrainKernels,
) -> NDArray[np.float32]:
    """Lloyd's iterations on weighted points, each step going beyond the means."""
    last = np.inf
    for _ in range(SAMPLE_ITERATIONS):
        squared, totals = np.empty(len(points)), Totals.zeros(*found.shape)
        kernels.assign(points, found, weights=weights, squared=squared, totals=totals)
        inertia = float((weights * squared).sum())
        if last - inertia < TOLERANCE * inertia:
            break
        moved = _step(found, totals, RELAXATION)
        _refill(moved, totals, points, weights * squared)
        found, last = moved, inertia
    return found


def _step(found: NDArray[np.float32], totals: Totals, length: float) -> NDArray[np.float32]:
    """Centres moved by `length` of the way to the mean of their points; one without any stays."""
    sums, masses = totals
    held = masses > 0
    moved = found.copy()
    moved[held] += length * (sums[held] / masses[held, None] - found[held])
    return moved


def _refill(
    moved: NDArray[np.float32],
    totals: Totals,
    points: NDArray[np.float32],
    badness: NDArray[np.float64],
) -> None:
    """Move the centres without points to the points that are served worst, the lowest first among equals."""
    empty = np.flatnonzero(totals.masses == 0)
    if empty.size == 0:
        return
    worst = np.argsort(-badness, kind="stable")[: empty.size]
    worst = worst[badness[worst] > 0]
    moved[empty[: worst.size]] = points[worst]
