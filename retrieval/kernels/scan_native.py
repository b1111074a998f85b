"""The scan kernels in C++, called without the interpreter's lock."""

from __future__ import annotations

import ctypes
from ctypes import c_float, c_int, c_int64, c_void_p

import numpy as np
from numpy.typing import NDArray

from retrieval.index import Codes, TemplateIndex
from retrieval.kernels.build import library
from retrieval.kernels.memory import TableScratch
from retrieval.scale import kept_of_squares, scale_of

_BOOK = (c_void_p, c_int64, c_int64, c_int64, c_int, c_int, c_void_p)
_SIGNATURES: dict[str, tuple[type, ...]] = {
    "guess": (
        *(c_void_p, c_void_p, c_int64, c_void_p, c_void_p),
        *(c_void_p, c_int64, c_void_p, c_int64, c_int64, c_void_p),
    ),
    "exact_distances": (*_BOOK, c_void_p, c_int64, c_void_p, c_int64, c_void_p),
    "settle_candidates": (*_BOOK, c_void_p, c_void_p, c_void_p, c_int64, c_int64, c_void_p, c_void_p),
    "search_tables": (
        *(*_BOOK, c_void_p, c_void_p, c_void_p, c_int64),
        *(c_void_p, c_void_p, c_void_p, c_float, c_float, c_float, c_void_p, c_int64, c_void_p, c_int64),
        *(c_void_p, c_void_p, c_void_p, c_int64, c_int64, c_void_p, c_void_p),
    ),
}


def load() -> NativeKernels:
    """ImportError where they cannot be compiled."""
    found = library("scan")
    if found is None:
        raise ImportError("no C++ compiler was found, or it failed.")
    for name, types in _SIGNATURES.items():
        getattr(found, name).argtypes = types
    return NativeKernels(found)


class NativeKernels:
    name = "native"
    block = 32

    def __init__(self, compiled: ctypes.CDLL) -> None:
        self._compiled = compiled

    def guess(
        self,
        index: TemplateIndex,
        points: NDArray[np.float32],
        cells: NDArray[np.int64],
        wanted: int,
    ) -> NDArray[np.int64]:
        rows = np.empty((len(points), wanted), dtype=np.int64)
        self._compiled.guess(
            index.coordinates.ctypes.data,
            index.norms.ctypes.data,
            points.shape[1],
            index.order.ctypes.data,
            index.starts.ctypes.data,
            points.ctypes.data,
            len(points),
            cells.ctypes.data,
            cells.shape[1],
            wanted,
            rows.ctypes.data,
        )
        return rows

    def exact(
        self,
        codebook: NDArray[np.float32],
        codes: Codes,
        queries: NDArray[np.float32],
        rows: NDArray[np.int64],
        squared: bool,
    ) -> NDArray[np.float64]:
        distance = np.empty(rows.shape)
        self._compiled.exact_distances(
            *_book(codebook, codes, squared),
            queries.ctypes.data,
            len(queries),
            rows.ctypes.data,
            rows.shape[1],
            distance.ctypes.data,
        )
        return distance

    def settle(
        self,
        codebook: NDArray[np.float32],
        codes: Codes,
        query: NDArray[np.float32],
        rows: NDArray[np.int64],
        bounds: NDArray[np.float64],
        k: int,
        squared: bool,
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        index, distance = np.empty(k, dtype=np.int64), np.empty(k)
        _checked(
            self._compiled.settle_candidates(
                *_book(codebook, codes, squared),
                query.ctypes.data,
                rows.ctypes.data,
                bounds.ctypes.data,
                len(rows),
                k,
                index.ctypes.data,
                distance.ctypes.data,
            )
        )
        return index, distance

    def tables(
        self,
        index: TemplateIndex,
        queries: NDArray[np.float32],
        limit: NDArray[np.float64],
        k: int,
        squared: bool,
        scratch: TableScratch,
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        found, distance = np.empty((len(queries), k), dtype=np.int64), np.empty((len(queries), k))
        scale = min(index.scale, scale_of(queries))
        _checked(
            self._compiled.search_tables(
                *_book(index.codebook, index.codes, squared),
                index.grouped.ctypes.data,
                index.order.ctypes.data,
                index.segment_order.ctypes.data,
                index.templates,
                index.mean.ctypes.data,
                index.centers.ctypes.data,
                index.center_norms.ctypes.data,
                kept_of_squares(index.codebook.shape[2]),
                scale,
                scale / index.scale,
                queries.ctypes.data,
                len(queries),
                limit.ctypes.data,
                k,
                scratch.table.ctypes.data,
                scratch.sums.ctypes.data,
                scratch.rows.ctypes.data,
                scratch.stage,
                scratch.tile,
                found.ctypes.data,
                distance.ctypes.data,
            )
        )
        return found, distance


def _book(codebook: NDArray[np.float32], codes: Codes, squared: bool) -> tuple[int, ...]:
    return (codebook.ctypes.data, *codebook.shape, int(squared), codes.itemsize, codes.ctypes.data)


def _checked(status: int) -> None:
    if status:
        raise MemoryError("The search found no memory for its candidates.")
