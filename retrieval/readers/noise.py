"""The noise of a spectrum that comes without uncertainties."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from retrieval.readers.refusals import Refused

_MAD_TO_SIGMA = 1.4826


def noise(flux: NDArray[np.float64]) -> float:
    """Standard deviation of the noise from third-order differences (DER_SNR, Stoehr et al. 2008)."""
    good = flux[np.isfinite(flux) & (flux != 0)]
    if good.size < 5:
        raise Refused("zero-flux", f"Only {good.size} pixels hold a flux.")
    sigma = _MAD_TO_SIGMA / np.sqrt(6.0) * float(np.median(np.abs(2 * good[2:-2] - good[:-4] - good[4:])))
    if not sigma > 0:
        raise Refused(
            "ivar-zero", "There are no uncertainties, and the flux shows no noise to estimate them from."
        )
    return sigma
