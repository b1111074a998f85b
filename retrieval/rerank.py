"""Exact re-ranking: what the quantizer finds near, put in the order of the true distance."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from retrieval.grid import make_grid


def rerank(
    queries: ArrayLike,
    templates: NDArray[np.float32],
    index: ArrayLike,
    *,
    weights: ArrayLike | None = None,
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """The templates `index` (q, k) of each of `queries` (q, d), nearest first by true Euclidean distance.

    `templates` (n, d) are the vectors themselves, not their codes; any array that takes a list of rows will
    do, a memory map as well. `weights` (q, d), not negative, stands for the inverse variance of the queries'
    samples, 0 where masked: the distance is then sqrt(d sum w (q - t)^2 / sum w), which with equal weights is
    the plain one and does not fall as samples are masked.

    Returns index and distance, both (q, k), summed in float64; equal distances go to the lowest index.
    ValueError, with the numbers, for shapes that do not fit, an index outside the templates, values that are
    not finite, or weights that are negative or 0 for a whole query.
    """
    q = np.atleast_2d(np.asarray(queries, dtype=np.float64))
    chosen = np.atleast_2d(np.asarray(index, dtype=np.int64))
    n, d = templates.shape
    if q.shape[1] != d or chosen.shape[0] != q.shape[0]:
        raise ValueError(
            f"Queries have shape {q.shape}, templates {templates.shape}, index {chosen.shape}: "
            "need (q, d), (n, d), (q, k)."
        )
    if chosen.size and (chosen.min() < 0 or chosen.max() >= n):
        raise ValueError(f"The index runs from {chosen.min()} to {chosen.max()}; there are {n} templates.")
    w = None if weights is None else _checked_weights(weights, q.shape)
    if not np.isfinite(q).all():
        raise ValueError(f"Queries hold {np.count_nonzero(~np.isfinite(q))} values that are not finite.")

    order = np.empty_like(chosen)
    distance = np.empty(chosen.shape)
    for row, candidates in enumerate(chosen):
        difference = q[row] - np.asarray(templates[candidates], dtype=np.float64)
        np.multiply(difference, difference, out=difference)
        if w is None:
            squared = difference.sum(axis=1)
        else:
            squared = (difference * w[row]).sum(axis=1) * (d / w[row].sum())
        best = np.lexsort((candidates, squared))
        order[row], distance[row] = candidates[best], np.sqrt(squared[best])
    return order, distance


def sample_weights(
    wavelength: NDArray[np.float64], ivar: ArrayLike, bad: NDArray[np.bool_], step: float
) -> NDArray[np.float64]:
    """Weights for `rerank` of one spectrum's samples on the grid of `step` Angstrom, (n_grid,).

    The lower inverse variance of the two pixels, `wavelength` (n,) vacuum Angstrom, between which a sample
    lies; 0 where one of them is `bad` or there is only one, for the sample is then bridged or made up.
    """
    grid = make_grid(step)
    weight = np.where(bad, 0.0, np.maximum(np.asarray(ivar, dtype=np.float64), 0.0))
    left = np.searchsorted(wavelength, grid, side="right") - 1
    within = (left >= 0) & (grid <= wavelength[-1])
    left = np.clip(left, 0, wavelength.size - 2)
    return np.where(within, np.minimum(weight[left], weight[left + 1]), 0.0)


def _checked_weights(weights: ArrayLike, shape: tuple[int, ...]) -> NDArray[np.float64]:
    w = np.atleast_2d(np.asarray(weights, dtype=np.float64))
    if w.shape != shape:
        raise ValueError(f"Weights have shape {w.shape}, queries {shape}: need one weight a sample.")
    if not (np.isfinite(w).all() and (w >= 0).all()):
        raise ValueError(
            f"{np.count_nonzero(~(np.isfinite(w) & (w >= 0)))} weights are negative or not finite."
        )
    empty = np.flatnonzero(~w.any(axis=1))
    if empty.size:
        raise ValueError(f"All {shape[1]} weights of query {empty[0]} are 0: nothing is left to compare.")
    return w
