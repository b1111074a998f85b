"""Cones in SQL hold exactly what astropy's separation says, at RA 0 and the poles as elsewhere."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from astropy import units as u
from astropy.coordinates import SkyCoord
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from catalog.models import Source, Spectrum
from catalog.positions import ORDER, cone_ranges, equatorial, galactic, healpix29, within_cone
from tests.factories import SourceFactory, SpectrumFactory

RA = st.one_of(st.sampled_from([0.0, 359.9999999, 1e-9, 90.0, 180.0, 270.0]), st.floats(0, 359.999))
DEC = st.one_of(st.sampled_from([90.0, -90.0, 89.99999, -89.9999, 0.0, 41.8103148958]), st.floats(-90, 90))
RADIUS = st.one_of(st.sampled_from([1 / 3600, 3 / 3600, 1 / 60, 1.0, 30.0]), st.floats(1e-4, 30))


def around(ra: float, dec: float, radius: float, seed: int, n: int = 40) -> SkyCoord:
    """Positions from the centre to twice the radius, some very near the rim."""
    rng = np.random.default_rng(seed)
    distance = radius * np.concatenate(
        ([0, 1 - 1e-6, 1 + 1e-6], rng.uniform(0, 2, n - 3) ** rng.choice([0.3, 1], n - 3))
    )
    return SkyCoord(ra, dec, unit="deg").directional_offset_by(
        rng.uniform(0, 360, n) * u.deg, distance * u.deg
    )


class Cones(TestCase):
    @settings(max_examples=60, deadline=None)
    @given(ra=RA, dec=DEC, radius=RADIUS, seed=st.integers(0, 2**31))
    def test_equal_astropy(self, ra, dec, radius, seed):
        points = around(ra, dec, radius, seed)
        lon, lat = points.ra.deg % 360, points.dec.deg
        rows = zip(lon.tolist(), lat.tolist(), healpix29(lon, lat).tolist(), strict=True)
        made = Source.objects.bulk_create(
            Source(ra=a, dec=d, glon=0, glat=0, healpix=pixel) for a, d, pixel in rows
        )
        apart = SkyCoord(lon, lat, unit="deg").separation(SkyCoord(ra, dec, unit="deg")).deg
        found = dict(
            within_cone(Source.objects.all(), ra=ra, dec=dec, radius_deg=radius).values_list(
                "id", "separation"
            )
        )
        rim = np.abs(apart - radius) < 1e-9
        inside = {row.pk for row, near in zip(made, apart <= radius, strict=True) if near}
        unsure = {row.pk for row, close in zip(made, rim, strict=True) if close}
        assert inside - unsure <= set(found) <= inside | unsure
        for row, separation in zip(made, apart, strict=True):
            if row.pk in found:
                assert found[row.pk] == pytest.approx(separation, abs=1e-9)


@settings(max_examples=60, deadline=None)
@given(ra=RA, dec=DEC, radius=RADIUS, seed=st.integers(0, 2**31))
def test_ranges_cover_the_cone_and_stay_few(ra, dec, radius, seed):
    points = around(ra, dec, radius, seed)
    inside = points.separation(SkyCoord(ra, dec, unit="deg")).deg <= radius
    pixels = healpix29(points.ra.deg, points.dec.deg)[inside]
    ranges = cone_ranges(ra, dec, radius)
    assert all(any(low <= pixel < high for low, high in ranges) for pixel in pixels.tolist())
    assert len(ranges) <= 60
    assert all(low < high for low, high in ranges)
    assert all(before[1] < after[0] for before, after in pairwise(ranges))


@settings(max_examples=100)
@given(ra=RA, dec=DEC)
def test_pixels_are_of_order_29(ra, dec):
    pixel = int(healpix29(ra, dec))
    assert 0 <= pixel < 12 * 4**ORDER
    assert pixel == int(healpix29(ra + 360, dec))


@settings(max_examples=100)
@given(ra=RA, dec=DEC)
def test_galactic_and_back(ra, dec):
    back = SkyCoord(*equatorial(*galactic(ra, dec)), unit="deg")
    assert back.separation(SkyCoord(ra, dec, unit="deg")).arcsec < 1e-5


def test_the_galactic_centre():
    lon, lat = galactic(266.40498829, -28.93617776)
    assert (lon + 180) % 360 - 180 == pytest.approx(0, abs=1e-6)
    assert lat == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("radius", [0.0, -1.0, 30.1, float("nan")])
def test_radii_outside_the_bounds(radius):
    with pytest.raises(ValueError, match="radius"):
        within_cone(Source.objects.all(), ra=0, dec=0, radius_deg=radius)


@pytest.mark.django_db
def test_a_cone_over_rows_without_position():
    SpectrumFactory(ra=None, dec=None)
    near = SpectrumFactory(ra=0.0, dec=0.0)
    assert list(within_cone(Spectrum.objects.all(), ra=359.9999, dec=0, radius_deg=0.01)) == [near]


@pytest.mark.django_db
def test_a_cone_through_a_relation():
    spectrum = SpectrumFactory(ra=10.0, dec=89.9999)
    SourceFactory(ra=10.0, dec=80.0)
    rows = within_cone(Spectrum.objects.all(), ra=190.0, dec=89.9999, radius_deg=0.001, prefix="source__")
    assert [row.pk for row in rows] == [spectrum.pk]
