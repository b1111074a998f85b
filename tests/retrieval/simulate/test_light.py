"""Lines, continua and noise: what is put in can be measured again."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import retrieval.measure
from retrieval.lines import LINE, NII_RATIO, OIII_RATIO
from retrieval.masks import MASK_BIT
from retrieval.simulate import continua, emission
from retrieval.simulate.instrument import (
    BANDS,
    EDGES,
    PIXELS,
    RESOLUTION,
    WAVELENGTH,
    counts_for,
    expose,
    normalised,
)
from retrieval.simulate.objects import f_star

WIDTHS = np.diff(EDGES)
FLAT = np.ones(PIXELS)


@settings(max_examples=50, deadline=None)
@given(z=st.floats(0, 0.3), sigma=st.floats(5, 250), flux=st.floats(1e-3, 1e5))
def test_a_painted_line_has_its_flux_centre_and_width(z, sigma, flux):
    painted = emission.paint(EDGES, {"ha": flux}, z, sigma, RESOLUTION)
    centre = LINE["ha"].wavelength * (1 + z)
    assert (painted * WIDTHS).sum() == pytest.approx(flux, rel=1e-6)
    share = painted * WIDTHS / flux
    mean = (share * WAVELENGTH).sum()
    assert mean == pytest.approx(centre, abs=0.01)
    pixel = np.interp(centre, WAVELENGTH, WIDTHS)
    spread = np.sqrt((share * (WAVELENGTH - mean) ** 2).sum() - pixel**2 / 12)
    assert spread == pytest.approx(
        centre * np.hypot(sigma, 299792.458 / 1800 / 2.35482) / 299792.458, rel=0.01
    )


def test_an_unresolved_line_has_the_width_of_the_instrument():
    painted = emission.paint(EDGES, {"oiii_5008": 1.0}, 0.1, 0.0, RESOLUTION)
    fine = np.linspace(*WAVELENGTH[painted > 0][[0, -1]], 20_000)
    profile = np.interp(fine, WAVELENGTH, painted)
    above = fine[profile > profile.max() / 2]
    assert (above[-1] - above[0]) == pytest.approx(5008.24 * 1.1 / 1800, rel=0.1)  # pixels widen it a little


def test_lines_off_the_grid_are_left_out():
    assert not emission.paint(EDGES, {"ha": 1.0}, 0.5, 100, RESOLUTION).any()


@pytest.mark.parametrize("draw", [emission.star_forming, emission.liner, emission.planetary_nebula])
def test_ratios_are_those_of_physics(draw):
    gas = draw(np.random.default_rng(5))
    clean, dusty = (emission.line_fluxes(gas, 100.0, dust) for dust in (0.0, 0.4))
    assert clean["ha"] == dusty["ha"] == 100
    assert clean["ha"] / clean["hb"] == pytest.approx(2.86)
    # Calzetti: k(Hb) - k(Ha) = 1.27.
    assert dusty["ha"] / dusty["hb"] == pytest.approx(2.86 * 10 ** (0.4 * 0.4 * 1.27), rel=0.01)
    for fluxes in (clean, dusty):
        assert fluxes["oiii_5008"] / fluxes["oiii_4960"] == pytest.approx(OIII_RATIO, rel=0.02)
        assert fluxes["nii_6585"] / fluxes["nii_6550"] == pytest.approx(NII_RATIO, rel=0.01)
    assert np.log10(clean["nii_6585"] / clean["ha"]) == pytest.approx(gas.nii_ha)
    assert np.log10(clean["oiii_5008"] / clean["hb"]) == pytest.approx(gas.oiii_hb)
    assert np.log10((clean["sii_6718"] + clean["sii_6733"]) / clean["ha"]) == pytest.approx(gas.sii_ha)


def test_dust_follows_calzetti():
    dim = continua.attenuation(np.array([5500.0, 6299.0, 6301.0]), 1.0)
    assert -2.5 * np.log10(dim[0]) == pytest.approx(4.05, abs=0.02)
    assert dim[1] == pytest.approx(dim[2], rel=0.03)  # the two pieces of the curve nearly meet


def test_an_absorption_has_its_equivalent_width():
    flux = FLAT.copy()
    continua.absorb(WAVELENGTH, flux, 5000.0, 4.0, 6.0)
    assert ((1 - flux) * WIDTHS).sum() == pytest.approx(4.0, rel=1e-3)


def test_old_galaxies_have_breaks_and_bands_and_young_ones_balmer_lines():
    rest = WAVELENGTH

    def depth(flux, centre, half=12.0):
        inside = np.abs(rest - centre) < 4
        beside = (np.abs(rest - centre) > 2 * half) & (np.abs(rest - centre) < 4 * half)
        return 1 - flux[inside].min() / np.median(flux[beside])

    old = continua.old_population(rest, 150.0)
    young = continua.young_population(rest, 150.0)
    d4000 = old[(rest > 4050) & (rest < 4250)].mean() / old[(rest > 3750) & (rest < 3950)].mean()
    assert 1.5 < d4000 < 2.6
    for key in ("cak", "mgb_5174", "nad_5892"):
        assert depth(old, LINE[key].wavelength) > 0.1, key
    assert depth(young, LINE["hb"].wavelength) > 0.2
    assert depth(young, LINE["mgb_5174"].wavelength) < 0.05
    assert (old > 0).all()
    assert (young > 0).all()


@pytest.fixture
def k_star():
    """Wavelengths at rest, the mean K0 to K3 star over its continuum, and a simulated old population."""
    with np.load(Path(retrieval.measure.__file__).with_name("stars.npz")) as held:
        rest = np.exp(held["log_wavelength"].astype(np.float64))
        star = held["absorption"][list(held["kinds"]).index("K0-K3")]
    return rest, star, continua.old_population(rest, 299792.458 / RESOLUTION / 2.35482)


def test_around_oiii_old_stars_look_like_a_k_star(k_star):
    """Else simulated [O III] is lost in features that no star has, or made by those that are missing."""
    rest, star, old = k_star
    around, under = (rest > 4880) & (rest < 5065), np.abs(rest - LINE["oiii_5008"].wavelength) < 8
    star, old = star / np.median(star[around]), old / np.median(old[around])
    assert np.corrcoef(star[around], old[around])[0, 1] > 0.9
    assert np.std((star - old)[around]) < 0.04
    assert (star - old)[under].mean() == pytest.approx(0, abs=0.015)


@pytest.mark.parametrize("key", ["ha", "hb", "hg", "hd"])
def test_old_stars_have_the_balmer_lines_of_a_k_star(k_star, key):
    rest, star, old = k_star
    apart = np.abs(rest - LINE[key].wavelength)

    def width(flux):
        beside = np.percentile(flux[(apart > 12) & (apart < 40)], 75)
        return np.sum((1 - flux / beside)[apart < 8] * np.gradient(rest)[apart < 8])

    assert width(old) == pytest.approx(width(star), abs=0.3)


def test_noise_is_what_the_inverse_variance_says():
    counts = counts_for(10.0)
    pulls = []
    for seed in range(5):
        exposure = expose(normalised(FLAT, counts), 0 * FLAT, counts, np.random.default_rng(seed))
        clean = (WAVELENGTH > 4300) & (WAVELENGTH < 5500) & (exposure.ivar > 0)
        pulls.append((exposure.flux - counts)[clean] * np.sqrt(exposure.ivar[clean]))
    assert np.std(np.concatenate(pulls)) == pytest.approx(1, abs=0.04)
    assert np.mean(np.concatenate(pulls)) == pytest.approx(0, abs=0.06)


@pytest.mark.parametrize("snr", [2.0, 8.0, 25.0])
def test_counts_give_the_signal_to_noise_that_was_asked(snr):
    counts = counts_for(snr)
    exposure = expose(normalised(FLAT, counts), 0 * FLAT, counts, np.random.default_rng(2))
    low, high = BANDS["r"]
    inside = (low < WAVELENGTH) & (high > WAVELENGTH)
    assert exposure.snr["r"] == pytest.approx(snr, rel=0.12)
    measured = np.median(exposure.flux[inside] * np.sqrt(exposure.ivar[inside]))
    assert exposure.snr["r"] == pytest.approx(measured, rel=1e-6)


def test_the_sky_leaves_residuals_at_its_lines_only():
    """Far beyond the noise's own spread at 5577 A, in some exposures; never at 5300 A."""
    counts = counts_for(3.0)
    worst = {5578.9: 0.0, 5300.0: 0.0}
    for seed in range(60):
        exposure = expose(normalised(FLAT, counts), 0 * FLAT, counts, np.random.default_rng(seed))
        pull = (exposure.flux - counts) * np.sqrt(exposure.ivar)
        for place in worst:
            pixel = np.argmin(np.abs(WAVELENGTH - place))
            worst[place] = max(worst[place], float(np.abs(pull[pixel])))
    assert worst[5578.9] > 3.5
    assert worst[5300.0] < 4.5


