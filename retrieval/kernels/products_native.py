"""Matrix products in 16-bit integers: twice as fast as float32 where the machine has instructions for it."""

from __future__ import annotations

import ctypes
from ctypes import c_float, c_int, c_int64, c_void_p
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from retrieval.index import TemplateIndex
from retrieval.kernels.build import library

LANES = 48  # of `native/products.cpp`
EXPECTED = 4  # candidates of a query among the templates of one call
_ROUNDED = (c_void_p, c_void_p, c_void_p, c_void_p)


@dataclass(frozen=True)
class Rounded:
    """`values` int16 (n, pairs, 2) times `step` (n,) are vectors but for an error of norm `error` (n,).

    `square` (n,) are the squared norms of the vectors themselves.
    """

    values: NDArray[np.int16]
    step: NDArray[np.float64]
    square: NDArray[np.float64]
    error: NDArray[np.float64]

    @classmethod
    def empty(cls, n: int, d: int) -> Rounded:
        return cls(np.empty((n, (d + 1) // 2, 2), dtype=np.int16), np.empty(n), np.empty(n), np.empty(n))

    @property
    def addresses(self) -> tuple[int, int, int, int]:
        return (
            self.values.ctypes.data,
            self.step.ctypes.data,
            self.square.ctypes.data,
            self.error.ctypes.data,
        )


@dataclass(frozen=True)
class Packed:
    """Rounded vectors side by side, the last block filled with 0.

    `values` int16 (blocks, pairs, LANES, 2), times `steps` (blocks * LANES,).
    """

    values: NDArray[np.int16]
    steps: NDArray[np.float32]


@cache
def integer_products() -> IntegerProducts | None:
    """None where compiler or instructions are missing."""
    compiled = library("products")
    return IntegerProducts(compiled) if compiled is not None and compiled.products_supported() else None


class IntegerProducts:
    """Rounds vectors to 16-bit integers, each with a step of its own, and multiplies them."""

    def __init__(self, compiled: ctypes.CDLL) -> None:
        self._compiled = compiled
        compiled.integers_of_vectors.argtypes = (c_void_p, c_int64, c_int64, *_ROUNDED)
        compiled.integers_of_templates.argtypes = (
            *(c_void_p, c_int64, c_int64, c_int64, c_int, c_void_p, c_int64, c_void_p, c_float),
            *_ROUNDED,
        )
        compiled.multiply.argtypes = (
            *(c_void_p, c_int64, c_int64, c_void_p, c_void_p),
            *(c_void_p, c_int64, c_void_p, c_void_p, c_int64, c_void_p, c_void_p, c_void_p),
        )
        compiled.multiply.restype = c_int64

    def vectors(self, vectors: NDArray[np.float32]) -> Rounded:
        """`vectors` (n, d), rounded."""
        rounded = Rounded.empty(*vectors.shape)
        self._compiled.integers_of_vectors(vectors.ctypes.data, *vectors.shape, *rounded.addresses)
        return rounded

    def templates(
        self, index: TemplateIndex, rows: slice, mean: NDArray[np.float32], scale: float
    ) -> Rounded:
        """The decoded templates of `rows`, times `scale`, less `mean` (d,), rounded."""
        codes = index.codes[rows]
        rounded = Rounded.empty(len(codes), mean.size)
        self._compiled.integers_of_templates(
            index.codebook.ctypes.data,
            *index.codebook.shape,
            codes.itemsize,
            codes.ctypes.data,
            len(codes),
            mean.ctypes.data,
            scale,
            *rounded.addresses,
        )
        return rounded

    def reaching(
        self, templates: Rounded, queries: Packed, least: NDArray[np.float32]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32]]:
        """Templates t and queries q whose product q.t - |t|^2 / 2 reaches `least` (q,), and the products."""
        step, half = templates.step.astype(np.float32), (templates.square / 2).astype(np.float32)
        limit = np.full(queries.steps.size, np.inf, dtype=np.float32)
        limit[: least.size] = least
        capacity = EXPECTED * least.size
        while True:
            t, q = np.empty((2, capacity), dtype=np.int64)
            product = np.empty(capacity, dtype=np.float32)
            found = self._compiled.multiply(
                templates.values.ctypes.data,
                *templates.values.shape[:2],
                step.ctypes.data,
                half.ctypes.data,
                queries.values.ctypes.data,
                len(queries.values),
                queries.steps.ctypes.data,
                limit.ctypes.data,
                capacity,
                t.ctypes.data,
                q.ctypes.data,
                product.ctypes.data,
            )
            if found <= capacity:
                return t[:found], q[:found], product[:found]
            capacity = found  # templates more alike than expected: once more


def packed(queries: Rounded) -> Packed:
    n, pairs, _ = queries.values.shape
    blocks = -(-n // LANES)
    filled = np.zeros((blocks * LANES, pairs, 2), dtype=np.int16)
    filled[:n] = queries.values
    steps = np.zeros(blocks * LANES, dtype=np.float32)
    steps[:n] = queries.step
    return Packed(np.ascontiguousarray(filled.reshape(blocks, LANES, pairs, 2).transpose(0, 2, 1, 3)), steps)
