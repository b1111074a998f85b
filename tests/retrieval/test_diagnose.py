"""BPT classes and the nebula test."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.diagnose import (
    CLASSES,
    bpt,
    class_probabilities,
    classify,
    kauffmann03,
    kewley01,
    nebula_test,
    schawinski07,
)


def lines(x: float, y: float, snr: float = 50.0):
    """[N II], Ha, [O III], Hb as (flux, error) at a place of the diagram."""
    return [(flux, flux / snr) for flux in (100 * 10**x, 100.0, 30 * 10**y, 30.0)]


@pytest.mark.parametrize(
    ("x", "y", "cls"),
    [
        (-0.6, 0.0, "star-forming"),
        (-0.4, -0.5, "star-forming"),
        (-1.2, 0.6, "star-forming"),
        (-0.1, 0.0, "composite"),
        (0.1, -0.5, "composite"),
        (0.1, 0.2, "LINER"),
        (0.1, 0.9, "Seyfert"),
        (-0.3, 1.1, "Seyfert"),
        (0.47, -3.0, "LINER"),
        (0.9, -3.0, "LINER"),  # past both asymptotes, where the hyperbolas would say star-forming
        (0.9, 1.5, "Seyfert"),
        (-2.0, 0.97, "star-forming"),  # where the curves have crossed
    ],
)
def test_classes_at_known_places(x, y, cls):
    assert str(classify(x, y)) == cls
    assert bpt(*lines(x, y)).cls == cls


@given(st.floats(-3, 2), st.floats(-3, 3))
def test_classes_follow_the_curves(x, y):
    """The rules of the diagram, one at a time."""
    star_forming = x < 0.05 and y < 0.61 / (x - 0.05) + 1.30
    agn = x >= 0.47 or y >= 0.61 / (x - 0.47) + 1.19
    if star_forming:
        expected = "star-forming"
    elif not agn:
        expected = "composite"
    else:
        expected = "Seyfert" if y >= 1.05 * x + 0.45 else "LINER"
    assert str(classify(x, y)) == expected


def test_curves_end_at_their_asymptotes():
    assert kauffmann03(-0.56) == pytest.approx(0.3)
    assert kewley01(-0.14) == pytest.approx(0.19)
    assert schawinski07(1.0) == pytest.approx(1.5)
    assert np.isnan(kauffmann03([0.05, 0.3])).all()
    assert np.isnan(kewley01([0.47, 1.0])).all()
    x = np.linspace(-1.2, 0.04, 50)
    assert (kauffmann03(x) < kewley01(x)).all()


def test_ratios_and_their_errors():
    place = bpt((40.0, 4.0), (100.0, 5.0), (90.0, 9.0), (30.0, 6.0))
    assert place.x == pytest.approx(math.log10(0.4))
    assert place.y == pytest.approx(math.log10(3))
    assert place.x_err == pytest.approx(0.4343 * math.hypot(0.1, 0.05), rel=1e-4)
    assert place.y_err == pytest.approx(0.4343 * math.hypot(0.1, 0.2), rel=1e-4)
    assert place.reason == ""


@pytest.mark.parametrize("weak", range(4))
def test_a_line_under_three_sigma_leaves_the_galaxy_unclassified(weak):
    names = ("[N II] 6585", "Hα", "[O III] 5008", "Hβ")
    fluxes = lines(-0.5, 0.0)
    fluxes[weak] = (2.9, 1.0)
    place = bpt(*fluxes)
    assert place.cls == "unclassified"
    assert place.reason == f"S/N under 3: {names[weak]}"
    assert math.isnan(place.x if weak < 2 else place.y)
    assert math.isfinite(place.y if weak < 2 else place.x)
    fluxes[weak] = (math.nan, math.nan)
    assert bpt(*fluxes).reason == f"not measured: {names[weak]}"
    fluxes[weak] = (3.0, 1.0)
    assert bpt(*fluxes).cls != "unclassified"


def test_probabilities_follow_the_errors():
    sure = class_probabilities(*lines(-0.6, 0.0))
    assert sure == {"star-forming": 1.0, "composite": 0.0, "LINER": 0.0, "Seyfert": 0.0}
    edge = class_probabilities(*lines(-0.3, float(kauffmann03(-0.3)), snr=20))
    assert edge["star-forming"] == pytest.approx(0.5, abs=0.06)
    assert edge["composite"] == pytest.approx(0.5, abs=0.06)
    assert sum(edge.values()) == pytest.approx(1)
    assert tuple(edge) == CLASSES
    assert edge == class_probabilities(*lines(-0.3, float(kauffmann03(-0.3)), snr=20))
    with pytest.raises(ValueError, match="nan"):
        class_probabilities((math.nan, 1), (1, 1), (1, 1), (1, 1))
    with pytest.raises(ValueError, match="above 0"):
        class_probabilities((-50, 1), (1, 1), (1, 1), (1, 1))


def nebula(x: float, s: float, nii_snr: float = 20, sii_snr: float = 20):
    """The test at x and s = log([S II]/Ha); where a S/N is under 3, x or s is that line's 3-sigma limit."""

    def pair(flux: float, snr: float) -> tuple[float, float]:
        return (flux, flux / snr) if snr >= 3 else (flux / 3 * snr, flux / 3)

    total, error = pair(100 * 10**s, sii_snr)
    half = (total / 2, error / math.sqrt(2))
    return nebula_test(pair(100 * 10**x, nii_snr), (100.0, 1.0), half, half)


