"""Velocities in the local standard of rest, and those of H II regions."""

from __future__ import annotations

import math

import astropy.units as u
import numpy as np
import pytest
from astropy.coordinates import FK4, ICRS, LSRK, SkyCoord
from astropy.time import Time

from retrieval.velocity import APEX_DEC, APEX_RA, lsr_velocity_kms, nearest_velocity


def test_the_apex_is_that_of_1900():
    apex = SkyCoord(270, 30, unit="deg", frame=FK4(equinox=Time("B1900"), obstime=Time("B1900")))
    assert apex.separation(SkyCoord(APEX_RA, APEX_DEC, unit="deg", frame=ICRS())).arcsec < 5


def test_velocities_equal_astropys_kinematic_frame():
    rng = np.random.default_rng(2)
    ra = np.r_[rng.uniform(0, 360, 500), 0, 360, APEX_RA, 90.96]
    dec = np.r_[np.degrees(np.arcsin(rng.uniform(-1, 1, 500))), 90, -90, APEX_DEC, -30.0]
    velocity = rng.uniform(-500, 500, ra.size)
    still = np.zeros(ra.size) * u.mas / u.yr
    places = SkyCoord(
        ra * u.deg, dec * u.deg, distance=np.ones(ra.size) * u.kpc, pm_ra_cosdec=still, pm_dec=still,
        radial_velocity=velocity * u.km / u.s,
    )  # fmt: skip
    expected = places.transform_to(LSRK()).radial_velocity.to_value(u.km / u.s)
    assert lsr_velocity_kms(velocity, ra, dec) == pytest.approx(expected, abs=1e-3)


def test_the_nearest_of_a_regions_velocities():
    assert nearest_velocity(3.0, [7.5, -12.1]) == 7.5
    assert nearest_velocity(-30.0, [7.5, -12.1]) == -12.1
    assert nearest_velocity(0.0, [5.0, -5.0]) == 5.0
    assert math.isnan(nearest_velocity(0.0, []))
