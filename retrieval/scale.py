"""Scaling that keeps float32 bounds from over- and underflowing."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def scale_of(*arrays: NDArray[np.float32]) -> float:
    """A power of two that brings the largest absolute value of all near 1."""
    largest = max(max(float(array.max()), -float(array.min())) for array in arrays)
    return float(2.0 ** -np.clip(np.ceil(np.log2(max(largest, 1e-45))), -126, 126))
