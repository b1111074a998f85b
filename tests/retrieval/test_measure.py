"""Line fluxes: injected lines come back within their errors."""

from __future__ import annotations

import numpy as np
import pytest

from retrieval.flags import LineFlag
from retrieval.lines import LINE, NII_RATIO, OIII_RATIO, SPEED_OF_LIGHT
from retrieval.measure import REPORTED, measure_lines
from retrieval.measure.model import BALMER

WAVE = 10 ** (3.5682 + 1e-4 * np.arange(3909))
KEYS = tuple(REPORTED)
TRUTH = {
    "oii": 80.0,
    "hd": 9.0,
    "hg": 16.0,
    "hb": 35.0,
    "oiii_4960": 60 / OIII_RATIO,
    "oiii_5008": 60.0,
    "nii_6550": 40 / NII_RATIO,
    "ha": 100.0,
    "nii_6585": 40.0,
    "sii_6718": 20.0,
    "sii_6733": 15.0,
}


def model(z: float, sigma: float = 120.0, offset: float = 0.0, scale: float = 1.0) -> np.ndarray:
    """Continuum 10 with a slope, and the lines of TRUTH times `scale`, moved by `offset` km/s from z."""
    flux = 10 + 0.001 * (WAVE - 6000)
    for key, total in TRUTH.items():
        parts = {"oii_3727": 0.45, "oii_3730": 0.55} if key == "oii" else {key: 1.0}
        for part, share in parts.items():
            center = LINE[part].wavelength * (1 + z) * (1 + offset / SPEED_OF_LIGHT)
            width = center * sigma / SPEED_OF_LIGHT
            profile = np.exp(-0.5 * ((WAVE - center) / width) ** 2) / width / np.sqrt(2 * np.pi)
            flux += scale * share * total * profile
    return flux


def noisy(flux: np.ndarray, error: float, seed: int) -> np.ndarray:
    return flux + np.random.default_rng(seed).normal(scale=error, size=flux.size)


def measured(z: float, flux: np.ndarray, error: float = 0.5, **more):
    return {fit.line: fit for fit in measure_lines(WAVE, flux, np.full(WAVE.size, error**-2), z, **more)}


def test_lines_without_noise_come_back_whole():
    fits = measured(0.1, model(0.1, sigma=150, offset=80), 0.02)
    assert tuple(fits) == KEYS
    for key, fit in fits.items():
        assert fit.flux == pytest.approx(TRUTH[key], rel=7e-3)
        assert fit.sigma_kms == pytest.approx(150, rel=2e-3)
        assert fit.center / LINE[key].wavelength / 1.1 == pytest.approx(1 + 80 / SPEED_OF_LIGHT, abs=1e-6)
        level = 10 + 0.001 * (fit.center - 6000)
        assert fit.continuum == pytest.approx(level, rel=2e-3)
        assert fit.ew == pytest.approx(TRUTH[key] / level / 1.1, rel=8e-3)
        assert fit.snr == pytest.approx(fit.flux / fit.flux_err)


@pytest.mark.parametrize("error", [0.25, 1.0, 2.5])
def test_pulls_are_those_of_a_unit_gaussian(error):
    rng = np.random.default_rng(5)
    pulls: dict[str, list[float]] = {key: [] for key in KEYS}
    for seed in range(80):
        z, offset, sigma = rng.uniform(0.06, 0.2), rng.uniform(-150, 150), rng.uniform(75, 200)
        flux = noisy(model(z, sigma, offset), error, seed)
        for key, fit in measured(z, flux, error).items():
            pulls[key].append((fit.flux - TRUTH[key]) / fit.flux_err)
    for key, values in pulls.items():
        assert abs(np.mean(values)) < 0.5, key
        assert 0.7 < np.std(values) < 1.3, key


def test_pulls_of_absent_lines_are_those_of_a_unit_gaussian():
    flux_of = [measured(0.1, noisy(np.full(WAVE.size, 10.0), 1.0, seed), 1.0) for seed in range(60)]
    for key in KEYS:
        pulls = [fits[key].flux / fits[key].flux_err for fits in flux_of]
        assert abs(np.mean(pulls)) < 0.5, key
        # Balmer lines' errors hold what stars might absorb, which here they do not.
        assert (0.4 if key in BALMER else 0.7) < np.std(pulls) < 1.3, key
    limits = [LineFlag.UPPER_LIMIT in LineFlag(fit.flags) for fits in flux_of for fit in fits.values()]
    assert np.mean(limits) > 0.95


def test_ratios_of_atomic_physics_are_kept():
    fits = measured(0.1, noisy(model(0.1), 2.0, seed=1), 2.0)
    assert fits["oiii_5008"].flux / fits["oiii_4960"].flux == pytest.approx(OIII_RATIO)
    assert fits["nii_6585"].flux / fits["nii_6550"].flux == pytest.approx(NII_RATIO)


def test_errors_grow_with_the_scatter_when_ivar_promises_too_much():
    flux = noisy(model(0.1), 2.0, seed=2)
    honest, boastful = measured(0.1, flux, 2.0), measured(0.1, flux, 0.2)
    for key in KEYS:
        assert boastful[key].flux_err == pytest.approx(honest[key].flux_err, rel=0.35)
    modest = measured(0.1, flux, 6.0)
    assert modest["ha"].flux_err > 2 * honest["ha"].flux_err


