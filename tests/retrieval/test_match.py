"""The template check, H II regions by position, velocities, masks, the line table."""

from __future__ import annotations

import itertools

import astropy.units as u
import numpy as np
import pytest
from astropy.coordinates import angular_separation
from hypothesis import given, settings
from hypothesis import strategies as st

from retrieval.flags import DESCRIPTIONS, LineFlag
from retrieval.flags import decode as decode_flags
from retrieval.lines import CL_LINES, LINE, LINES
from retrieval.masks import BAD_BITS, MASK_BITS, bad_pixels, decode
from retrieval.match import best_region, confirm, match_regions, separation_arcsec
from retrieval.velocity import is_nebular, velocity_kms

POSITIONS = st.tuples(
    st.sampled_from([0.0, 1e-7, 0.01, 179.9, 180.0, 359.99, 360.0]) | st.floats(0, 360),
    st.sampled_from([-90.0, -89.99, 0.0, 89.999, 90.0]) | st.floats(-90, 90),
)


def test_confirm_keeps_what_lies_within_the_tolerance():
    z_cl = np.array([0.1, 0.1, 0.1, np.nan, 0.1, -0.0004])
    z_rt = np.array([0.1, 0.1009, 0.1011, 0.1, np.nan, 0.0005])
    assert confirm(z_cl, z_rt).tolist() == [True, True, False, False, False, True]
    assert confirm(0.1, 0.105, tolerance=0.01)


@settings(max_examples=100, deadline=None)
@given(
    st.lists(POSITIONS, min_size=1, max_size=15),
    st.lists(st.tuples(POSITIONS, st.floats(1, 40_000)), min_size=1, max_size=10),
)
def test_containment_equals_brute_force(spectra, regions):
    lon, lat = np.array(spectra).T
    region_lon, region_lat = np.array([position for position, _ in regions]).T
    radius = np.array([r for _, r in regions])
    spectrum, region, separation = match_regions(lon, lat, region_lon, region_lat, radius)
    found = dict(zip(zip(spectrum.tolist(), region.tolist(), strict=True), separation, strict=True))
    assert list(found) == sorted(found)
    for i, j in itertools.product(range(lon.size), range(radius.size)):
        far = angular_separation(lon[i] * u.deg, lat[i] * u.deg, region_lon[j] * u.deg, region_lat[j] * u.deg)
        arcsec = far.to_value(u.arcsec)
        if abs(arcsec - radius[j]) > 1e-6:
            assert ((i, j) in found) == (arcsec < radius[j])
        if (i, j) in found:
            assert found[i, j] == pytest.approx(arcsec, abs=1e-6)


def test_a_region_over_the_pole_and_one_over_longitude_zero():
    spectrum, region, _ = match_regions(
        [0, 180, 90, 359.9], [89.9, 89.9, 89.9, 0], [270, 0.05], [89.95, 0], [600, 600]
    )
    assert list(zip(spectrum, region, strict=True)) == [(0, 0), (1, 0), (2, 0), (3, 1)]


def test_the_edge_of_a_region_belongs_to_it():
    radius = float(separation_arcsec(10, 0, 10.1, 0))
    assert match_regions([10], [0], [10.1], [0], [radius])[0].tolist() == [0]
    assert match_regions([10], [0], [10.1], [0], [radius * (1 - 1e-12)])[0].size == 0


def test_no_spectra_or_no_regions_match_nothing():
    for arguments in (([], [], [1], [1], [9]), ([1], [1], [], [], []), ([1], [1], [50], [1], [9])):
        spectrum, region, separation = match_regions(*arguments)
        assert spectrum.size == region.size == separation.size == 0
        assert best_region(spectrum, region, separation, [9], ["K"]).size == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (([1, 2], [1], [1], [1], [9]), r"\(2,\)"),
        (([np.nan], [1], [1], [1], [9]), "not finite"),
        (([1], [91], [1], [1], [9]), "beyond 90"),
        (([1], [1], [1], [1], [0]), "1 of them"),
        (([1], [1], [1], [1], [9, 9]), r"\(2,\)"),
    ],
)
def test_wrong_positions_are_refused(arguments, words):
    with pytest.raises(ValueError, match=words):
        match_regions(*arguments)


