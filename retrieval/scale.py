"""Scaling that keeps float32 bounds from over- and underflowing."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def scale_of(*arrays: NDArray[np.float32]) -> float:
    """A power of two that brings the largest absolute value of all near 1."""
    largest = max(max(float(array.max()), -float(array.min())) for array in arrays)
    return float(2.0 ** -np.clip(np.ceil(np.log2(max(largest, 1e-45))), -126, 126))


def kept_of_squares(width: int) -> np.float32:
    """What is left for sure of |q|^2 + |c|^2, each of `width` samples, once rounding has taken its part.

    That is, when |q|^2 + |c|^2 - 2 q.c is worked out in float32 from differences that were rounded to it.
    With u = 2^-24 the squares lose (width + 2) u of themselves, the products (width + 1) u of
    |c|^2 + 2 |q| |c|, the differences 2 u (|q| + |c|)^2, and the last sum u (|q| + |c|)^2; altogether less
    than (3 width + 9) u.
    """
    return np.float32(1.0 - (3 * width + 14) * 6e-8)
