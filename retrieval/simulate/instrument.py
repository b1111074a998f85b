"""What the telescope makes of light: LAMOST's pixels, throughput, sky, noise and defects.

Fluxes are counts of the r band: the noise is that of the object's and the sky's photons and of the readout,
and faint objects are faint because their photons are few, as in a survey of fixed exposure time.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from retrieval.lines import ARM_JOIN
from retrieval.masks import MASK_BIT
from retrieval.readers.air import air_to_vacuum

Array = NDArray[np.float64]

RESOLUTION = 1800.0
COEFF0, COEFF1, PIXELS = 3.5682, 0.0001, 3909

_LOG = COEFF0 + COEFF1 * np.arange(PIXELS)
WAVELENGTH: Array = np.power(10.0, _LOG).astype(np.float32).astype(np.float64)  # as the files hold it
EDGES: Array = np.power(10.0, COEFF0 + COEFF1 * (np.arange(PIXELS + 1) - 0.5))

BANDS: dict[str, tuple[float, float]] = {  # Angstrom
    "u": (3710.0, 4000.0),
    "g": (4000.0, 5500.0),
    "r": (5600.0, 6900.0),
    "i": (6900.0, 8200.0),
    "z": (8200.0, 8950.0),
}

SKY_FIBRES = 20  # their mean is the sky that is subtracted
SKY_COUNTS = 260.0  # electrons a pixel from the moonless sky at 6200 A
READ_VARIANCE = 60.0  # electrons^2 a pixel, all exposures and rows of the trace
ZERO_POINT = 23.3  # r magnitude of one electron a pixel: S/N 10 near r = 17.4
TAIL = (24, 29)  # pixels at the red end that some files leave at zero flux with positive ivar

# Lines of the night sky, air Angstrom and strength relative to the sky's continuum in one Angstrom:
# [O I], Na D, and the stronger OH lines (Osterbrock et al. 1996, PASP 108, 277). The strengths are
# typical: they vary by the hour.
_SKY_LINES = (
    (5577.34, 60), (5889.95, 8), (5895.92, 6), (6300.30, 30), (6363.78, 10), (6498.7, 3),
    (6533.0, 3), (6553.6, 3), (6863.9, 6), (6923.2, 6), (6949.0, 4), (7276.4, 14),
    (7284.4, 6), (7303.7, 6), (7316.3, 18), (7329.1, 7), (7340.9, 20), (7369.2, 9),
    (7401.9, 12), (7524.1, 6), (7571.8, 8), (7712.2, 9), (7750.6, 26), (7780.0, 7),
    (7794.1, 30), (7808.5, 9), (7821.5, 26), (7841.3, 16), (7853.4, 10), (7913.7, 32),
    (7949.2, 16), (7964.6, 34), (7993.3, 30), (8014.1, 9), (8025.7, 22), (8052.0, 10),
    (8062.0, 14), (8288.6, 12), (8298.4, 16), (8310.7, 18), (8344.6, 40), (8382.4, 28),
    (8399.2, 44), (8415.2, 24), (8430.2, 44), (8452.3, 32), (8465.4, 40), (8493.4, 28),
    (8504.6, 24), (8548.7, 10), (8761.0, 14), (8778.3, 20), (8791.2, 22), (8827.1, 50),
    (8836.0, 26), (8850.1, 22), (8867.6, 26), (8885.9, 54), (8903.1, 32), (8919.6, 44),
    (8943.4, 40), (8957.6, 28), (8988.4, 24), (9001.3, 18), (9038.1, 20),
)  # fmt: skip
_SKY_CENTRES: Array = air_to_vacuum(np.array([line[0] for line in _SKY_LINES], dtype=np.float64))
_SKY_STRENGTHS: Array = np.array([line[1] for line in _SKY_LINES], dtype=np.float64)


def _throughput() -> Array:
    """Efficiency relative to 6200 A: two arms that meet in the dichroic's range, weak below 4000 A."""
    middle = sum(ARM_JOIN) / 2
    blue = np.exp(-(((WAVELENGTH - 4950.0) / 1150.0) ** 4)) / (1 + np.exp((WAVELENGTH - middle) / 45.0))
    red = np.exp(-(((WAVELENGTH - 7100.0) / 1900.0) ** 4)) / (1 + np.exp((middle - WAVELENGTH) / 45.0))
    return np.asarray(0.75 * blue + red + 0.03)


def _sky_lines(amplitudes: Array) -> Array:
    """The sky's lines (PIXELS,), relative to its continuum, each multiplied by its amplitude."""
    flux = np.zeros(PIXELS)
    for centre, strength, amplitude in zip(_SKY_CENTRES, _SKY_STRENGTHS, amplitudes, strict=True):
        sigma = centre / RESOLUTION / math.sqrt(8 * math.log(2))
        near = slice(*np.searchsorted(WAVELENGTH, (centre - 6 * sigma, centre + 6 * sigma)))
        profile = np.exp(-0.5 * ((WAVELENGTH[near] - centre) / sigma) ** 2) / (sigma * math.sqrt(2 * math.pi))
        flux[near] += strength * amplitude * profile
    return flux


THROUGHPUT: Array = _throughput()
SKY_CONTINUUM: Array = 0.7 + 0.3 * (WAVELENGTH / 6200.0) ** 3  # 1 at 6200 A, redder towards 9000 A
SKY: Array = SKY_CONTINUUM + _sky_lines(np.ones(_SKY_CENTRES.size))
_BRIGHT_SKY = SKY > 4 * SKY_CONTINUUM