def test_flux_units_do_not_matter():
    flux = noisy(model(0.1), 1.0, seed=3)
    plain, tiny = measured(0.1, flux, 1.0), measured(0.1, flux * 1e-17, 1e-17)
    for key in KEYS:
        assert tiny[key].flux == pytest.approx(1e-17 * plain[key].flux, rel=1e-4)
        assert tiny[key].snr == pytest.approx(plain[key].snr, rel=1e-4)
        assert tiny[key].ew == pytest.approx(plain[key].ew, rel=1e-4)


def test_bad_pixels_are_not_used():
    flux = noisy(model(0.1), 0.5, seed=4)
    bad = np.random.default_rng(4).random(WAVE.size) < 0.1
    spoilt = np.where(bad, 1e5, flux)
    for fits in (
        measured(0.1, spoilt, mask=bad),
        {f.line: f for f in measure_lines(WAVE, np.where(bad, np.nan, flux), np.where(bad, 0, 4.0), 0.1)},
    ):
        for key in KEYS:
            assert abs(fits[key].flux - TRUTH[key]) < 5 * fits[key].flux_err
        assert any(LineFlag.EDGE in LineFlag(fit.flags) for fit in fits.values())


def test_only_lines_in_range_are_returned():
    # At z = 0 [O II] lies at 3728 A, at 0.34 [S II] beyond 9000: LAMOST begins at 3700 and ends at 9099 A.
    assert tuple(measured(0.0, model(0.0))) == KEYS
    assert tuple(measured(0.36, model(0.36))) == KEYS[:9]
    assert tuple(measured(0.9, model(0.9))) == KEYS[:3]
    assert measured(5.0, model(5.0)) == {}


def test_flags_tell_where_a_line_lies():
    fits = measured(0.1, model(0.1))
    assert LineFlag.BLENDED in LineFlag(fits["oii"].flags)
    assert LineFlag.BLENDED not in LineFlag(fits["hb"].flags)
    assert LineFlag.SKY_LINE in LineFlag(fits["ha"].flags)  # 7221 A, in the water band
    assert LineFlag.BLENDED in LineFlag(measured(0.1, model(0.1, sigma=450))["ha"].flags)
    assert LineFlag.ARM_JOIN in LineFlag(measured(0.2, model(0.2))["hb"].flags)
    assert not LineFlag(measured(0.02, model(0.02))["oiii_5008"].flags)


@pytest.mark.parametrize("ivar", [np.zeros(WAVE.size), np.where(np.abs(WAVE - 7221) < 60, 0.0, 4.0)])
def test_a_line_without_pixels_is_a_failed_fit(ivar):
    fits = {fit.line: fit for fit in measure_lines(WAVE, model(0.1), ivar, 0.1)}
    assert LineFlag.FIT_FAILED in LineFlag(fits["ha"].flags)
    assert np.isnan([fits["ha"].flux, fits["ha"].flux_err, fits["ha"].ew]).all()
    assert tuple(fits) == KEYS


def test_no_equivalent_width_without_continuum():
    fits = measured(0.1, model(0.1) - 40, 0.02)
    assert np.isnan(fits["ha"].ew)
    assert fits["ha"].flux == pytest.approx(100, rel=1e-3)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((WAVE, WAVE[:5], WAVE, 0.1), r"\(5,\)"),
        ((WAVE, WAVE, WAVE[:6], 0.1), r"\(6,\)"),
        ((WAVE, WAVE, WAVE, -1.0), "-1"),
        ((WAVE, WAVE, WAVE, np.nan), "nan"),
    ],
)
def test_wrong_input_is_refused(arguments, words):
    with pytest.raises(ValueError, match=words):
        measure_lines(*arguments)
    with pytest.raises(ValueError, match="mask has shape"):
        measure_lines(WAVE, WAVE, WAVE, 0.1, mask=[True])


def test_a_line_under_three_sigma_has_a_limit_instead_of_a_detection():
    fits = measured(0.1, noisy(model(0.1, scale=0.2), 1.0, seed=6), 1.0)
    limits = {key: fit for key, fit in fits.items() if fit.snr < 3}
    assert 0 < len(limits) < len(KEYS)
    for key, fit in fits.items():
        assert (LineFlag.UPPER_LIMIT in LineFlag(fit.flags)) == (key in limits)
        if key in limits:
            assert fit.flux_limit == pytest.approx(3 * fit.flux_err)
        else:
            assert np.isnan(fit.flux_limit)


def test_faint_lines_take_the_usual_velocity_and_width():
    (faint, bright) = (measured(0.1, noisy(model(0.1, scale=s), 0.5, seed=7), 0.5)["ha"] for s in (0.01, 1.0))
    assert LineFlag.ASSUMED_SHAPE in LineFlag(faint.flags)
    assert (faint.sigma_kms, np.isnan(faint.sigma_kms_err)) == (110.0, True)
    assert LineFlag.ASSUMED_SHAPE not in LineFlag(bright.flags)
    assert abs(bright.sigma_kms - 120) < 4 * bright.sigma_kms_err < 40


def test_a_decrement_across_the_join_of_the_arms_is_flagged():
    for z, split in ((0.05, True), (0.1, True), (0.24, False), (-0.15, False)):
        fits = measured(z, model(z))
        for key in ("ha", "hb"):
            if key in fits:
                assert (LineFlag.DECREMENT_SPLIT in LineFlag(fits[key].flags)) == split, z
        assert LineFlag.DECREMENT_SPLIT not in LineFlag(fits["oiii_5008"].flags)
