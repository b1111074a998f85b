"""The fast fit of many spectra against a plain one of each; and that it takes whatever comes."""

from __future__ import annotations

from dataclasses import astuple
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import least_squares

from retrieval.lines import LINE, SPEED_OF_LIGHT
from retrieval.measure import measure_lines, measure_many
from retrieval.measure.blocks import BALMER_SIGMA, Block, Pixels, blocks_of
from retrieval.measure.fit import fit_blocks
from retrieval.measure.model import BALMER

WAVE = 10 ** (3.58 + 1e-4 * np.arange(3700))


def spectrum(rng: np.random.Generator, error: float) -> SimpleNamespace:
    z, sigma, offset = rng.uniform(0.05, 0.2), rng.uniform(80, 180), rng.uniform(-120, 120)
    flux = 10 + 0.002 * (WAVE - 6000) + rng.normal(scale=error, size=WAVE.size)
    for key in ("oii_3727", "oii_3730", "hg", "hb", "oiii_5008", "nii_6585", "ha", "sii_6718", "sii_6733"):
        center = LINE[key].wavelength * (1 + z) * (1 + offset / SPEED_OF_LIGHT)
        width = center * sigma / SPEED_OF_LIGHT
        flux += (
            rng.uniform(5, 60) * np.exp(-0.5 * ((WAVE - center) / width) ** 2) / width / np.sqrt(2 * np.pi)
        )
    bad = rng.random(WAVE.size) < 0.02
    return SimpleNamespace(wavelength=WAVE, flux=flux, ivar=np.full(WAVE.size, error**-2), bad=bad, z=z)


def model(block: Block, shape: np.ndarray, amplitudes: np.ndarray) -> np.ndarray:
    """The model of a block with one row, as its definition reads; the last pixel is the prior's."""
    velocity, forbidden, balmer = shape
    rest, root = block.rest[0], block.root[0]
    count = len(block.window.profiles)
    flux = amplitudes[count] * block.stars[0] + amplitudes[count + 1] * block.stars[0] * block.slope[0]
    for amplitude, profile in zip(amplitudes, block.window.profiles, strict=False):
        for key, share in profile.items():
            center = LINE[key].wavelength * (1 + velocity / SPEED_OF_LIGHT)
            width = center * (balmer if key in BALMER else forbidden) / SPEED_OF_LIGHT
            profile_of = np.exp(-0.5 * ((rest - center) / width) ** 2) / (width * np.sqrt(2 * np.pi))
            flux = flux + amplitude * share * profile_of * root
    if block.window.balmer:
        distance = (rest - LINE[block.window.balmer].wavelength) / BALMER_SIGMA
        lost = np.exp(-0.5 * distance**2) / (BALMER_SIGMA * np.sqrt(2 * np.pi)) * root
        flux = flux - amplitudes[-1] * lost
        flux[-1] = amplitudes[-1] * block.prior[0]
    return flux


def plain_fit(blocks: list[Block], start: np.ndarray) -> tuple[np.ndarray, list[np.ndarray], np.ndarray]:
    """All parameters at once by scipy, derivatives by differences: shape, amplitudes, errors of all."""
    sizes = [len(b.window.profiles) + 2 + (b.window.balmer is not None) for b in blocks]

    def residual(parameters: np.ndarray) -> np.ndarray:
        velocity, forbidden, balmer = parameters[0] * 100, *np.exp(parameters[1:3])
        parts = np.split(parameters[3:], np.cumsum(sizes)[:-1])
        prior = [
            parameters[0],
            (parameters[1] - np.log(110)) / 0.4,
            (parameters[2] - parameters[1]) / 0.1,
        ]
        shape = np.array([velocity, forbidden, balmer])
        fits = [b.flux[0] - model(b, shape, part) for b, part in zip(blocks, parts, strict=True)]
        return np.concatenate([*fits, prior])

    first = np.concatenate([[start[0] / 100], np.log(start[1:]), *[np.full(size, 10.0) for size in sizes]])
    found = least_squares(residual, first, x_scale="jac", xtol=1e-12, ftol=1e-12, gtol=1e-12)
    errors = np.sqrt(np.diag(np.linalg.inv(found.jac.T @ found.jac)))
    amplitudes = np.split(found.x[3:], np.cumsum(sizes)[:-1])
    return np.array([found.x[0] * 100, *np.exp(found.x[1:3])]), amplitudes, errors[3:]


@pytest.mark.parametrize("seed", range(4))
def test_the_fit_is_that_of_all_parameters_at_once(seed):
    one = spectrum(np.random.default_rng(seed), 0.4)
    blocks = blocks_of([Pixels(one.wavelength, one.flux, np.where(one.bad, 0, one.ivar), one.z)])
    fit = fit_blocks(blocks)
    assert fit.free.all()
    shape, amplitudes, errors = plain_fit(blocks, np.array([fit.offset[0] + 20, 120.0, 120.0]))
    assert fit.offset[0] == pytest.approx(shape[0], abs=0.1)
    assert fit.sigma[0] == pytest.approx(shape[1:], rel=1e-3)
    at = 0
    for window, plain in zip(fit.windows, amplitudes, strict=True):
        error = errors[at : at + plain.size]
        at += plain.size
        assert np.abs(window.amplitudes[0] - plain).max() < 0.01 * error.max()
        # Kaufman's form leaves out what the residuals add to the curvature, as does scipy's.
        assert np.sqrt(np.diag(window.covariance[0])) == pytest.approx(error, rel=0.02)


def test_a_result_does_not_depend_on_its_company():
    rng = np.random.default_rng(9)
    many = [spectrum(rng, error) for error in (0.2, 0.5, 1.0, 3.0, 30.0)]
    short = SimpleNamespace(**{k: v[:1500] if k != "z" else v for k, v in vars(many[1]).items()})
    together = measure_many([*many, short], [one.z for one in [*many, short]])
    for one, fits in zip([*many, short], together, strict=True):
        alone = measure_lines(one.wavelength, one.flux, one.ivar, one.z, mask=one.bad)
        assert [fit.line for fit in fits] == [fit.line for fit in alone]
        for here, there in zip(fits, alone, strict=True):
            assert astuple(here)[1:] == pytest.approx(astuple(there)[1:], rel=1e-6, nan_ok=True)


def test_as_many_results_as_spectra_and_none_for_none():
    assert measure_many([], []) == []
    with pytest.raises(ValueError, match="argument"):
        measure_many([spectrum(np.random.default_rng(0), 1.0)], [])


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    level=st.sampled_from([0.0, 1e-17, 1.0, 1e12]),
    error=st.sampled_from([1e-17, 1e-3, 1.0, 1e6]),
    z=st.floats(-0.5, 3.0),
    bad=st.sampled_from([0.0, 0.3, 0.99, 1.0]),
    pixels=st.integers(1, 3700),
)
def test_any_numbers_give_numbers_or_a_failed_fit(seed, level, error, z, bad, pixels):
    rng = np.random.default_rng(seed)
    flux = level + rng.normal(scale=error, size=pixels)
    fits = measure_lines(WAVE[:pixels], flux, np.full(pixels, error**-2.0), z, mask=rng.random(pixels) < bad)
    for fit in fits:
        assert np.isfinite(fit.flux) == np.isfinite(fit.flux_err) == np.isfinite(fit.snr)
        assert not fit.flux_err <= 0
