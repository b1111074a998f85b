"""Where encoded templates lie: the geometry that lets a search look at few of them.

The index never decides a result; it only orders the work. Templates are decoded, projected on their leading
principal components, and sorted into cells (k-means in those components), so that a query finds good guesses
in the cells nearest to it and similar queries can be worked on together.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from retrieval.scale import kept_of_squares, scale_of

Codes = NDArray[np.uint8 | np.uint16]

GROUP = 8  # segments whose codes lie together in memory
COMPONENTS = 32
SAMPLE = 6000  # templates that principal components and cells are learnt from
DECODE_BYTES = 16 * 2**20  # of templates at once
LARGEST = 1e12  # of a query, in units of the largest centre


@dataclass(frozen=True)
class TemplateIndex:
    """Encoded templates in cell order.

    `order` (n,) maps a place in cell order to the template; cell c holds the places starts[c] to
    starts[c + 1]. `segment_order` (segments,) lists the most varied segments first, and `grouped`
    (groups, n, 8) the codes in both orders, the last group padded with 0. Multiplied by `scale`, a power of
    two, values are about 1; in such units `mean` (d,) and `components` (d, p) span the space of
    `coordinates` (blocks, p, 16) and `centroids` (cells, p); `norms` (blocks, 16) is the squared distance of
    a template to the mean, infinite in the padding. `centers` (segments, centers, width) are the
    codebook's about the mean, `center_norms` (segments, centers) a little less than their squares.
    """

    codebook: NDArray[np.float32]
    codes: Codes
    scale: float
    order: NDArray[np.int32]
    starts: NDArray[np.int64]
    segment_order: NDArray[np.int32]
    grouped: Codes
    mean: NDArray[np.float32]
    components: NDArray[np.float32]
    coordinates: NDArray[np.float32]
    norms: NDArray[np.float32]
    centroids: NDArray[np.float32]
    centers: NDArray[np.float32]
    center_norms: NDArray[np.float32]

    @property
    def templates(self) -> int:
        return self.codes.shape[0]

    def points(self, queries: NDArray[np.float32]) -> NDArray[np.float32]:
        """Principal components of `queries` (q, d): (q, p)."""
        # The limit keeps products finite; it only costs good guesses, for queries like no template.
        largest = min(LARGEST / self.scale, 3e38)
        points = np.empty((len(queries), self.components.shape[1]), dtype=np.float32)
        rows = max(1, DECODE_BYTES // (4 * self.mean.size))
        for start in range(0, len(queries), rows):
            scaled = np.clip(queries[start : start + rows], -largest, largest)
            scaled *= np.float32(self.scale)
            scaled -= self.mean
            points[start : start + rows] = scaled @ self.components
        return points


def index_bytes(templates: int, segments: int, code_bytes: int) -> int:
    """Memory that an index takes beside codes and codebook."""
    return templates * (-(-segments // GROUP) * GROUP * code_bytes + 4 * COMPONENTS + 8)


def book_bytes(segments: int, centers: int, width: int) -> int:
    """Memory that the centres about the mean and their squares take."""
    return 4 * segments * centers * (width + 1)


def building_bytes(samples: int) -> int:
    """Memory that `build_index` takes while it works, for templates of so many samples."""
    return 4 * SAMPLE * samples + 3 * DECODE_BYTES


def build_index(codebook: NDArray[np.float32], codes: Codes) -> TemplateIndex:
    """Index `codes` (n, segments) of `codebook` (segments, centers, width)."""
    n, segments = codes.shape
    scale = scale_of(codebook)
    sample = decode(codebook, codes[np.sort(np.random.default_rng(0).permutation(n)[:SAMPLE])])
    sample *= np.float32(scale)
    mean = sample.mean(axis=0)
    sample -= mean
    variance = np.einsum("ij,ij->j", sample, sample).reshape(segments, -1).sum(axis=1)
    segment_order = np.argsort(-variance, kind="stable").astype(np.int32)
    components = _leading_components(sample)
    points = np.empty((n, components.shape[1]), dtype=np.float32)
    norms = np.empty(n, dtype=np.float32)
    rows = max(1, DECODE_BYTES // (4 * mean.size))
    for start in range(0, n, rows):
        decoded = decode(codebook, codes[start : start + rows])
        decoded *= np.float32(scale)
        decoded -= mean
        points[start : start + rows] = decoded @ components
        norms[start : start + rows] = np.einsum("ij,ij->i", decoded, decoded)
    centroids = _centroids(sample @ components, max(1, min(int(n**0.5), SAMPLE // 8)))
    cell = nearest_cells(points, centroids, 1)[:, 0]
    order = np.argsort(cell, kind="stable").astype(np.int32)
    starts = np.searchsorted(cell[order], np.arange(len(centroids) + 1)).astype(np.int64)
    centers = codebook * np.float32(scale) - mean.reshape(segments, 1, -1)
    return TemplateIndex(
        codebook,
        codes,
        scale,
        order,
        starts,
        segment_order,
        _grouped(codes, order, segment_order),
        mean,
        components,
        _in_blocks(points[order], 0.0),
        _in_blocks(norms[order, None], np.inf)[:, 0],
        centroids,
        centers,
        np.einsum("mkj,mkj->mk", centers, centers) * kept_of_squares(centers.shape[2]),
    )


def decode(codebook: NDArray[np.float32], codes: Codes) -> NDArray[np.float32]:
    """The vectors that `codes` (n, segments) stand for, float32 (n, d)."""
    segments, centers, width = codebook.shape
    # One number for each centre: three to six times as fast as indexing by segment and code.
    rows = codes + np.arange(0, segments * centers, centers)
    return codebook.reshape(-1, width).take(rows, axis=0).reshape(len(codes), -1)


def nearest_cells(
    points: NDArray[np.float32], centroids: NDArray[np.float32], count: int
) -> NDArray[np.int64]:
    """The `count` cells nearest to each of `points` (n, p), nearest first: (n, count)."""
    half = 0.5 * np.einsum("ij,ij->i", centroids, centroids)
    found = np.empty((len(points), count), dtype=np.int64)
    rows = max(1, DECODE_BYTES // (8 * len(centroids)))
    for start in range(0, len(points), rows):
        far = half - points[start : start + rows] @ centroids.T
        if count == 1:
            found[start : start + rows, 0] = far.argmin(axis=1)
            continue
        some = np.argpartition(far, count - 1, axis=1)[:, :count]
        nearest_first = np.argsort(np.take_along_axis(far, some, axis=1), axis=1, kind="stable")
        found[start : start + rows] = np.take_along_axis(some, nearest_first, axis=1)
    return found


def _leading_components(sample: NDArray[np.float32]) -> NDArray[np.float32]:
    """Orthonormal columns (d, p) that hold most of the variance of centred rows (n, d)."""
    from sklearn.utils.extmath import randomized_svd  # here, for most processes never search

    p = min(COMPONENTS, *sample.shape)
    _, _, rows = randomized_svd(sample, p, n_iter=3, random_state=0)
    return np.ascontiguousarray(rows.T, dtype=np.float32)


def _centroids(points: NDArray[np.float32], count: int) -> NDArray[np.float32]:
    """Centres of at most `count` cells of `points` (n, p)."""
    from sklearn.cluster import KMeans
    from sklearn.exceptions import ConvergenceWarning

    means = KMeans(count, init="random", n_init=1, max_iter=6, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # fewer distinct points than cells do no harm
        return np.asarray(means.fit(points).cluster_centers_, dtype=np.float32)


def _grouped(codes: Codes, order: NDArray[np.int32], segment_order: NDArray[np.int32]) -> Codes:
    n, segments = codes.shape
    groups = -(-segments // GROUP)
    grouped = np.zeros((groups, n, GROUP), dtype=codes.dtype)
    for place, segment in enumerate(segment_order):
        grouped[place // GROUP, :, place % GROUP] = codes[order, segment]
    return grouped


def _in_blocks(values: NDArray[np.float32], padding: float) -> NDArray[np.float32]:
    """(n, p) as (ceil(n / 16), p, 16): 16 templates side by side, as a vector register takes them."""
    n, p = values.shape
    blocks = -(-n // 16)
    filled = np.full((blocks * 16, p), padding, dtype=np.float32)
    filled[:n] = values
    return np.ascontiguousarray(filled.reshape(blocks, 16, p).transpose(0, 2, 1))
