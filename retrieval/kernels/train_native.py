"""The training kernel in C++, called without the interpreter's lock."""

from __future__ import annotations

import ctypes
from ctypes import c_int64, c_void_p

import numpy as np
from numpy.typing import NDArray

from retrieval.kernels.build import library
from retrieval.kernels.train import Totals


def load() -> NativeKernels:
    """ImportError where it cannot be compiled."""
    found = library("train")
    if found is None:
        raise ImportError("no C++ compiler was found, or it failed.")
    found.assign.argtypes = (c_void_p, *(c_int64,) * 3, c_void_p, c_int64, *(c_void_p,) * 5)
    found.assign.restype = None
    found.spread.argtypes = (c_void_p, c_int64, c_int64, c_void_p, c_void_p, c_int64, c_int64, c_void_p)
    found.spread.restype = c_int64
    return NativeKernels(found)


class NativeKernels:
    name = "native"

    def __init__(self, compiled: ctypes.CDLL) -> None:
        self._compiled = compiled

    def assign(
        self,
        points: NDArray[np.float32],
        centers: NDArray[np.float32],
        *,
        weights: NDArray[np.float64] | None = None,
        squared: NDArray[np.float64] | None = None,
        totals: Totals | None = None,
    ) -> NDArray[np.int32]:
        n, width = points.shape
        labels = np.empty(n, dtype=np.int32)
        sums, masses = totals or (None, None)
        self._compiled.assign(
            points.ctypes.data,
            n,
            width,
            points.strides[0] // points.itemsize,
            centers.ctypes.data,
            len(centers),
            _address(weights),
            labels.ctypes.data,
            _address(squared),
            _address(sums),
            _address(masses),
        )
        return labels

    def spread(
        self, points: NDArray[np.float32], weights: NDArray[np.float64], luck: NDArray[np.float64]
    ) -> NDArray[np.int64]:
        (n, width), (centers, trials) = points.shape, luck.shape
        chosen = np.empty(centers, dtype=np.int64)
        count = self._compiled.spread(
            points.ctypes.data,
            n,
            width,
            weights.ctypes.data,
            luck.ctypes.data,
            centers,
            trials,
            chosen.ctypes.data,
        )
        return chosen[:count]


def _address(array: NDArray[np.float64] | None) -> int | None:
    return None if array is None else array.ctypes.data
