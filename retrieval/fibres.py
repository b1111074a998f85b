"""The same redshift on neighbouring fibres of one plate: a diffuse nebula, or what the sky left behind."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

FIBRES = 5
"""Largest difference of fibre numbers in one spectrograph. Neighbours in number lie side by side on the slit,
so that light spills over, and mostly close on the sky."""
TOLERANCE = 0.0005
"""Largest difference of redshift: 150 km/s, the resolution element at R = 1800 being 167 km/s."""


def neighbouring(
    plate: ArrayLike, fibre: ArrayLike, z: ArrayLike, *, fibres: int = FIBRES, tolerance: float = TOLERANCE
) -> NDArray[np.bool_]:
    """True where a row of the same plate, on another fibre at most ``fibres`` away, has nearly the same z.

    ``plate`` is a whole number for each exposure of one spectrograph. All three have one dimension of the
    same length; ValueError otherwise.
    """
    p, f = np.asarray(plate, dtype=np.int64), np.asarray(fibre, dtype=np.int64)
    value = np.asarray(z, dtype=np.float64)
    if not (p.ndim == 1 and p.shape == f.shape == value.shape):
        raise ValueError(
            f"Plates, fibres and redshifts need one shape (n,), not {p.shape}, {f.shape}, {value.shape}."
        )
    order = np.lexsort((f, p))
    found = np.zeros(p.size, dtype=bool)
    # A row's neighbours follow it within so many places, once for each spectrum of the fibres between.
    for step in range(1, p.size):
        one, other = order[:-step], order[step:]
        near = (p[one] == p[other]) & (f[other] - f[one] <= fibres)
        if not near.any():
            break
        alike = near & (f[one] != f[other]) & (np.abs(value[one] - value[other]) <= tolerance)
        found[one[alike]] = found[other[alike]] = True
    return found
