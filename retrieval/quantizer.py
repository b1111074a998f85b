"""Product quantizer: a spectrum as a few small integers (Jégou et al. 2011; Lu et al. 2022, section 3.1)."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Self

import numpy as np
from numpy.typing import NDArray

from retrieval.search import BLOCK_BYTES, METRICS, Codes, Metric, distance_tables, nearest

MAXIMUM_CENTERS = 2**16  # a code is at most a uint16


class ProductQuantizer:
    """Split vectors into `segments`, learn `centers` per segment by k-means, encode, search.

    `metric` names the distance of `search`: "l2_sum" adds Euclidean sub-distances (Lu et al. 2022),
    "l2_squared" adds squared ones (Jégou et al. 2011). One `seed` gives one codebook, whatever the number of
    threads. After `fit`: `codebook` float32 (segments, centers, width) and `inertia` float64 (segments,), the
    summed squared distance of the training vectors to their centres.
    """

    codebook: NDArray[np.float32]
    inertia: NDArray[np.float64]

    def __init__(
        self, segments: int = 25, centers: int = 100, metric: Metric = "l2_sum", seed: int = 0
    ) -> None:
        if segments < 1:
            raise ValueError(f"segments is {segments}; at least 1 is needed.")
        if not 1 <= centers <= MAXIMUM_CENTERS:
            raise ValueError(f"centers is {centers}; it must be 1 to {MAXIMUM_CENTERS}.")
        if metric not in METRICS:
            raise ValueError(f"metric is {metric!r}; it must be one of {', '.join(METRICS)}.")
        self.segments = segments
        self.centers = centers
        self.metric: Metric = metric
        self.seed = seed

    @classmethod
    def from_codebook(cls, codebook: NDArray[np.float32], metric: Metric = "l2_sum", seed: int = 0) -> Self:
        """A quantizer that uses a `codebook` float32 (segments, centers, width) learnt before."""
        if not isinstance(codebook, np.ndarray) or codebook.dtype != np.float32 or codebook.ndim != 3:
            raise ValueError(
                f"The codebook must be float32 (segments, centers, width); got {_described(codebook)}."
            )
        if 0 in codebook.shape or not np.isfinite(codebook).all():
            raise ValueError(
                f"The codebook of shape {codebook.shape} is empty or holds values that are not finite."
            )
        quantizer = cls(codebook.shape[0], codebook.shape[1], metric, seed)
        quantizer.codebook = codebook
        return quantizer

    @property
    def code_dtype(self) -> type[np.uint8] | type[np.uint16]:
        """uint8 up to 256 centres, uint16 above."""
        return np.uint8 if self.centers <= 256 else np.uint16

    def fit(self, X: NDArray[np.float32]) -> Self:
        """Learn the codebook from `X` float32 (n, d); n at least `centers`, d a multiple of `segments`."""
        _check_vectors("X", X)
        n, d = X.shape
        if d % self.segments:
            raise ValueError(f"{d} samples do not divide into {self.segments} segments.")
        if self.centers > n:
            raise ValueError(f"{self.centers} centres need at least as many templates; there are {n}.")
        self.codebook, self.inertia = train_segments(X, segment_seeds(self.seed, self.segments), self.centers)
        return self

    def encode(self, X: NDArray[np.float32]) -> Codes:
        """The nearest centre per segment of `X` float32 (n, d): (n, segments), ties to the lowest centre."""
        book = self._fitted()
        self._check_width("X", X)
        codes = np.empty((X.shape[0], self.segments), dtype=self.code_dtype)
        block = max(1, BLOCK_BYTES // (8 * 2 * self.centers))
        width = book.shape[2]
        for m in range(self.segments):
            piece = X[:, m * width : (m + 1) * width]
            for start in range(0, X.shape[0], block):
                codes[start : start + block, m] = _nearest_center(book[m], piece[start : start + block])
        return codes

    def decode(self, codes: Codes) -> NDArray[np.float32]:
        """The vectors that `codes` (n, segments) stand for, float32 (n, d)."""
        book = self._fitted()
        self._check_codes(codes)
        return book[np.arange(self.segments), codes].reshape(codes.shape[0], -1)

    def distance_table(self, q: NDArray[np.float32]) -> NDArray[np.float64]:
        """Sub-distances of one vector `q` float32 (d,) to every centre, float64 (segments, centers)."""
        if isinstance(q, np.ndarray) and q.ndim != 1:
            raise ValueError(f"q must be one vector (d,); got shape {q.shape}.")
        row = q[None, :] if isinstance(q, np.ndarray) else q
        self._check_width("q", row)
        return distance_tables(self._fitted(), row, self.metric)[:, :, 0]

    def search(
        self, Q: NDArray[np.float32], codes: Codes, k: int = 1, threads: int | None = None
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """The `k` nearest of the encoded templates for each row of `Q` float32 (q, d), nearest first.

        Returns index int64 and distance float32, both (q, k); equal distances go to the lowest index.
        """
        book = self._fitted()
        self._check_width("Q", Q)
        self._check_codes(codes)
        if not 1 <= k <= codes.shape[0]:
            raise ValueError(f"k is {k}; it must be 1 to {codes.shape[0]}, the number of templates.")
        if threads is not None and threads < 1:
            raise ValueError(f"threads is {threads}; at least 1 is needed.")
        return nearest(book, codes, Q, metric=self.metric, k=k, threads=threads)

    def _fitted(self) -> NDArray[np.float32]:
        if not hasattr(self, "codebook"):
            raise ValueError("This quantizer has no codebook yet: call fit, or make it with from_codebook.")
        return self.codebook

    def _check_width(self, name: str, X: NDArray[np.float32]) -> None:
        book = self._fitted()
        _check_vectors(name, X)
        if X.shape[1] != book.shape[0] * book.shape[2]:
            raise ValueError(
                f"{name} has {X.shape[1]} samples; "
                f"this codebook has {book.shape[0]} segments of {book.shape[2]}."
            )

    def _check_codes(self, codes: Codes) -> None:
        wanted = np.dtype(self.code_dtype)
        if not isinstance(codes, np.ndarray) or codes.dtype != wanted or codes.ndim != 2:
            raise ValueError(f"Codes must be {wanted} (n, {self.segments}); got {_described(codes)}.")
        if codes.shape[1] != self.segments or codes.shape[0] == 0:
            raise ValueError(
                f"Codes have shape {codes.shape}; (n, {self.segments}) with n above 0 is needed."
            )
        if int(codes.max()) >= self.centers:
            raise ValueError(f"A code is {codes.max()}; there are {self.centers} centres, counted from 0.")


def segment_seeds(seed: int, segments: int) -> list[int]:
    """The seed of each segment's k-means. Those of fewer segments are the first of those of more."""
    return [int(word) for word in np.random.SeedSequence(seed).generate_state(segments)]