@dataclass(frozen=True)
class Exposure:
    """One spectrum as the survey delivers it; arrays (PIXELS,)."""

    flux: Array
    ivar: Array
    andmask: NDArray[np.int32]
    ormask: NDArray[np.int32]
    snr: dict[str, float]  # median flux / noise a pixel, per band
    magnitudes: dict[str, float]
    join_step: float  # factor by which the red arm's flux scale differs from the blue one's


def expose(
    continuum: Array, lines: Array, counts: float, rng: Generator, *, background_error: float = 0.0
) -> Exposure:
    """Observe ``continuum + lines``, each (PIXELS,), of ``counts`` electrons a pixel in the r band.

    The file's flux is in those electrons after division by the throughput, relative like LAMOST's. ``ivar``
    is what a pipeline would know: photons and readout, not the errors of the sky subtraction.
    ``background_error`` is the relative error of the subtracted sky continuum.
    """
    flux = continuum + lines
    electrons = flux * THROUGHPUT
    sky = SKY_COUNTS * SKY * THROUGHPUT
    variance = electrons + sky * (1 + 1 / SKY_FIBRES) + READ_VARIANCE
    noisy = electrons + rng.normal(0, np.sqrt(variance)) + _sky_residual(rng)
    noisy += background_error * SKY_COUNTS * THROUGHPUT * SKY_CONTINUUM
    join_step = float(np.clip(rng.normal(1, 0.05), 0.88, 1.12))
    scale = 1 + (join_step - 1) / (1 + np.exp((sum(ARM_JOIN) / 2 - WAVELENGTH) / 30.0))
    scale /= THROUGHPUT
    observed, ivar = noisy * scale, 1 / (variance * scale**2)
    andmask, ormask = _defects(observed, ivar, rng)
    snr = {band: _median_snr(observed, ivar, limits) for band, limits in BANDS.items()}
    return Exposure(observed, ivar, andmask, ormask, snr, magnitudes(flux, counts), join_step)


def counts_for(snr: float) -> float:
    """Electrons a pixel in the r band that give a signal-to-noise ratio: the photon equation, solved."""
    background = SKY_COUNTS * (1 + 1 / SKY_FIBRES) * float(np.median(SKY[_inside("r")])) + READ_VARIANCE
    return (snr**2 + math.sqrt(snr**4 + 4 * snr**2 * background)) / 2


def normalised(continuum: Array, counts: float) -> Array:
    """A continuum scaled to ``counts`` as its median in the r band."""
    return continuum * (counts / float(np.median(continuum[_inside("r")])))


def magnitudes(flux: Array, counts: float) -> dict[str, float]:
    """Magnitudes in u, g, r, i, z from the light alone, without noise; AB up to the zero point."""
    found = {}
    reference = float(np.mean(flux[_inside("r")] * WAVELENGTH[_inside("r")] ** 2))
    for band in BANDS:
        light = float(np.mean(flux[_inside(band)] * WAVELENGTH[_inside(band)] ** 2))
        found[band] = ZERO_POINT - 2.5 * math.log10(max(counts, 1.0)) - 2.5 * math.log10(light / reference)
    return found


def _inside(band: str) -> slice:
    return slice(*(int(pixel) for pixel in np.searchsorted(WAVELENGTH, BANDS[band])))


def _median_snr(flux: Array, ivar: Array, limits: tuple[float, float]) -> float:
    inside = slice(*np.searchsorted(WAVELENGTH, limits))
    return max(float(np.median(flux[inside] * np.sqrt(ivar[inside]))), 0.0)


def _sky_residual(rng: Generator) -> Array:
    """Electrons (PIXELS,) that the sky subtraction leaves: lines a little too strong, weak, or displaced."""
    quality = rng.lognormal(math.log(0.012), 0.5)
    lines = _sky_lines(rng.normal(0, quality, _SKY_CENTRES.size))
    displaced = rng.normal(0, 2 * quality) * np.gradient(SKY)
    return np.asarray(SKY_COUNTS * THROUGHPUT * (lines + displaced))


def _defects(flux: Array, ivar: Array, rng: Generator) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Spoil pixels in place as detectors and pipeline do; the and-mask and or-mask that tell of it."""
    andmask, ormask = np.zeros((2, PIXELS), dtype=np.int32)
    ormask[_BRIGHT_SKY] |= MASK_BIT["BRIGHTSKY"].value
    andmask[_BRIGHT_SKY & (rng.random(PIXELS) < 0.5)] |= MASK_BIT["BRIGHTSKY"].value
    noise = 1 / np.sqrt(ivar)
    for start in rng.integers(0, PIXELS - 4, rng.poisson(2)):
        run = slice(start, start + rng.integers(1, 5))
        flux[run] += rng.normal(0, 5, flux[run].size) * noise[run]
        ivar[run] = 0
        andmask[run] |= MASK_BIT["BADCCD"].value
    for start in rng.integers(0, PIXELS - 4, rng.poisson(12)):  # cosmic rays, in one of the exposures
        ormask[start : start + 3] |= MASK_BIT["BADPROFILE"].value
    if rng.random() < 0.4:
        flux[-int(rng.integers(TAIL[0], TAIL[1] + 1)) :] = 0
    return andmask, ormask | andmask
