"""Positions and radii as people type them."""

from __future__ import annotations

import pytest
from astropy.coordinates import SkyCoord
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog.coordinates import parse_position, parse_radius

CENTRE = (150.116292, 2.205806)  # J100027.91+021220.9


@pytest.mark.parametrize(
    "text",
    [
        "150.116292 2.205806",
        "150.116292,2.205806",
        " 150.116292 ; +2.205806 ",
        "10:00:27.91 +02:12:20.9",
        "10 00 27.91 +02 12 20.9",
        "10h00m27.91s +2d12m20.9s",
        "J100027.91+021220.9",
        "LAMOST J100027.91+021220.9",
        "SDSS J100027.91+021220.9",
    ],
)
def test_one_place_in_many_spellings(text):
    ra, dec = parse_position(text)
    assert ra == pytest.approx(CENTRE[0], abs=1e-5)
    assert dec == pytest.approx(CENTRE[1], abs=1e-5)


@pytest.mark.parametrize(
    "text", ["G173.588-01.606", "g173.588 -1.606", "gal 173.588 -1.606", "galactic 173.588, -1.606"]
)
def test_galactic(text):
    expected = SkyCoord(173.588, -1.606, unit="deg", frame="galactic").icrs
    assert parse_position(text) == pytest.approx((expected.ra.deg, expected.dec.deg), abs=1e-9)


def test_zero_is_a_place():
    assert parse_position("0 0") == (0.0, 0.0)


@settings(max_examples=100)
@given(ra=st.floats(0, 359.9999), dec=st.floats(-90, 90))
def test_decimal_degrees_keep_their_digits(ra, dec):
    text = f"{ra:.12f} {dec:.12f}"
    assert parse_position(text) == pytest.approx((ra, dec), abs=1e-11)


@settings(max_examples=200, deadline=None)
@given(text=st.text(max_size=40))
def test_any_text_is_a_position_or_a_value_error(text):
    try:
        ra, dec = parse_position(text)
    except ValueError:
        return
    assert 0 <= ra < 360
    assert -90 <= dec <= 90


@pytest.mark.parametrize("text", ["", "M31", "400 2", "150 95", "10:00:27.91", "spec-55859-F5902_sp01-001"])
def test_what_is_no_position(text):
    with pytest.raises(ValueError, match="type a position as"):
        parse_position(text)


@pytest.mark.parametrize(
    ("text", "arcsec"),
    [("30", 30), ("0.5", 0.5), (".5", 0.5), ('30"', 30), ("30 arcsec", 30), ("2'", 120), ("1.5 arcmin", 90),
     ("2 deg", 7200), ("0.5d", 1800)],
)  # fmt: skip
def test_radii(text, arcsec):
    assert parse_radius(text) * 3600 == pytest.approx(arcsec)


@pytest.mark.parametrize("text", ["", "0", "-3", "31 deg", "wide", "nan", "inf", "1e9"])
def test_what_is_no_radius(text):
    with pytest.raises(ValueError, match="radius"):
        parse_radius(text)


@settings(max_examples=200, deadline=None)
@given(text=st.text(max_size=20))
def test_any_text_is_a_radius_or_a_value_error(text):
    try:
        radius = parse_radius(text)
    except ValueError:
        return
    assert 0 < radius <= 30
