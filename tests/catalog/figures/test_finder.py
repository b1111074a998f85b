"""The small map: Aitoff's projection against its own definition, regions where they lie."""

from __future__ import annotations

import re

import numpy as np
import pytest

from catalog.figures.finder import aitoff, finder
from catalog.figures.region import Circle


def test_corners_of_the_sky() -> None:
    for (lon, lat), (x, y) in {
        (0, 0): (0, 0), (90, 0): (-90, 0), (270, 0): (90, 0), (0, 90): (0, -90), (0, -90): (0, 90),
        (359, 0): (1, 0),
    }.items():  # fmt: skip
        np.testing.assert_allclose(aitoff(lon, lat), (x, y), atol=1e-9)


@pytest.mark.parametrize(("lon", "lat"), [(30.0, 40.0), (200.0, -70.0), (179.0, 10.0)])
def test_against_the_definition(lon: float, lat: float) -> None:
    """Twice the zenithal equidistant projection of half the longitude."""
    half, b = np.radians((lon + 180) % 360 - 180) / 2, np.radians(lat)
    away = np.arccos(np.cos(b) * np.cos(half))
    angle = np.arctan2(np.cos(b) * np.sin(half), np.sin(b))
    x, y = np.degrees(2 * away * np.sin(angle)), np.degrees(away * np.cos(angle))
    np.testing.assert_allclose(aitoff(lon, lat), (-x, -y), atol=1e-9)


def test_a_region_lies_on_its_side() -> None:
    """Of greater longitude to the left, of greater latitude above; arcmin."""
    drawn = finder(glon=359.95, glat=0.0, regions=[Circle("G000.100+00.100", 0.10, 0.10, 600.0)])
    [ring] = drawn.rings
    points = np.array(
        [[float(v) for v in pair] for pair in re.findall(r"(-?[\d.e-]+) (-?[\d.e-]+)", ring.path)]
    )
    np.testing.assert_allclose(points.min(axis=0) + points.max(axis=0), (-18.0, -12.0), atol=0.1)
    assert np.ptp(points[:, 0]) == pytest.approx(20.0, abs=0.1)
    assert drawn.reach >= np.abs(points).max()
    assert finder(glon=10.0, glat=5.0, regions=[]).rings == ()
