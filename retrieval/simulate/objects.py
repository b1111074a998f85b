"""The kinds of objects: what light each sends, and what is true of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from scipy.special import gammaincinv

from retrieval.diagnose import classify
from retrieval.lines import LINE, SPEED_OF_LIGHT
from retrieval.simulate import continua, emission
from retrieval.simulate.instrument import EDGES, RESOLUTION, WAVELENGTH, counts_for, normalised

Array = NDArray[np.float64]

KINDS = (
    "star-forming",
    "composite",
    "LINER",
    "Seyfert",
    "H II region",
    "H II region outside",
    "planetary nebula",
    "F star",
    "noise",
)
GALAXIES = KINDS[:4]
NEBULAE = KINDS[4:7]

_INSTRUMENT_KMS = SPEED_OF_LIGHT / RESOLUTION / np.sqrt(8 * np.log(2))
_GAMMA_SHAPE, _GAMMA_SCALE = 2.2, 0.055  # redshifts of a shallow magnitude-limited survey, median near 0.1
_CLUSTERED = 0.6  # share of galaxies in groups and walls
_DISPERSION_KMS = 200.0
# One sky for every simulated survey: evenly over the quantiles of the field's distribution.
_STRUCTURES = _GAMMA_SCALE * gammaincinv(_GAMMA_SHAPE, (np.arange(48) + 0.5) / 48)
_NEBULAR_VELOCITY = 150.0  # km/s: most nebulae in H II regions stay below (Lu et al. 2022, section 4)


@dataclass(frozen=True)
class Light:
    """What reaches the telescope from one object, on the instrument's pixels, in electrons of the r band."""

    continuum: Array
    lines: Array
    counts: float
    z: float
    sigma_kms: float
    fluxes: dict[str, float] = field(default_factory=dict)
    bpt_class: str = ""


def galaxy(kind: str, snr: float, rng: Generator) -> Light:
    """A galaxy of a BPT class at z 0.004 to 0.35: stars, dust, and gas of the class's ratios."""
    draw, width = _GAS[kind]
    z = _redshift(rng)
    sigma = float(rng.uniform(60, 250))
    dust = float(rng.uniform(0.0, 0.45))
    gas = _of_class(kind, draw, dust, rng)
    young = float(rng.uniform(*_YOUNG[kind]))
    rest = WAVELENGTH / (1 + z)
    stars = continua.galaxy(
        rest, young=young, colour_excess=dust, sigma_kms=float(np.hypot(sigma, _INSTRUMENT_KMS))
    )
    counts = counts_for(snr)
    continuum = normalised(stars, counts)
    width_ha = 10 ** rng.normal(np.log10(width), 0.3)  # rest equivalent width of Ha, Angstrom
    return _with_lines(continuum, counts, gas, z, sigma, dust, width_ha * (1 + z), kind)


def _redshift(rng: Generator) -> float:
    """A redshift from 0.004 to 0.35. Most galaxies lie in groups and walls, as in any survey of the sky, so
    that an unknown can have a template at its own redshift even among a few hundred."""
    if rng.random() < _CLUSTERED:
        z = rng.choice(_STRUCTURES) + rng.normal(0, _DISPERSION_KMS) / SPEED_OF_LIGHT
    else:
        z = rng.gamma(_GAMMA_SHAPE, _GAMMA_SCALE)
    return float(np.clip(z, 0.004, 0.35))


def nebula(kind: str, snr: float, rng: Generator) -> Light:
    """A Galactic nebula: narrow lines on a weak continuum, within 150 km/s of rest."""
    planetary = kind == "planetary nebula"
    gas = emission.planetary_nebula(rng) if planetary else emission.hii_region(rng)
    velocity = float(np.clip(rng.normal(0, 45), -_NEBULAR_VELOCITY, _NEBULAR_VELOCITY))
    dust = float(rng.uniform(0.1, 0.8))
    counts = counts_for(snr)
    continuum = normalised(continua.nebular(WAVELENGTH, dust), counts)
    width_ha = 10 ** (rng.normal(2.5, 0.3) if planetary else rng.normal(1.7, 0.35))
    sigma = float(rng.uniform(8, 25))
    return _with_lines(continuum, counts, gas, velocity / SPEED_OF_LIGHT, sigma, dust, width_ha, "")


def f_star(kind: str, snr: float, rng: Generator) -> Light:
    z = float(rng.normal(0, 45) / SPEED_OF_LIGHT)
    counts = counts_for(snr)
    light = continua.f_star(
        WAVELENGTH / (1 + z),
        temperature=float(rng.uniform(6000, 7400)),
        metals=float(10 ** min(rng.normal(-0.3, 0.25), 0.5)),  # no star is richer; its break would pass zero
        sigma_kms=float(np.hypot(15, _INSTRUMENT_KMS)),
    )
    return Light(normalised(light, counts), np.zeros_like(light), counts, z, 15.0)


def featureless(kind: str, snr: float, rng: Generator) -> Light:
    """Next to nothing: a faint smooth glow without any line, under the sky's noise."""
    counts = counts_for(snr)
    slope = float(rng.uniform(-1.5, 1.5))
    glow = normalised((WAVELENGTH / 6200.0) ** slope, counts)
    return Light(glow, np.zeros_like(glow), counts, 0.0, 0.0)


Maker = Callable[[str, float, Generator], Light]
MAKERS: dict[str, Maker] = {
    **dict.fromkeys(GALAXIES, galaxy),
    **dict.fromkeys(NEBULAE, nebula),
    "F star": f_star,
    "noise": featureless,
}

_GAS: dict[
    str, tuple[Callable[[Generator], emission.Gas], float]
] = {  # and the typical width of Ha, Angstrom
    "star-forming": (emission.star_forming, 22.0),
    "composite": (emission.composite, 10.0),
    "LINER": (emission.liner, 4.5),
    "Seyfert": (emission.seyfert, 16.0),
}
_YOUNG = {
    "star-forming": (0.35, 0.9),
    "composite": (0.15, 0.5),
    "LINER": (0.0, 0.15),
    "Seyfert": (0.1, 0.4),
}


def _of_class(
    kind: str, draw: Callable[[Generator], emission.Gas], dust: float, rng: Generator
) -> emission.Gas:
    """Draw until the observed ratios are those of the class: the recipes overlap the classes' borders."""
    while True:
        gas = draw(rng)
        flux = emission.line_fluxes(gas, 1.0, dust)
        place = np.log10([flux["nii_6585"] / flux["ha"], flux["oiii_5008"] / flux["hb"]])
        if classify(*place) == kind:
            return gas


def _with_lines(
    continuum: Array,
    counts: float,
    gas: emission.Gas,
    z: float,
    sigma: float,
    dust: float,
    width_ha: float,
    cls: str,
) -> Light:
    """Lines on a continuum; ``width_ha`` is the observed equivalent width of Ha in Angstrom."""
    at_ha = float(np.interp(LINE["ha"].wavelength * (1 + z), WAVELENGTH, continuum))
    fluxes = emission.line_fluxes(gas, width_ha * at_ha, dust)
    lines = emission.paint(EDGES, fluxes, z, sigma, RESOLUTION)
    return Light(continuum, lines, counts, z, sigma, fluxes, cls)
