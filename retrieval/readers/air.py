"""Air and vacuum wavelengths, after Ciddor 1996 (Applied Optics 35, 1566), as in static/js/viewer/air.js."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def air_to_vacuum(wavelength: NDArray[np.float64]) -> NDArray[np.float64]:
    """Vacuum wavelengths (n,) in Angstrom of standard-air ones.

    The refractive index is a function of the vacuum wavenumber; three rounds of substitution end far below
    1e-6 A.
    """
    vacuum = wavelength
    for _ in range(3):
        vacuum = wavelength * _index(vacuum)
    return vacuum


def vacuum_to_air(wavelength: NDArray[np.float64]) -> NDArray[np.float64]:
    """Standard-air wavelengths (n,) in Angstrom of vacuum ones."""
    return wavelength / _index(wavelength)


def _index(vacuum: NDArray[np.float64]) -> NDArray[np.float64]:
    """Refractive index of standard air at vacuum wavelengths (n,) in Angstrom."""
    wavenumber = (1e4 / vacuum) ** 2  # 1 / micron^2
    return 1 + 5.792105e-2 / (238.0185 - wavenumber) + 1.67917e-3 / (57.362 - wavenumber)
