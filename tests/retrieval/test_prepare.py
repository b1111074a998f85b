"""The grid and the prepared spectrum."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from retrieval import prepare
from retrieval.grid import make_grid
from retrieval.prepare import PrepareError

WAVE = 10 ** (3.5682 + 1e-4 * np.arange(3909))  # LAMOST's: 3700 to 9099 A


def spectrum(seed: int = 0) -> np.ndarray:
    return 5 + np.sin(WAVE / 300) + np.random.default_rng(seed).normal(scale=0.1, size=WAVE.size)


@pytest.mark.parametrize(("step", "samples"), [(2, 2500), (1, 5000)])
def test_the_grid_is_the_papers(step, samples):
    grid = make_grid(step)
    assert grid.shape == (samples,)
    assert grid[0] == 3900
    assert grid[-1] == 8900 - step


@pytest.mark.parametrize("arguments", [(0,), (-2,), (3,), (np.nan,), (2, 5000, 4000), (2, -10, 10)])
def test_a_grid_that_cannot_be_is_refused(arguments):
    with pytest.raises(ValueError, match=" A "):
        make_grid(*arguments)


@pytest.mark.parametrize("step", [1, 2])
def test_interpolation_is_linear(step):
    x, grid = prepare(WAVE, spectrum(), step=step)
    wanted = np.interp(grid, WAVE, spectrum())
    np.testing.assert_allclose(x, wanted / np.linalg.norm(wanted), rtol=1e-6)
    assert x.dtype == np.float32
    assert grid.dtype == np.float64


@settings(max_examples=50, deadline=None)
@given(
    arrays(np.float64, WAVE.size, elements=st.floats(-100, 100)).filter(lambda f: np.abs(f).max() > 1e-3),
    st.floats(1e-17, 1e9),
)
def test_l2_has_unit_norm_and_forgets_brightness(flux, factor):
    try:
        x, _ = prepare(WAVE, flux)
    except PrepareError as error:
        assert error.code == "zero-flux"  # noqa: PT017 -- the only refusal such a spectrum may meet
        return
    assert np.linalg.norm(x.astype(np.float64)) == pytest.approx(1, abs=1e-6)
    brighter, _ = prepare(WAVE, flux * factor)
    np.testing.assert_allclose(brighter, x, atol=1e-6)


def test_as_printed_has_the_inverse_norm():
    unit, grid = prepare(WAVE, spectrum())
    printed, _ = prepare(WAVE, spectrum(), normalization="as_printed")
    norm = np.linalg.norm(np.interp(grid, WAVE, spectrum()))
    np.testing.assert_allclose(printed, unit / norm, rtol=1e-6)


def test_rows_equal_one_at_a_time():
    rows = np.array([spectrum(seed) for seed in range(4)])
    mask = np.random.default_rng(1).random(rows.shape) < 0.05
    ivar = np.where(np.random.default_rng(2).random(rows.shape) < 0.05, 0.0, 1.0)
    for extra in ({}, {"mask": mask}, {"ivar": ivar}, {"mask": mask, "ivar": ivar}):
        together, _ = prepare(WAVE, rows, **extra)
        alone = [
            prepare(WAVE, row, **{name: value[i] for name, value in extra.items()})[0]
            for i, row in enumerate(rows)
        ]
        assert together.tobytes() == np.array(alone).tobytes()


def test_bad_pixels_are_bridged():
    flux = 2 + WAVE / 5000
    clean, _ = prepare(WAVE, flux)
    spoilt, mask = flux.copy(), np.zeros(WAVE.size, dtype=bool)
    mask[1000:1050] = mask[2000] = True
    spoilt[1000:1050], spoilt[2000] = 1e6, np.nan
    np.testing.assert_allclose(prepare(WAVE, spoilt, mask=mask)[0], clean, rtol=1e-6)
    np.testing.assert_allclose(prepare(WAVE, spoilt, ivar=np.where(mask, 0.0, 3.0))[0], clean, rtol=1e-6)


def test_what_was_not_observed_is_zero():
    seen = (WAVE > 4500) & (WAVE < 8000)
    cut, grid = prepare(WAVE[seen], spectrum()[seen])
    outside = (grid < WAVE[seen][0]) | (grid > WAVE[seen][-1])
    assert not cut[outside].any()
    assert cut[~outside].all()
    masked, _ = prepare(WAVE, spectrum(), mask=~seen)
    np.testing.assert_array_equal(masked, cut)


def nan_flux() -> np.ndarray:
    flux = spectrum()
    flux[7:10] = np.nan
    return flux


def swapped() -> np.ndarray:
    wave = WAVE.copy()
    wave[[10, 11]] = wave[[11, 10]]
    return wave


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        ((WAVE, nan_flux()), "nan-flux", "3 of 3909 .* row 0"),
        ((WAVE, np.array([spectrum(), nan_flux()])), "nan-flux", "row 1"),
        ((WAVE, np.zeros(WAVE.size)), "zero-flux", "row 0"),
        ((WAVE, np.where(WAVE < 3800, 1.0, 0.0)), "zero-flux", "3900"),
        ((swapped(), spectrum()), "wavelength-not-monotonic", "pixel 11"),
        ((WAVE[::-1], spectrum()), "wavelength-not-monotonic", "pixel 1"),
        ((WAVE[:-1], spectrum()), "length-mismatch", "3908"),
        ((WAVE, spectrum()[None, None]), "length-mismatch", "3909"),
        ((np.full(WAVE.size, np.nan), spectrum()), "wavelength-missing", "3909 of 3909"),
        ((np.array([]), np.array([])), "wavelength-missing", "0"),
        ((WAVE + 5000, spectrum()), "no-overlap", "8699.99 to 14099.1 A. cover 4%"),
        ((WAVE[WAVE < 5000], spectrum()[WAVE < 5000]), "no-overlap", "22%"),
        ((WAVE + 9000, spectrum()), "no-overlap", "0%"),
    ],
)
def test_what_cannot_be_compared_is_refused(arguments, code, words):
    with pytest.raises(PrepareError, match=words) as refusal:
        prepare(*arguments)
    assert refusal.value.code == code
    assert refusal.value.advice


def test_too_many_bad_pixels_are_refused():
    mask = np.zeros(WAVE.size, dtype=bool)
    mask[::3] = mask[1::3] = True
    with pytest.raises(PrepareError, match="34%") as refusal:
        prepare(WAVE, spectrum(), mask=mask)
    assert refusal.value.code == "no-overlap"
    with pytest.raises(PrepareError, match="cover 0%"):
        prepare(WAVE, spectrum(), ivar=np.zeros(WAVE.size))
    with pytest.raises(PrepareError, match=r"mask has shape \(1, 5\)"):
        prepare(WAVE, spectrum(), mask=np.zeros(5, dtype=bool))


def test_an_unknown_normalization_is_refused():
    with pytest.raises(ValueError, match="l1"):
        prepare(WAVE, spectrum(), normalization="l1")
