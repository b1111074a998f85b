"""Stellar absorption under Balmer lines: taken out, told of, and not made up."""

from __future__ import annotations

import numpy as np
import pytest

from retrieval.flags import LineFlag
from retrieval.lines import LINE, NII_RATIO, OIII_RATIO, SPEED_OF_LIGHT
from retrieval.measure import measure_lines
from retrieval.measure.continuum import DISPERSIONS, absorption, stars

WAVE = 10 ** (3.5682 + 1e-4 * np.arange(3909))
FLUX = {"hb": 35.0, "ha": 100.0, "oiii_5008": 60.0, "nii_6585": 40.0}


def starlight(z: float, shares: np.ndarray, dispersion: int) -> np.ndarray:
    """A dusty mixture of stars with level near 10, and what of it is absorption."""
    held = stars()
    shape = np.interp(np.log(WAVE / (1 + z)), held.log_wavelength, shares @ held.absorption[dispersion])
    return shape * 10 * (WAVE / 6000) ** 0.7, shape


def with_lines(flux: np.ndarray, z: float) -> np.ndarray:
    flux = flux.copy()
    ties = {"oiii_4960": FLUX["oiii_5008"] / OIII_RATIO, "nii_6550": FLUX["nii_6585"] / NII_RATIO}
    for key, total in (FLUX | ties).items():
        center = LINE[key].wavelength * (1 + z)
        width = center * 120 / SPEED_OF_LIGHT
        flux += total * np.exp(-0.5 * ((WAVE - center) / width) ** 2) / width / np.sqrt(2 * np.pi)
    return flux


def mixture(rng: np.random.Generator) -> np.ndarray:
    return rng.dirichlet(np.full(stars().absorption.shape[1], 0.7))


@pytest.mark.parametrize("dispersion", range(len(DISPERSIONS)))
def test_a_mixture_of_the_set_is_found_again(dispersion):
    rng = np.random.default_rng(dispersion)
    flux, shape = starlight(0.08, mixture(rng), dispersion)
    found = absorption(
        WAVE, with_lines(flux, 0.08), np.full(WAVE.size, 400.0), np.ones(WAVE.size, bool), 0.08
    )
    # What is smooth may be part of the curve or of the stars: compare within each Balmer line.
    for key in ("hd", "hg", "hb", "ha"):
        near = np.abs(WAVE / 1.08 / LINE[key].wavelength - 1) < 0.005
        ratio = (found / shape)[near]
        assert np.abs(ratio / np.median(ratio) - 1).max() < 0.03


@pytest.mark.parametrize("error", [0.1, 0.5])
def test_balmer_lines_are_whole_whatever_the_stars(error):
    rng = np.random.default_rng(11)
    pulls = {key: [] for key in FLUX}
    plain = []
    for _ in range(40):
        z = rng.uniform(0.02, 0.2)
        flux, _ = starlight(z, mixture(rng), rng.integers(len(DISPERSIONS)))
        noise = rng.normal(scale=error, size=WAVE.size)
        fits = {
            f.line: f
            for f in measure_lines(WAVE, with_lines(flux, z) + noise, np.full(WAVE.size, error**-2), z)
        }
        for key, true in FLUX.items():
            pulls[key].append((fits[key].flux - true) / fits[key].flux_err)
        plain.append(1 - fits["hb"].absorption_ew / fits["hb"].ew)
    for key, values in pulls.items():
        assert abs(np.median(values)) < 0.5, key
        assert np.std(values) < 1.3, key
    assert np.median(plain) < 0.8  # without stars, a fifth and more of Hb would be lost


def test_no_stars_are_seen_in_a_smooth_or_noisy_spectrum():
    rng = np.random.default_rng(1)
    good = np.ones(WAVE.size, bool)
    smooth = absorption(WAVE, 10 + 0.001 * WAVE + rng.normal(size=WAVE.size), np.ones(WAVE.size), good, 0.1)
    assert np.abs(smooth - 1).max() < 0.1
    assert absorption(WAVE, rng.normal(size=WAVE.size), np.ones(WAVE.size), good, 0.1) is None
    assert absorption(WAVE, WAVE, np.ones(WAVE.size), WAVE < 4000, 0.1) is None


def test_an_error_of_the_stars_is_part_of_the_balmer_lines_error():
    """With next to no noise, what remains is 0.4 A of equivalent width, less what the wings tell."""
    flux, _ = starlight(0.05, np.eye(stars().absorption.shape[1])[3], 1)
    fits = {f.line: f for f in measure_lines(WAVE, with_lines(flux, 0.05), np.full(WAVE.size, 1e6), 0.05)}
    assert 0.02 < fits["hb"].flux_err / fits["hb"].continuum / 1.05 < 0.4
    assert fits["oiii_5008"].flux_err < 0.2 * fits["hb"].flux_err


def test_more_absorption_than_emission_is_flagged():
    flux, _ = starlight(0.05, np.eye(stars().absorption.shape[1])[1], 1)
    center = LINE["hb"].wavelength * 1.05
    width = center * 120 / SPEED_OF_LIGHT
    weak = flux + 10 * np.exp(-0.5 * ((WAVE - center) / width) ** 2) / width / np.sqrt(2 * np.pi)
    fits = {f.line: f for f in measure_lines(WAVE, weak, np.full(WAVE.size, 100.0), 0.05)}
    assert LineFlag.ABSORPTION in LineFlag(fits["hb"].flags)
    assert fits["hb"].absorption_ew > fits["hb"].ew > 0
    strong = {f.line: f for f in measure_lines(WAVE, with_lines(flux, 0.05), np.full(WAVE.size, 100.0), 0.05)}
    assert LineFlag.ABSORPTION not in LineFlag(strong["ha"].flags)
