"""The peak S/N of simulated lines, from the Gaussian's own formula."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.lines import LINE
from retrieval.simulate.instrument import RESOLUTION, WAVELENGTH
from retrieval.simulate.peaks import peak_snr


@given(z=st.floats(0, 0.3), sigma=st.floats(80, 250), flux=st.floats(1, 1e4), noise=st.floats(0.1, 10))
def test_it_is_the_height_of_the_line_over_the_noise(
    z: float, sigma: float, flux: float, noise: float
) -> None:
    ivar = np.full(WAVELENGTH.size, noise**-2)
    width = math.hypot(sigma, 299792.458 / RESOLUTION / 2.35482) / 299792.458
    width *= LINE["ha"].wavelength * (1 + z)
    height = flux / (width * math.sqrt(2 * math.pi)) / noise
    # Half a pixel beside the centre and spread over a pixel of 69 km/s, the highest loses at most 8%.
    for fluxes in ({"ha": flux}, {"ha": flux, "oii": 1e-6}):
        assert 0.92 * height < peak_snr(WAVELENGTH, ivar, fluxes, z, sigma) < 1.001 * height


def test_what_cannot_be_seen_counts_for_nothing() -> None:
    ivar = np.ones(WAVELENGTH.size)
    assert peak_snr(WAVELENGTH, ivar, {"ha": 100.0}, 0.37, 100.0) == 0  # 8994 A
    assert peak_snr(WAVELENGTH, ivar, {"oii": 100.0}, 0.0, 100.0) == 0  # 3728 A
    assert peak_snr(WAVELENGTH, ivar, {}, 0.1, 100.0) == 0
    both = {"ha": 100.0, "hb": 30.0}
    whole = peak_snr(WAVELENGTH, ivar, both, 0.0, 100.0)
    ivar[np.abs(WAVELENGTH - 6564.6) < 40] = 0
    assert peak_snr(WAVELENGTH, ivar, both, 0.0, 100.0) == pytest.approx(
        peak_snr(WAVELENGTH, ivar, {"hb": 30.0}, 0.0, 100.0)
    )
    assert whole > 2 * peak_snr(WAVELENGTH, ivar, both, 0.0, 100.0)
