"""Continua of galaxies, stars and nebulae: smooth physical forms with the absorption features of stars.

All take wavelengths at rest (n,) in vacuum Angstrom and give flux per Angstrom (n,), 1 near 5500 A.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from retrieval.lines import LINE, SPEED_OF_LIGHT
from retrieval.readers.air import air_to_vacuum

Array = NDArray[np.float64]

# Features of cool stars that are no line of the line table: blends of metals and CH, equivalent widths in
# Angstrom of an old population, after the Lick indices (Worthey et al. 1994, ApJS 94, 687) and the solar
# atlas. Wavelengths in air.
_METALS_AIR: tuple[
    tuple[float, float, float], ...
] = (  # centre, equivalent width, Gaussian sigma in Angstrom
    (3835.0, 2.5, 12.0),  # Fe and Mg
    (3883.0, 3.5, 16.0),  # CN
    (4045.8, 0.9, 3.0),
    (4063.6, 0.7, 3.0),
    (4160.0, 2.2, 17.0),  # CN
    (4226.7, 1.2, 3.0),  # Ca I
    (4271.8, 0.9, 4.0),
    (4304.0, 5.2, 9.0),  # G band, CH
    (4383.6, 3.2, 9.0),
    (4531.0, 2.6, 12.0),
    (4668.0, 4.0, 20.0),  # C2
    (5110.0, 2.0, 18.0),  # MgH
    (5270.0, 2.6, 10.0),
    (5330.0, 2.2, 10.0),
    (5406.0, 1.3, 7.0),
    (5709.0, 0.9, 8.0),
    (5782.0, 0.7, 7.0),
    (6137.0, 0.6, 5.0),
    (6230.0, 2.0, 30.0),  # TiO
    (6495.0, 0.7, 5.0),
    (7120.0, 3.0, 30.0),  # TiO
    (8498.0, 1.3, 3.0),  # Ca II
    (8542.1, 3.3, 3.5),
    (8662.1, 2.7, 3.5),
)

# Around [O III] each blend of iron and titanium by itself, for what lies under a line decides its flux.
# Centres in air as in the Sun's spectrum; equivalent widths by least squares on the mean K0 to K3 star of
# retrieval/measure/stars.npz.
_IRON_AIR: tuple[tuple[float, float], ...] = (
    (4871.7, 1.23), (4878.2, 0.36), (4885.5, 0.60), (4890.8, 1.26), (4903.3, 0.24), (4909.8, 0.44),
    (4919.4, 1.56), (4924.3, 0.39), (4934.0, 0.27), (4938.8, 0.73), (4957.5, 0.92), (4966.1, 0.30),
    (4982.2, 0.76), (4985.0, 0.54), (4991.8, 0.29), (5000.5, 0.56), (5006.0, 0.91), (5012.1, 0.64),
    (5016.0, 0.71), (5022.2, 0.58), (5027.5, 0.50), (5035.6, 0.33), (5040.5, 1.18), (5050.5, 0.69),
    (5065.5, 0.48), (5068.9, 0.38),
)  # fmt: skip
_IRON_RANGE = (4868.0, 5072.0)  # vacuum Angstrom: what the list tells whole
_IRON_SIGMA = 1.0  # Angstrom

_METALS: Array = np.array(
    [
        (air_to_vacuum(np.array([centre]))[0], width, sigma)
        for centre, width, sigma in (*_METALS_AIR, *((*line, _IRON_SIGMA) for line in _IRON_AIR))
    ]
)


def _grain(cells: Array) -> Array:
    """Optical depth of weak iron lines in cells of ln(wavelength), for an old population.

    Real stars have thousands, which no smooth form has; their places and strengths are drawn once, denser
    towards the blue as in the Sun. None fall where the lines are listed.
    """
    rng = np.random.default_rng(1814)  # the year of Fraunhofer's map
    centres, widths = 3700 + 5300 * rng.beta(1.0, 2.4, 400), rng.exponential(0.28, 400)
    widths[(centres > _IRON_RANGE[0]) & (centres < _IRON_RANGE[1])] = 0.0
    depths = np.zeros(cells.size)
    np.add.at(depths, np.searchsorted(cells, np.log(centres)), widths / centres / (cells[1] - cells[0]))
    return depths


_CELL_KMS = 20.0
_CELLS: Array = np.arange(np.log(2600.0), np.log(9300.0), _CELL_KMS / SPEED_OF_LIGHT)
_GRAIN: Array = _grain(_CELLS)

_CALCIUM = {"cak": 7.5, "cah": 6.5}  # equivalent width, Angstrom, of an old population
_MAGNESIUM_SODIUM = {"mgb_5169": 1.0, "mgb_5174": 1.3, "mgb_5185": 1.2, "nad_5892": 1.9, "nad_5898": 1.5}
# Equivalent widths relative to Hb, of hot stars and of the mean K0 to K3 star of retrieval/measure/stars.npz.
_BALMER = {"hd": 1.15, "hg": 1.05, "hb": 1.0, "ha": 0.75}
_COOL_BALMER = {"hd": 1.2, "hg": 1.2, "hb": 1.0, "ha": 1.5}
_BALMER_HIGH_AIR = (3970.1, 3889.1, 3835.4, 3797.9, 3770.6)  # H epsilon to H 11

_PLANCK = 1.438776877e8  # second radiation constant, Angstrom K


def blackbody(wavelength: Array, temperature: float) -> Array:
    """Planck's law per Angstrom, 1 at 5500 A; temperature in K."""

    def law(x: Array | float) -> Array:
        return np.asarray(x, dtype=np.float64) ** -5 / np.expm1(_PLANCK / (np.asarray(x) * temperature))

    return law(wavelength) / law(5500.0)


