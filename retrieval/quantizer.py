"""Product quantizer: a spectrum as a few small integers (Jégou et al. 2011; Lu et al. 2022, section 3.1)."""

from __future__ import annotations

from typing import Self

import numpy as np
from numpy.typing import NDArray

from retrieval.encode import encode
from retrieval.search import METRICS, Codes, Metric, distance_tables, nearest
from retrieval.train import Training, train

MAXIMUM_CENTERS = 2**16  # a code is at most a uint16


class ProductQuantizer:
    """Split vectors into `segments`, learn `centers` per segment by k-means, encode, search.

    `metric` names the distance of `search`: "l2_sum" adds Euclidean sub-distances (Lu et al. 2022),
    "l2_squared" adds squared ones (Jégou et al. 2011). One `seed` gives one codebook, whatever the number of
    threads. Vectors may be any real numbers; they are used as float32. After `fit`: `codebook` float32
    (segments, centers, width), `inertia` float64 (segments,), the summed squared distance of the training
    vectors to their centres, and `trainings`, how the k-means of each segment ended.
    """

    codebook: NDArray[np.float32]
    inertia: NDArray[np.float64]
    trainings: list[Training]

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

    def fit(
        self, X: NDArray[np.float32], start: NDArray[np.float32] | None = None, threads: int | None = None
    ) -> Self:
        """Learn the codebook from `X` float32 (n, d); n at least `centers`, d a multiple of `segments`.

        `start` is a codebook to go on from; `threads` segments are learnt at once (None: one).
        """
        X = _vectors("X", X)
        n, d = X.shape
        if d % self.segments:
            raise ValueError(f"{d} samples do not divide into {self.segments} segments.")
        if self.centers > n:
            raise ValueError(f"{self.centers} centres need at least as many templates; there are {n}.")
        _check_threads(threads)
        if start is not None:
            wanted = (self.segments, self.centers, d // self.segments)
            if self.from_codebook(start).codebook.shape != wanted:
                raise ValueError(f"The codebook to start from has shape {start.shape}; {wanted} is needed.")
        seeds = segment_seeds(self.seed, self.segments)
        self.trainings = train(X, seeds, self.centers, start=start, threads=threads)
        self.codebook = np.stack([one.centers for one in self.trainings])
        self.inertia = np.array([one.inertia for one in self.trainings])
        return self

    def encode(self, X: NDArray[np.float32], threads: int | None = None) -> Codes:
        """The nearest centre per segment of `X` float32 (n, d): (n, segments), ties to the lowest centre."""
        book = self._fitted()
        _check_threads(threads)
        return encode(book, self._of_width("X", X), self.code_dtype, threads=threads)

    def decode(self, codes: Codes) -> NDArray[np.float32]:
        """The vectors that `codes` (n, segments) stand for, float32 (n, d)."""
        book = self._fitted()
        self._check_codes(codes)
        return book[np.arange(self.segments), codes].reshape(codes.shape[0], -1)

    def distance_table(self, q: NDArray[np.float32]) -> NDArray[np.float64]:
        """Sub-distances of one vector `q` float32 (d,) to every centre, float64 (segments, centers)."""
        if isinstance(q, np.ndarray) and q.ndim != 1:
            raise ValueError(f"q must be one vector (d,); got shape {q.shape}.")
        row = self._of_width("q", q[None, :] if isinstance(q, np.ndarray) else q)
        return distance_tables(self._fitted(), row, self.metric)[:, :, 0]

    def explain(self, q: NDArray[np.float32], code: Codes) -> NDArray[np.float64]:
        """What each segment adds to the distance of one vector `q` (d,) from one template `code` (segments,).

        Float64 (segments,), in the metric's own sub-distances: their sum is the distance that `search` gives.
        """
        self._check_codes(code[None, :] if isinstance(code, np.ndarray) else code)
        return self.distance_table(q)[np.arange(self.segments), code]

    def search(
        self, Q: NDArray[np.float32], codes: Codes, k: int = 1, threads: int | None = None
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """The `k` nearest of the encoded templates for each row of `Q` float32 (q, d), nearest first.

        Returns index int64 and distance float32, both (q, k); equal distances go to the lowest index.
        """
        book = self._fitted()
        Q = self._of_width("Q", Q)
        self._check_codes(codes)
        if not 1 <= k <= codes.shape[0]:
            raise ValueError(f"k is {k}; it must be 1 to {codes.shape[0]}, the number of templates.")
        _check_threads(threads)
        return nearest(book, codes, Q, metric=self.metric, k=k, threads=threads)

    def _fitted(self) -> NDArray[np.float32]:
        if not hasattr(self, "codebook"):
            raise ValueError("This quantizer has no codebook yet: call fit, or make it with from_codebook.")
        return self.codebook

    def _of_width(self, name: str, X: NDArray[np.float32]) -> NDArray[np.float32]:
        book = self._fitted()
        X = _vectors(name, X)
        if X.shape[1] != book.shape[0] * book.shape[2]:
            raise ValueError(
                f"{name} has {X.shape[1]} samples; "
                f"this codebook has {book.shape[0]} segments of {book.shape[2]}."
            )
        return X

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


def _vectors(name: str, X: NDArray[np.float32]) -> NDArray[np.float32]:
    """`X` as rows of contiguous float32, if it holds vectors of real, finite numbers."""
    if not isinstance(X, np.ndarray) or X.dtype.kind not in "fiu" or X.ndim != 2:
        raise ValueError(f"{name} must be float32 (n, d); got {_described(X)}.")
    if 0 in X.shape:
        raise ValueError(f"{name} is empty: shape {X.shape}.")
    with np.errstate(over="ignore"):  # what float32 cannot hold is refused below
        X = np.ascontiguousarray(X, dtype=np.float32)
    finite = np.isfinite(X)
    if not finite.all():
        row = int(np.argmin(finite.all(axis=1)))
        raise ValueError(
            f"{name} holds {np.count_nonzero(~finite)} values that are not finite, the first in row {row}."
        )
    return X


def _check_threads(threads: int | None) -> None:
    if threads is not None and threads < 1:
        raise ValueError(f"threads is {threads}; at least 1 is needed.")


def _described(value: object) -> str:
    if isinstance(value, np.ndarray):
        return f"{value.dtype} {value.shape}"
    return type(value).__name__
