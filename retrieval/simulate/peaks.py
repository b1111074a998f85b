"""How clearly a simulated spectrum shows its lines."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from retrieval.grid import START, STOP
from retrieval.simulate.emission import paint
from retrieval.simulate.instrument import RESOLUTION


def peak_snr(
    wavelength: NDArray[np.floating],
    ivar: NDArray[np.floating],
    fluxes: Mapping[str, float],
    z: float,
    sigma_kms: float,
) -> float:
    """The lines' true flux over the pixel's noise where that is largest; 0 where no line can be seen.

    ``wavelength`` and ``ivar`` (n,) in vacuum Angstrom and the file's unit, ivar 0 for a pixel without a
    value; ``fluxes`` in that unit times Angstrom. Only what lies on the grid of the retrieval counts.
    """
    at = np.asarray(wavelength, dtype=np.float64)
    middle = (at[1:] + at[:-1]) / 2
    edges = np.concatenate(([2 * at[0] - middle[0]], middle, [2 * at[-1] - middle[-1]]))
    snr = paint(edges, fluxes, z, sigma_kms, RESOLUTION) * np.sqrt(np.maximum(ivar, 0.0))
    return float(snr[(at >= START) & (at < STOP)].max(initial=0.0))
