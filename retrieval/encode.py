"""Encoding: the nearest centre of each segment, exactly, in blocks of vectors."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from retrieval.kernels.train import TrainKernels, train_kernels

ROWS = 4096  # of a block: neighbouring segments share cache lines, which should still be there


def encode(
    codebook: NDArray[np.float32],
    X: NDArray[np.float32],
    dtype: type[np.uint8] | type[np.uint16],
    *,
    threads: int | None = None,
    kernels: TrainKernels | None = None,
) -> NDArray[np.uint8 | np.uint16]:
    """Codes (n, segments) of `X` float32 (n, segments * width) by `codebook` (segments, centers, width).

    The nearest centre by the float64 definition, ties to the lowest. `threads` blocks are worked on at once
    (None: one); the codes do not depend on it.
    """
    kernels = kernels or train_kernels()
    codebook = np.ascontiguousarray(codebook)
    segments, _, width = codebook.shape
    codes = np.empty((len(X), segments), dtype=dtype)

    def work(start: int) -> None:
        rows = slice(start, start + ROWS)
        for m, centers in enumerate(codebook):
            codes[rows, m] = kernels.assign(X[rows, m * width : (m + 1) * width], centers)

    with ThreadPoolExecutor(max_workers=threads or 1) as pool:
        list(pool.map(work, range(0, len(X), ROWS)))
    return codes