def test_defects_are_there_and_told():
    counts = counts_for(20.0)
    tails, steps, bad = [], [], 0
    for seed in range(60):
        exposure = expose(normalised(FLAT, counts), 0 * FLAT, counts, np.random.default_rng(seed))
        zero = PIXELS - 1 - np.flatnonzero(exposure.flux)[-1]
        tails.append(int(zero))
        red, blue = (
            np.median(exposure.flux[(a < WAVELENGTH) & (b > WAVELENGTH)])
            for a, b in ((6050, 6800), (5e3, 5650))
        )
        steps.append(red / blue / exposure.join_step)
        flagged = (exposure.andmask & MASK_BIT["BADCCD"].value) != 0
        bad += int(flagged.sum())
        assert not exposure.ivar[flagged].any()
        assert not (exposure.andmask & ~exposure.ormask).any()
    assert {tail for tail in tails if tail} <= set(range(24, 30))
    assert 10 < np.count_nonzero(tails) < 40
    assert bad > 20
    np.testing.assert_allclose(steps, 1, atol=0.03)


def test_the_oii_blend_is_painted_as_its_two_members():
    edges = np.arange(3700.0, 3760.0, 0.1)
    flux = emission.paint(edges, {"oii": 2.0}, z=0.0, sigma_kms=20.0, resolution=1e5)
    middle = (edges[1:] + edges[:-1]) / 2
    assert np.sum(flux * np.diff(edges)) == pytest.approx(2.0)
    for key in ("oii_3727", "oii_3730"):
        near = np.abs(middle - LINE[key].wavelength) < 1
        assert middle[near][flux[near].argmax()] == pytest.approx(LINE[key].wavelength, abs=0.1)


def test_the_richest_star_of_thousands_still_shines():
    """Drawn with this seed its metals are 3.6 standard deviations above the mean."""
    rng = np.random.default_rng([314, 1739])
    light = f_star("F star", rng.uniform(60, 150), rng)
    assert light.continuum.min() > 0
