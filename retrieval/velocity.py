"""Velocities from redshifts, the local standard of rest, and the split between nebulae and galaxies.

Heliocentric velocities are c z. The local standard of rest is the kinematic one, to which VLSR of the WISE
catalogue and of radio astronomy refers: the Sun moves at 20 km/s towards RA 18h, Dec +30 deg of 1900 (Delhaye
1965; Gordon 1976, Methods of Experimental Physics 12C, 277).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from retrieval.lines import SPEED_OF_LIGHT

NEBULAR_LIMIT = 500.0  # km/s (Lu et al. 2022, section 4)
UNLIKE_REGION = 70.0
"""km/s beyond which a velocity is unlike its H II region's: three times the 21 km/s by which z_CL scatters on
simulated H II regions and some 10 km/s of motion within a region, in quadrature."""
SOLAR_MOTION = 20.0  # km/s
APEX_RA, APEX_DEC = 270.9594, 30.0047  # ICRS, degrees: RA 18h, Dec +30 deg precessed from B1900


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


def lsr_velocity_kms(heliocentric: ArrayLike, ra: ArrayLike, dec: ArrayLike) -> NDArray[np.float64]:
    """Velocity in the kinematic local standard of rest, km/s, from the heliocentric one.

    `ra` and `dec` in degrees (ICRS), of a shape that fits `heliocentric`. Adds the solar motion's part along
    the line of sight.
    """
    a, d = np.radians(np.asarray(ra, dtype=np.float64)), np.radians(np.asarray(dec, dtype=np.float64))
    a0, d0 = np.radians(APEX_RA), np.radians(APEX_DEC)
    towards = np.sin(d) * np.sin(d0) + np.cos(d) * np.cos(d0) * np.cos(a - a0)
    return np.asarray(heliocentric, dtype=np.float64) + SOLAR_MOTION * towards


def nearest_velocity(velocity: float, velocities: Sequence[float]) -> float:
    """The one of a region's velocities that is nearest to `velocity`, the first of equals; NaN for none."""
    return min(velocities, key=lambda one: abs(one - velocity), default=float("nan"))