def test_the_best_region_is_the_nearest_for_its_size():
    # One spectrum, three regions: near the rim of the small one, deep in the large, half way in the third.
    best = best_region([0, 0, 0], [0, 1, 2], [9.0, 20.0, 50.0], [10.0, 200.0, 100.0], ["K", "Q", "K"])
    assert best.tolist() == [False, True, False]


def test_equal_separations_go_to_the_more_certain_code():
    for codes in itertools.permutations(["K", "G", "C", "Q", "0"]):
        best = best_region([7] * 5, range(5), [5.0] * 5, [10.0] * 5, codes)
        assert best.tolist() == [code == "K" for code in codes]
    assert best_region([0, 0], [0, 1], [5.0, 10.0], [10.0, 20.0], ["C", "C"]).tolist() == [True, False]


def test_every_spectrum_has_one_best_region():
    rng = np.random.default_rng(0)
    lon, lat = rng.uniform(0, 2, 200), rng.uniform(0, 2, 200)
    radius = rng.uniform(500, 3000, 40)
    spectrum, region, separation = match_regions(
        lon, lat, rng.uniform(0, 2, 40), rng.uniform(0, 2, 40), radius
    )
    best = best_region(spectrum, region, separation, radius, rng.choice(["K", "G", "C", "Q"], 40))
    assert sorted(spectrum[best].tolist()) == sorted(set(spectrum.tolist()))
    assert spectrum.size > best.sum() > 100


def test_nebulae_move_slowly_by_both_redshifts():
    assert velocity_kms(0.001) == pytest.approx(299.792458)
    z = 500 / 299792.458
    fast, slow = z * (1 + 1e-9), z * (1 - 1e-9)
    assert is_nebular([slow, -slow, fast, slow, -fast, np.nan], [slow, slow, 0, -fast, 0, 0]).tolist() == [
        True,
        True,
        False,
        False,
        False,
        False,
    ]


def test_default_masks_spare_bright_sky_and_off_centre_fibres():
    names = [bit.name for bit in MASK_BITS]
    assert names == ["BADCCD", "BADPROFILE", "NOSKY", "BRIGHTSKY", "BADCENTER", "NODATA"]
    assert BAD_BITS == 1 + 2 + 4 + 32
    masks = np.array([0.0, 1, 2, 4, 8, 16, 24, 32, 9], dtype=np.float32)  # as floats, as the archive has them
    assert bad_pixels(masks, np.ones(9)).tolist() == [
        False,
        True,
        True,
        True,
        False,
        False,
        False,
        True,
        True,
    ]
    assert bad_pixels(np.zeros(3), [0.0, -1.0, np.nan]).all()
    with pytest.raises(ValueError, match=r"\(3,\)"):
        bad_pixels(np.zeros(3), np.ones(4))


@given(st.integers(0, 63))
def test_mask_names_stand_for_their_bits(mask):
    assert sum(bit.value for bit in MASK_BITS if bit.name in decode(mask)) == mask


@given(st.integers(0, 127))
def test_line_flags_have_names_and_words(flags):
    assert sum(LineFlag[name] for name in decode_flags(flags)) == flags
    assert all(DESCRIPTIONS[LineFlag[name]] for name in decode_flags(flags))


def test_the_line_table():
    wavelengths = [line.wavelength for line in LINES]
    assert wavelengths == sorted(wavelengths)
    assert len(LINE) == len(LINES) == 26
    assert [line.key for line in CL_LINES] == ["oii", "hb", "oiii_5008", "ha", "nii_6585", "sii_6718"]
    assert all(line.key.isascii() for line in LINES)
    # Air wavelengths of three lines, by the refractive index of Morton (2000).
    for key, air in (("ha", 6562.80), ("hb", 4861.32), ("oiii_5008", 5006.84)):
        s2 = (1e4 / LINE[key].wavelength) ** 2
        index = 1 + 8.34254e-5 + 2.406147e-2 / (130 - s2) + 1.5998e-4 / (38.9 - s2)
        assert LINE[key].wavelength / index == pytest.approx(air, abs=0.03)
