"""Line search and vote."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retrieval import detect_lines, line_redshift
from retrieval.detect import DetectedLines, DetectParameters, pseudo_continuum
from retrieval.grid import make_grid
from retrieval.lines import CL_LINES, LINE
from retrieval.redshift import LOWEST_REDSHIFT
from tests.retrieval import oracles

REST = [line.wavelength for line in CL_LINES]
STRENGTH = {"oii": 6, "hb": 4, "oiii_4960": 3, "oiii_5008": 8, "nii_6550": 2, "ha": 12, "nii_6585": 5}
STRENGTH |= {"sii_6718": 3, "sii_6733": 3}


def emission(z: float, step: float = 2, noise: float = 0.1, sigma_kms: float = 110.0, seed: int = 0):
    """A sloping continuum with emission lines at z, and noise."""
    grid = make_grid(step)
    x = 5 + grid / 5000 + np.random.default_rng(seed).normal(scale=noise, size=grid.size)
    for key, height in STRENGTH.items():
        center = LINE[key].wavelength * (1 + z)
        x += height * np.exp(-0.5 * ((grid - center) / (center * sigma_kms / 299792.458)) ** 2)
    return grid, x


def detected(centers, fluxes=None) -> DetectedLines:
    centers = np.array(centers, dtype=float)
    fluxes = np.ones(centers.size) if fluxes is None else np.array(fluxes, dtype=float)
    return DetectedLines(centers, centers - 4, centers + 4, fluxes / 5, fluxes, np.ones(10))


@pytest.mark.parametrize("step", [1, 2])
@pytest.mark.parametrize("z", [-0.0005, 0.0, 0.05, 0.11, 0.2, 0.31])
def test_lines_are_found_where_they_are_and_give_their_redshift(z, step):
    grid, x = emission(z, step)
    lines = detect_lines(grid, x)
    wanted = [line.wavelength * (1 + z) for line in CL_LINES if 3905 < line.wavelength * (1 + z) < 8890]
    for center in wanted:
        assert np.abs(lines.center - center).min() < 1.5
    found = line_redshift(lines)
    assert found.value == pytest.approx(z, abs=2e-4)
    assert len(found.lines) == len(wanted)
    assert list(found.lines) == sorted(found.lines, key=lambda key: LINE[key].wavelength)


def test_detected_lines_are_whole():
    grid, x = emission(0.1)
    lines = detect_lines(grid, x)
    assert (np.diff(lines.center) > 0).all()
    assert (lines.first <= lines.center).all()
    assert (lines.center <= lines.last).all()
    assert (lines.last[:-1] < lines.first[1:]).all()
    assert lines.continuum.shape == grid.shape
    assert (lines.peak > 0).all()
    strongest = int(np.argmax(lines.flux))
    center = LINE["ha"].wavelength * 1.1
    assert lines.center[strongest] == pytest.approx(center, abs=1)
    sigma = center * 110 / 299792.458
    assert lines.flux[strongest] == pytest.approx(12 * np.sqrt(2 * np.pi) * sigma, rel=0.15)


def test_blended_h_alpha_and_nitrogen_are_split():
    for z in (0.02, 0.1, 0.2):
        grid, x = emission(z, sigma_kms=180)
        lines = detect_lines(grid, x)
        for key in ("ha", "nii_6585"):
            assert np.abs(lines.center - LINE[key].wavelength * (1 + z)).min() < 2.5


def test_scale_and_level_do_not_matter():
    grid, x = emission(0.15)
    plain = detect_lines(grid, x)
    scaled = detect_lines(grid, 1e-3 * x)
    np.testing.assert_allclose(scaled.center, plain.center, rtol=1e-9)
    np.testing.assert_allclose(scaled.flux, 1e-3 * plain.flux, rtol=1e-6)


def test_the_pseudo_continuum_passes_under_the_lines():
    grid, x = emission(0.1, noise=0)
    np.testing.assert_allclose(
        pseudo_continuum(grid, x, 300)[100:-100], (5 + grid / 5000)[100:-100], atol=0.05
    )


@pytest.mark.parametrize("flux", [np.zeros(2500), np.ones(2500), -np.ones(2500)])
def test_a_spectrum_without_features_has_no_lines(flux):
    lines = detect_lines(make_grid(2), flux)
    assert len(lines) == 0
    assert line_redshift(lines) is None


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.0, 3.0), st.booleans())
def test_any_noise_is_searched_without_fault(seed, spikes, rounded):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=2500) + spikes * (rng.random(2500) < 0.01) * 50
    lines = detect_lines(make_grid(2), np.round(x) if rounded else x)
    assert np.isfinite([lines.center, lines.flux, lines.peak]).all()
    assert (lines.last[:-1] < lines.first[1:]).all()
    found = line_redshift(lines)
    assert found is None or len(found.lines) >= 3


@pytest.mark.parametrize(
    ("grid", "x", "words"),
    [
        (make_grid(2), np.ones(5), r"\(5,\)"),
        (make_grid(2), np.full(2500, np.nan), "2500 of 2500"),
        (make_grid(2)[::-1], np.ones(2500), "steps"),
        (np.geomspace(3900, 8900, 50), np.ones(50), "steps"),
        (np.array([1.0]), np.array([1.0]), "shape"),
    ],
)
def test_detect_refuses_what_it_cannot_search(grid, x, words):
    with pytest.raises(ValueError, match=words):
        detect_lines(grid, x)


@pytest.mark.parametrize("wrong", [{"quantile": 1.0}, {"window": 0}, {"median_width": 5}])
def test_wrong_parameters_are_refused(wrong):
    with pytest.raises(ValueError, match=r"must|need"):
        DetectParameters(**wrong)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_the_vote_equals_all_combinations(data):
    z = data.draw(st.floats(-0.005, 0.3))
    size = data.draw(st.integers(1, 6))
    centers = [
        REST[data.draw(st.integers(0, 5))] * (1 + z + data.draw(st.floats(-0.0012, 0.0012)))
        for _ in range(size)
    ]
    fluxes = [data.draw(st.floats(0.1, 10)) for _ in centers]
    found = line_redshift(detected(centers, fluxes))
    groups = [g for g in oracles.votes(centers, fluxes, REST, 0.001, LOWEST_REDSHIFT) if g[0] >= 3]
    if not groups:
        assert found is None
        return
    count = max(g[0] for g in groups)
    flux = max(g[1] for g in groups if g[0] == count)
    best = [g for g in groups if g[0] == count and g[1] == pytest.approx(flux, rel=1e-12)]
    assert len(found.lines) == count
    assert found.flux == pytest.approx(flux)
    assert any(found.value == pytest.approx(g[3], abs=1e-12) for g in best)


def at(z: float, *keys: str) -> list[float]:
    return [LINE[key].wavelength * (1 + z) for key in keys]


def test_two_lines_are_not_enough():
    assert line_redshift(detected(at(0.1, "ha", "hb"))) is None
    assert line_redshift(detected(at(0.1, "ha", "hb")), minimum=2).value == pytest.approx(0.1)


def test_lines_must_agree_within_the_tolerance():
    centers = [*at(0.1, "ha", "hb"), *at(0.1011, "oii")]
    assert line_redshift(detected(centers)) is None
    assert line_redshift(detected(centers), tolerance=0.0012).lines == ("oii", "hb", "ha")


def test_most_lines_win_over_most_flux():
    centers = at(0.1, "oii", "hb", "oiii_5008", "ha") + at(0.2, "oii", "hb", "ha")
    fluxes = [1, 1, 1, 1, 9, 9, 9]
    found = line_redshift(detected(centers, fluxes))
    assert found.value == pytest.approx(0.1)
    assert found.flux == 4
    assert found.centers == pytest.approx(tuple(centers[:4]))


def test_most_flux_wins_over_least_scatter():
    centers = [*at(0.1, "oii", "hb", "ha"), *at(0.2, "oii", "hb"), *at(0.2004, "ha")]
    assert line_redshift(detected(centers, [1, 1, 1, 1, 1, 2])).value == pytest.approx(0.2, abs=3e-4)
    assert line_redshift(detected(centers)).value == pytest.approx(0.1)


def test_redshifts_far_below_zero_are_not_believed():
    assert line_redshift(detected(at(-0.002, "ha", "hb", "oiii_5008"))).value == pytest.approx(-0.002)
    assert line_redshift(detected(at(-0.05, "ha", "hb", "oiii_5008"))) is None


def test_wrong_tolerance_or_minimum_is_refused():
    for wrong in ({"tolerance": 0}, {"tolerance": 0.01}, {"minimum": 0}, {"minimum": 7}):
        with pytest.raises(ValueError, match=str(next(iter(wrong.values())))):
            line_redshift(detected([5000.0]), **wrong)