def attenuation(wavelength: Array, colour_excess: float) -> Array:
    """Factor (n,) by which dust of E(B-V) = ``colour_excess`` mag dims light.

    Calzetti et al. 2000, ApJ 533, 682, equation 4: 1200 A to 2.2 micron.
    """
    x = 1e4 / np.asarray(wavelength, dtype=np.float64)  # 1 / micron
    blue = 2.659 * (-2.156 + 1.509 * x - 0.198 * x**2 + 0.011 * x**3) + 4.05
    red = 2.659 * (-1.857 + 1.040 * x) + 4.05
    return np.power(10.0, -0.4 * colour_excess * np.where(x > 1 / 0.63, blue, red))


def absorb(wavelength: Array, flux: Array, centre: float, width: float, sigma: float) -> None:
    """Carve a Gaussian absorption of equivalent width ``width`` (Angstrom) into ``flux``, in place."""
    near = slice(*np.searchsorted(wavelength, (centre - 5 * sigma, centre + 5 * sigma)))
    profile = np.exp(-0.5 * ((wavelength[near] - centre) / sigma) ** 2)
    depth = min(width / (sigma * np.sqrt(2 * np.pi)), 0.9)
    flux[near] *= 1 - depth * profile


def old_population(wavelength: Array, sigma_kms: float, metals: float = 1.0) -> Array:
    """An old stellar population: cool black body, 4000 A break, metal and CH bands, Ca, Mg, Na.

    ``sigma_kms`` is the total Gaussian width, of stars and instrument; ``metals`` scales the features.
    """
    flux = blackbody(wavelength, 4600.0)
    flux *= 1 - 0.42 * metals / (1 + np.exp((wavelength - 3990.0) / 22.0))
    flux *= 1 - 0.25 * metals / (1 + np.exp((wavelength - 3640.0) / 60.0))
    for centre, width, own in _METALS:
        absorb(wavelength, flux, centre, metals * width, np.hypot(own, centre * sigma_kms / SPEED_OF_LIGHT))
    for key, width in (_CALCIUM | _MAGNESIUM_SODIUM).items():
        centre = LINE[key].wavelength
        absorb(wavelength, flux, centre, metals * width, np.hypot(3.0, centre * sigma_kms / SPEED_OF_LIGHT))
    _absorb_grain(wavelength, flux, metals, sigma_kms)
    _absorb_balmer(wavelength, flux, 0.9, sigma_kms, own=1.5, shares=_COOL_BALMER)
    return flux


