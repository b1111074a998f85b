"""The inner loop of k-means and of encoding, in the fastest form that this machine has.

All forms give equal results to the bit. $GLOWWORM_KERNELS names one, for tests and measurements.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from retrieval.kernels import fastest

CHUNK, LANES = 256, 16  # of the sums of `spread`
SQUARES = 8  # lanes in which the squares of a distance are added up


class Totals(NamedTuple):
    """What the points of each centre add up to: `sums` float64 (k, d) and `masses` float64 (k,)."""

    sums: NDArray[np.float64]
    masses: NDArray[np.float64]

    @classmethod
    def zeros(cls, centers: int, width: int) -> Totals:
        return cls(np.zeros((centers, width)), np.zeros(centers))


class TrainKernels(Protocol):
    name: str

    def assign(
        self,
        points: NDArray[np.float32],
        centers: NDArray[np.float32],
        *,
        weights: NDArray[np.float64] | None = None,
        squared: NDArray[np.float64] | None = None,
        totals: Totals | None = None,
    ) -> NDArray[np.int32]:
        """The nearest of `centers` (k, d) for each of `points` (n, d), exactly, ties to the lowest: (n,).

        Distances are float64 of the plain definition. Fills `squared` (n,) with the squared ones, sample j
        added to lane j % SQUARES and then lane to lane, and adds the points, times their `weights` (n,), to
        `totals` of zeros, in the order of the rows. The samples of a point stand next to each other; rows
        may stand apart.
        """

    def spread(
        self, points: NDArray[np.float32], weights: NDArray[np.float64], luck: NDArray[np.float64]
    ) -> NDArray[np.int64]:
        """Which of `points` (n, d) k-means++ takes for centres: (k,), fewer if no more are distinct.

        The first is drawn by `weights` (n,), each other by weight times squared distance from those before;
        of as many draws as `luck` (k, trials) of [0, 1) has columns the one is taken that leaves the least.
        Squared distances are float32 (unfused, sample after sample), masses float64, added up in chunks of
        CHUNK points over LANES lanes: so all forms draw alike.
        """


@cache
def train_kernels(name: str | None = None) -> TrainKernels:
    """The kernels of training and encoding (see `fastest`)."""
    kernels: TrainKernels = fastest("train", name)
    return kernels
