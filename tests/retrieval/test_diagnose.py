"""BPT classes and the nebula test."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retrieval.diagnose import (
    CLASSES,
    Flux,
    bpt,
    cid_fernandes10,
    class_by,
    class_probabilities,
    classify,
    kauffmann03,
    kewley01,
    kewley06_sii,
    kewley06_sii_seyfert,
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


def measured(*galaxies):
    """Fluxes and errors (n, 4) of galaxies, each four (flux, error) pairs."""
    pairs = np.array(galaxies)
    return pairs[:, :, 0], pairs[:, :, 1]


def test_probabilities_follow_the_errors():
    edge = lines(-0.3, float(kauffmann03(-0.3)), snr=20)
    shares = class_probabilities(*measured(lines(-0.6, 0.0), edge))
    assert shares[0].tolist() == [1, 0, 0, 0]
    assert shares[1, :2] == pytest.approx([0.5, 0.5], abs=0.06)
    assert shares.sum(axis=1) == pytest.approx([1, 1])
    alone = class_probabilities(*measured(edge))
    assert alone[0].tolist() == shares[1].tolist()  # whoever its neighbours are
    assert class_probabilities(*measured(edge), seed=1).tolist() != alone.tolist()


def test_probabilities_equal_a_plain_loop():
    """Every draw by hand: its four fluxes, its place, its class."""
    galaxies = [lines(-0.25, 0.1, snr=4), lines(0.0, 0.6, snr=6), lines(0.1, 0.45, snr=3)]
    shares = class_probabilities(*measured(*galaxies), seed=5)
    deviates = np.random.default_rng(5).standard_normal((4, 2000))
    for galaxy, share in zip(galaxies, shares, strict=True):
        counts = dict.fromkeys(CLASSES, 0)
        for one in deviates.T:
            nii, ha, oiii, hb = (flux + error * d for (flux, error), d in zip(galaxy, one, strict=True))
            if min(nii, ha, oiii, hb) > 0:
                counts[str(classify(math.log10(nii / ha), math.log10(oiii / hb)))] += 1
        assert share.tolist() == pytest.approx([n / sum(counts.values()) for n in counts.values()])


def test_without_four_fluxes_there_are_no_probabilities():
    shares = class_probabilities(
        *measured([(math.nan, 1), (1, 1), (1, 1), (1, 1)], [(-50, 1), (1, 1), (1, 1), (1, 1)])
    )
    assert np.isnan(shares).all()
    assert class_probabilities(np.empty((0, 4)), np.empty((0, 4))).shape == (0, 4)
    with pytest.raises(ValueError, match=r"\(4,\)"):
        class_probabilities(np.ones(4), np.ones(4))


def by_key(nii=40.0, ha=100.0, oiii=30.0, hb=30.0, sii=30.0, snr=50.0):
    fluxes = {
        "nii_6585": nii,
        "ha": ha,
        "oiii_5008": oiii,
        "hb": hb,
        "sii_6718": sii / 2,
        "sii_6733": sii / 2,
    }
    return {key: Flux(flux, flux / snr) for key, flux in fluxes.items()}


@pytest.mark.parametrize(
    ("scheme", "fluxes", "ew", "cls"),
    [
        # y = 0.5 lies between the two lines at x = 0: 0.45 (Schawinski) and 0.48 (Cid Fernandes).
        ("cid_fernandes10", by_key(nii=100, oiii=30 * 10**0.465), 10, "LINER"),
        ("cid_fernandes10", by_key(nii=100, oiii=30 * 10**0.49), 10, "Seyfert"),
        ("cid_fernandes10", by_key(nii=20, oiii=30), 10, "star-forming"),
        ("kewley06_sii", by_key(sii=100 * 10**-0.5, oiii=30), 10, "star-forming"),
        ("kewley06_sii", by_key(sii=100 * 10**0.1, oiii=30), 10, "LINER"),
        ("kewley06_sii", by_key(sii=100 * 10**-0.2, oiii=300), 10, "Seyfert"),
        ("kewley06_sii", by_key(sii=100 * 10**0.4, oiii=3), 10, "LINER"),  # past the asymptote
        ("whan", by_key(nii=30), 10, "star-forming"),
        ("whan", by_key(nii=60), 10, "strong AGN"),
        ("whan", by_key(nii=60), 4, "weak AGN"),
        ("whan", by_key(nii=60), 2.9, "retired"),
        ("whan", by_key(nii=30), 0.4, "passive"),
    ],
)
def test_classes_by_the_other_curves(scheme, fluxes, ew, cls):
    assert class_by(scheme, fluxes, ew_ha=ew) == (cls, "")


def test_the_other_curves_say_why_they_do_not_class():
    faint = by_key() | {"hb": Flux(2.0, 1.0), "sii_6718": Flux(1.0, 1.0), "sii_6733": Flux(1.0, 1.0)}
    assert class_by("kewley06_sii", faint, ew_ha=10) == ("unclassified", "S/N under 3: Hβ, [S II]")
    assert class_by("whan", faint) == ("unclassified", "not measured: equivalent width of Hα")
    assert class_by("cid_fernandes10", {}) == (
        "unclassified",
        "not measured: [N II] 6585, Hα, [O III] 5008, Hβ",
    )


def test_other_curves_at_printed_points():
    assert kewley06_sii(-0.4) == pytest.approx(0.3)
    assert np.isnan(kewley06_sii(0.32))
    assert kewley06_sii_seyfert(0.0) == pytest.approx(0.76)
    assert cid_fernandes10(-0.5) == pytest.approx(-0.025)


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
    assert bool(found.reason) == (state == "undetermined")
    assert (found.nii_is_limit, found.sii_is_limit) == (nii_snr < 3, sii_snr < 3)
    assert (found.log_nii_ha, found.log_sii_ha) == (pytest.approx(x), pytest.approx(s))


def test_supernova_remnants_are_flagged_not_rejected():
    assert nebula(-0.2, -0.35).snr_like
    assert nebula(-0.2, -0.35).state == "H II-like"
    assert not nebula(-0.2, -0.45).snr_like
    assert not nebula(-0.2, -0.35, sii_snr=1).snr_like


@pytest.mark.parametrize(
    ("x", "s", "nii_snr", "sii_snr", "reason"),
    [
        (-0.3, -0.5, 20, 1, "[S II] undetected, and its limit lies above the line of the test"),
        (0.0, -0.8, 1, 20, "[N II] 6585 undetected, and its limit lies below the line of the test"),
        (-0.3, -1.5, 20, 1, ""),
        (-0.3, -0.3, 20, 20, ""),
    ],
)
def test_the_test_says_why_it_does_not_decide(x, s, nii_snr, sii_snr, reason):
    assert nebula(x, s, nii_snr, sii_snr).reason == reason


@settings(max_examples=200)
@given(st.floats(-1.5, 0.5), st.floats(-2, 0.5), st.floats(0.05, 2.9), st.floats(0.05, 2.9), st.booleans())
def test_a_limit_never_decides_against_what_it_allows(x, s, nii, sii, which):
    """Whatever true ratio an upper limit allows, a decided state is the state at that ratio too."""
    found = nebula(x, s, nii_snr=1 if which else 20, sii_snr=20 if which else 1)
    if found.state == "undetermined":
        return
    for drop in (0.0, nii, sii, 5.0):
        true_x, true_s = (x - drop, s) if which else (x, s - drop)
        assert (true_s >= 0.63 * true_x - 0.55) == (found.state == "H II-like")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"ha": (2.0, 1.0)}, "S/N under 3: Hα"),
        ({"ha": (math.nan, math.nan)}, "not measured: Hα"),
        ({"nii": (math.nan, 1.0)}, "not measured: [N II] 6585"),
        ({"sii_6718": (1.0, math.nan)}, "not measured: [S II]"),
    ],
)
def test_without_h_alpha_or_a_measurement_nothing_is_determined(change, reason):
    fluxes = {
        "nii": (30.0, 1.0),
        "ha": (100.0, 1.0),
        "sii_6718": (10.0, 1.0),
        "sii_6733": (8.0, 1.0),
    } | change
    found = nebula_test(**fluxes)
    assert (found.state, found.reason) == ("undetermined", reason)
    assert math.isnan(found.log_nii_ha)
    assert math.isnan(found.log_sii_ha)
    assert not found.snr_like
