"""Why our Hb is not SPZLINE's: on SPZLINE's own continuum it is.

SPZLINE gives the level of its continuum at each line (LINECONTLEVEL), its redshift and its width. Our stars'
absorption is scaled until the continuum has that level at Hb, and the line is fitted again with that redshift
and width. What then is left of the difference is not the absorption.
"""

from __future__ import annotations

import numpy as np
import pytest

from retrieval.lines import LINE, SPEED_OF_LIGHT
from retrieval.measure.continuum import absorption
from tests.real.test_measure_sdss import Galaxy, galaxies

pytestmark = pytest.mark.real

NAME = "H_beta"
BESIDE = (14.0, 70.0)  # Angstrom at rest from the line: where the level of the continuum is told


def on_their_continuum(galaxy: Galaxy) -> tuple[float, float]:
    """Flux of Hb on SPZLINE's continuum over SPZLINE's, and its absorption at the line over ours."""
    theirs, seen = galaxy.table[NAME], galaxy.spectrum
    wave, flux = np.float64(seen.wavelength), np.float64(seen.flux)
    good = (seen.ivar > 0) & ~seen.bad
    ivar = np.where(good, seen.ivar, 0.0)
    stars = absorption(wave, flux, ivar, good, galaxy.z)
    assert stars is not None
    away = np.abs(wave / (1 + galaxy.z) - LINE["hb"].wavelength)
    beside = good & (away > BESIDE[0]) & (away < BESIDE[1])
    centre = LINE["hb"].wavelength * (1 + theirs["LINEZ"])
    slope = (wave - centre) / 100
    level, tilt = np.linalg.lstsq(np.stack((stars, stars * slope), 1)[beside], flux[beside], rcond=None)[0]
    share = (1 - theirs["LINECONTLEVEL"] / level) / (1 - np.interp(centre, wave, stars))
    continuum = (level + tilt * slope) * (1 - share * (1 - stars))
    sigma = centre * theirs["LINESIGMA"] / SPEED_OF_LIGHT
    line = np.exp(-0.5 * ((wave - centre) / sigma) ** 2) / sigma / np.sqrt(2 * np.pi)
    weight = ivar * (np.abs(wave - centre) < 4 * sigma)
    fitted = np.sum(weight * line * (flux - continuum)) / np.sum(weight * line**2)
    return float(fitted / theirs["LINEAREA"]), float(share)


def test_h_beta_on_the_surveys_own_continuum_is_the_surveys():
    ratio, share = np.array([on_their_continuum(galaxy) for galaxy in galaxies()]).T
    scatter = 1.4826 * np.median(np.abs(ratio - np.median(ratio)))
    print(f"hb on SPZLINE's continuum: median ratio {np.median(ratio):.3f} of {ratio.size}, ", end="")
    print(f"scatter {scatter:.3f}; absorption there over ours: median {np.median(share):.2f}")
    named = zip(galaxies(), ratio.tolist(), strict=True)
    far = [(galaxy.name, round(one, 2)) for galaxy, one in named if abs(one - 1) > 0.1]
    print(f"farther than 10%: {far}")
    assert ratio.size >= 45
    assert abs(np.median(ratio) - 1) < 0.05
    assert scatter < 0.05
    assert len(far) <= 2
    assert np.median(share) < 0.8