def train_segments(
    X: NDArray[np.float32], seeds: Sequence[int], centers: int
) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """Learn the centres of consecutive segments, as many as `seeds`, that together are `X` float32 (n, d).

    Each segment depends on its own samples and seed only, so a codebook can be learnt in pieces by many
    workers. Returns centres float32 (segments, centers, width) and inertia float64 (segments,).
    """
    # Only training needs scikit-learn, which takes longer to import than everything else here.
    from sklearn.cluster import KMeans
    from sklearn.exceptions import ConvergenceWarning
    from threadpoolctl import threadpool_limits

    width = X.shape[1] // len(seeds)
    codebook = np.empty((len(seeds), centers, width), dtype=np.float32)
    inertia = np.empty(len(seeds))
    # One thread: with more, k-means adds partial sums in the order in which threads end, and bits change.
    with threadpool_limits(limits=1), warnings.catch_warnings():
        # Fewer distinct pieces than centres only repeats centres, which encoding resolves.
        warnings.simplefilter("ignore", ConvergenceWarning)
        for m, seed in enumerate(seeds):
            piece = np.ascontiguousarray(X[:, m * width : (m + 1) * width])
            means = KMeans(centers, n_init=1, random_state=seed).fit(piece)
            codebook[m] = means.cluster_centers_
            inertia[m] = means.inertia_
    return codebook, inertia


def _nearest_center(centers: NDArray[np.float32], piece: NDArray[np.float32]) -> NDArray[np.intp]:
    """Index of the nearest of `centers` (k, width) for each row of `piece` (n, width), ties to the lowest.

    The fast product form finds the nearest but for rounding; rows with rivals within it are settled term by
    term.
    """
    c, x = centers.astype(np.float64), piece.astype(np.float64)
    c2, x2 = np.einsum("ij,ij->i", c, c), np.einsum("ij,ij->i", x, x)
    squared = c2 - 2.0 * (x @ c.T) + x2[:, None]
    chosen = squared.argmin(axis=1)
    rounding = 1e-13 * (x2 + c2.max())
    lowest = squared[np.arange(len(x)), chosen]
    unsure = np.flatnonzero((squared <= (lowest + rounding)[:, None]).sum(axis=1) > 1)
    for start in range(0, unsure.size, 256):
        rows = unsure[start : start + 256]
        table = distance_tables(centers[None], piece[rows], "l2_squared")[0]
        chosen[rows] = table.argmin(axis=0)
    return chosen


def _check_vectors(name: str, X: NDArray[np.float32]) -> None:
    if not isinstance(X, np.ndarray) or X.dtype != np.float32 or X.ndim != 2:
        raise ValueError(f"{name} must be float32 (n, d); got {_described(X)}.")
    if 0 in X.shape:
        raise ValueError(f"{name} is empty: shape {X.shape}.")
    finite = np.isfinite(X)
    if not finite.all():
        row = int(np.argmin(finite.all(axis=1)))
        raise ValueError(
            f"{name} holds {np.count_nonzero(~finite)} values that are not finite, the first in row {row}."
        )


def _described(value: object) -> str:
    if isinstance(value, np.ndarray):
        return f"{value.dtype} {value.shape}"
    return type(value).__name__
