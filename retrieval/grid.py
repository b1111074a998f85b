"""The wavelength grid on which spectra are compared: evenly spaced, vacuum Angstrom."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

START = 3900.0  # Angstrom; the paper keeps 3900 to 8900
STOP = 8900.0


def make_grid(step: float, start: float = START, stop: float = STOP) -> NDArray[np.float64]:
    """Wavelengths start, start + step, ... below `stop` (Angstrom), float64 (n,).

    Step 2 gives the paper's 2,500 samples, step 1 its 5,000 (Lu et al. 2022, section 3). ValueError when the
    step does not divide the range.
    """
    if not (np.isfinite([step, start, stop]).all() and step > 0 and stop > start > 0):
        raise ValueError(f"No grid from {start} to {stop} A in steps of {step} A.")
    samples = (stop - start) / step
    if abs(samples - round(samples)) > 1e-9 * samples:
        raise ValueError(f"A step of {step} A does not divide {start} to {stop} A into whole samples.")
    return start + step * np.arange(round(samples), dtype=np.float64)