@pytest.mark.parametrize(
    ("x", "s", "state"),
    [
        (-0.444, -0.45, "H II-like"),
        (-0.5, -0.86, "H II-like"),
        (-0.5, -0.87, "PN-like"),
        (0.3, -1.0, "PN-like"),
    ],
)
def test_the_line_between_h_ii_regions_and_planetary_nebulae(x, s, state):
    """The first is the paper's spec-57071-GAC084N35M1_sp09-179, confirmed by the diagnostic."""
    found = nebula(x, s)
    assert (found.log_nii_ha, found.log_sii_ha) == (pytest.approx(x), pytest.approx(s))
    assert found.state == state
    assert (found.nii_is_limit, found.sii_is_limit) == (False, False)


@pytest.mark.parametrize(
    ("x", "s", "nii_snr", "sii_snr", "state"),
    [
        (-0.3, -1.5, 20, 1, "PN-like"),  # [S II] is at most far below the line
        (-0.3, -0.5, 20, 1, "undetermined"),  # it may be above or below
        (-1.0, -0.5, 1, 20, "H II-like"),  # [N II] is at most left of the line
        (0.0, -0.8, 1, 20, "undetermined"),
        (-0.3, -0.5, 1, 1, "undetermined"),
        (-0.3, -1.5, 1, 1, "undetermined"),
    ],
)
def test_limits_decide_only_where_they_leave_no_doubt(x, s, nii_snr, sii_snr, state):
    found = nebula(x, s, nii_snr, sii_snr)
    assert found.state == state
    assert (found.nii_is_limit, found.sii_is_limit) == (nii_snr < 3, sii_snr < 3)
    assert (found.log_nii_ha, found.log_sii_ha) == (pytest.approx(x), pytest.approx(s))


def test_supernova_remnants_are_flagged_not_rejected():
    assert nebula(-0.2, -0.35).snr_like
    assert nebula(-0.2, -0.35).state == "H II-like"
    assert not nebula(-0.2, -0.45).snr_like
    assert not nebula(-0.2, -0.35, sii_snr=1).snr_like


@pytest.mark.parametrize(
    "change",
    [
        {"ha": (2.0, 1.0)},
        {"ha": (math.nan, math.nan)},
        {"nii": (math.nan, 1.0)},
        {"sii_6718": (1.0, math.nan)},
    ],
)
def test_without_h_alpha_or_a_measurement_nothing_is_determined(change):
    fluxes = {
        "nii": (30.0, 1.0),
        "ha": (100.0, 1.0),
        "sii_6718": (10.0, 1.0),
        "sii_6733": (8.0, 1.0),
    } | change
    found = nebula_test(**fluxes)
    assert found.state == "undetermined"
    assert math.isnan(found.log_nii_ha)
    assert math.isnan(found.log_sii_ha)
    assert not found.snr_like
