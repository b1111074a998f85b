"""Discs of near galaxies: who covers which position."""

from __future__ import annotations

import math

import astropy.units as u
import numpy as np
import pytest
from astropy.coordinates import SkyCoord, SkyOffsetFrame
from hypothesis import given
from hypothesis import strategies as st

from retrieval.neargalaxies import NEAR_GALAXIES, near_galaxy

M31 = next(galaxy for galaxy in NEAR_GALAXIES if galaxy.name == "M31")


def test_the_table_keeps_its_own_rule():
    names = [galaxy.name for galaxy in NEAR_GALAXIES]
    assert len(set(names)) == len(names)
    for galaxy in NEAR_GALAXIES:
        assert abs(galaxy.velocity_kms) < 500
        assert galaxy.major_arcmin >= max(4.0, galaxy.minor_arcmin) > 0
        assert 0 <= galaxy.angle < 180
        assert len(galaxy.name) <= 30  # as the catalogue holds it


def test_every_galaxy_covers_its_own_centre():
    ra, dec = np.array([(galaxy.ra, galaxy.dec) for galaxy in NEAR_GALAXIES]).T
    assert near_galaxy(ra, dec).tolist() == [galaxy.name for galaxy in NEAR_GALAXIES]


@given(st.floats(0, 2 * math.pi), st.floats(0.5, 1.5))
def test_the_ellipse_of_m31(angle, reach):
    """A point at `reach` of the ellipse, in the direction `angle` from the major axis, set by astropy."""
    half = M31.major_arcmin / 2, M31.minor_arcmin / 2
    along, across = reach * half[0] * math.cos(angle), reach * half[1] * math.sin(angle)
    centre = SkyCoord(M31.ra, M31.dec, unit="deg")
    place = centre.directional_offset_by(
        (M31.angle * u.deg) + math.atan2(across, along) * u.rad, math.hypot(along, across) * u.arcmin
    )
    found = near_galaxy([place.ra.deg], [place.dec.deg])[0]
    if abs(reach - 1) > 1e-6 and found not in ("M32", "M110"):
        assert found == ("M31" if reach < 1 else "")


def test_the_disc_of_m33_in_a_frame_of_its_own():
    """A grid of positions, tested in the plane of an offset frame turned to the major axis."""
    m33 = next(galaxy for galaxy in NEAR_GALAXIES if galaxy.name == "M33")
    ra, dec = (grid.ravel() for grid in np.meshgrid(np.linspace(22.5, 24.4, 40), np.linspace(29.9, 31.4, 40)))
    frame = SkyOffsetFrame(origin=SkyCoord(m33.ra, m33.dec, unit="deg"), rotation=m33.angle * u.deg)
    places = SkyCoord(ra, dec, unit="deg").transform_to(frame)
    y, x = places.lat.arcmin, places.lon.wrap_at(180 * u.deg).arcmin
    reach = np.hypot(2 * y / m33.major_arcmin, 2 * x / m33.minor_arcmin)
    clear = np.abs(reach - 1) > 0.001  # the two projections differ by less
    assert ((near_galaxy(ra, dec) == "M33") == (reach <= 1))[clear].all()
    assert 100 < np.count_nonzero(reach <= 1) < 1500


def test_a_satellite_before_the_disc_that_it_lies_on():
    m32 = next(galaxy for galaxy in NEAR_GALAXIES if galaxy.name == "M32")
    assert near_galaxy([m32.ra], [m32.dec + 0.01]).tolist() == ["M32"]
    assert near_galaxy([m32.ra], [m32.dec + 0.15]).tolist() == ["M31"]


def test_shapes():
    assert near_galaxy([], []).size == 0
    assert near_galaxy([np.nan, 150.0], [0.0, 80.0]).tolist() == ["", ""]
    with pytest.raises(ValueError, match=r"\(2,\)"):
        near_galaxy([1, 2], [1])
