"""Velocities from redshifts, and the split between nebulae and galaxies at 500 km/s."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from retrieval.lines import SPEED_OF_LIGHT

NEBULAR_LIMIT = 500.0  # km/s (Lu et al. 2022, section 4)


def velocity_kms(z: ArrayLike) -> NDArray[np.float64]:
    """c z in km/s, the convention of the paper and of redshift surveys.

    The relativistic velocity differs by c z^2 / 2: 0.4 km/s at the 500 km/s of the split, far under a LAMOST
    error.
    """
    return SPEED_OF_LIGHT * np.asarray(z, dtype=np.float64)


def is_nebular(z_cl: ArrayLike, z_rt: ArrayLike, limit: float = NEBULAR_LIMIT) -> NDArray[np.bool_]:
    """True where the line redshift and the template's both lie under `limit` km/s in absolute velocity.

    A NaN redshift is not nebular.
    """
    return (np.abs(velocity_kms(z_cl)) < limit) & (np.abs(velocity_kms(z_rt)) < limit)