def young_population(wavelength: Array, sigma_kms: float, balmer: float = 5.0) -> Array:
    """A young stellar population: hot black body, Balmer break, Balmer lines of ``balmer`` Angstrom at Hb."""
    flux = blackbody(wavelength, 13000.0)
    flux *= 1 - 0.35 / (1 + np.exp((wavelength - 3700.0) / 18.0))
    _absorb_balmer(wavelength, flux, balmer, sigma_kms)
    return flux


def galaxy(wavelength: Array, *, young: float, colour_excess: float, sigma_kms: float) -> Array:
    """A share ``young`` (0 to 1, of the light at 5500 A) of young stars among old ones, behind dust."""
    flux = (1 - young) * old_population(wavelength, sigma_kms) + young * young_population(
        wavelength, sigma_kms
    )
    # Stars suffer 0.44 of the colour excess of the gas (Calzetti et al. 2000, equation 3).
    return flux * attenuation(wavelength, 0.44 * colour_excess)


def f_star(wavelength: Array, *, temperature: float, metals: float, sigma_kms: float) -> Array:
    """A star of type F: black body of 6000 to 7400 K, strong Balmer lines, Ca H and K, weak metal lines."""
    flux = blackbody(wavelength, temperature)
    flux *= 1 - 0.25 * metals / (1 + np.exp((wavelength - 3990.0) / 30.0))
    for centre, width, own in _METALS:
        absorb(
            wavelength,
            flux,
            centre,
            0.35 * metals * width,
            np.hypot(own, centre * sigma_kms / SPEED_OF_LIGHT),
        )
    for key, width in (_CALCIUM | _MAGNESIUM_SODIUM).items():
        centre = LINE[key].wavelength
        absorb(
            wavelength, flux, centre, 0.5 * metals * width, np.hypot(2.0, centre * sigma_kms / SPEED_OF_LIGHT)
        )
    _absorb_grain(wavelength, flux, 0.5 * metals, sigma_kms)
    _absorb_balmer(wavelength, flux, 3.0 + 4.0 * (temperature - 6000.0) / 1400.0, sigma_kms)
    return flux


def nebular(wavelength: Array, colour_excess: float) -> Array:
    """The weak continuum towards a nebula: scattered light of hot stars and bound-free emission, reddened."""
    return (0.5 + 0.5 * blackbody(wavelength, 9000.0)) * attenuation(wavelength, colour_excess)


def _absorb_grain(wavelength: Array, flux: Array, metals: float, sigma_kms: float) -> None:
    depth = gaussian_filter1d(_GRAIN, sigma_kms / _CELL_KMS)
    flux *= np.exp(-metals * np.interp(np.log(wavelength), _CELLS, depth))


def _absorb_balmer(
    wavelength: Array,
    flux: Array,
    width: float,
    sigma_kms: float,
    own: float = 6.0,
    shares: Mapping[str, float] = _BALMER,
) -> None:
    """``width`` of Hb and ``own`` sigma, Angstrom: wide wings in hot stars, narrow cores in cool ones."""
    for key, share in shares.items():
        centre = LINE[key].wavelength
        absorb(wavelength, flux, centre, share * width, np.hypot(own, centre * sigma_kms / SPEED_OF_LIGHT))
    for centre in _HIGH_BALMER:
        absorb(wavelength, flux, centre, width, np.hypot(own - 1.0, centre * sigma_kms / SPEED_OF_LIGHT))


_HIGH_BALMER: Array = air_to_vacuum(np.array(_BALMER_HIGH_AIR))
