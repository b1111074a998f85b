"""A small map of where a spectrum lies: the whole sky, and the H II regions around it. Drawn as plain SVG."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .region import Circle, ring

MOST_RINGS = 4


@dataclass(frozen=True)
class Ring:
    """The outline of a region as an SVG path, arcmin from the spectrum, and the region's name."""

    name: str
    path: str


@dataclass(frozen=True)
class Finder:
    """``x``, ``y``: the spectrum on the map of the whole sky; ``rings``: the regions around it within a field
    of ``reach`` arcmin to each side, Galactic north up, longitude growing to the left."""

    glon: float
    glat: float
    x: float
    y: float
    rings: tuple[Ring, ...]
    reach: float

    @property
    def width(self) -> float:
        """The whole field, arcmin."""
        return round(2.0 * self.reach, 2)

    @property
    def dot(self) -> float:
        """Radius of the spectrum's mark, arcmin."""
        return round(self.reach / 20.0, 3)

    @property
    def grid(self) -> str:
        """Meridians every 60 degrees and parallels every 30, the outline among them."""
        return GRID

    @property
    def plane(self) -> str:
        """The Galactic plane."""
        return PLANE


def finder(*, glon: float, glat: float, regions: Sequence[Circle]) -> Finder:
    """The map of a position (Galactic, degrees) with the regions that hold it, the nearest first."""
    x, y = aitoff(glon, glat)
    here = Circle("", glon, glat, 0.0)
    outlines = [(region.name, *ring(here, region)) for region in regions[:MOST_RINGS]]
    reach = max((float(np.abs([u, v]).max()) for _, u, v in outlines[:1]), default=0.0)
    rings = tuple(Ring(name, _path(-u, -v)) for name, u, v in outlines)
    return Finder(glon, glat, round(float(x), 1), round(float(y), 1), rings, round(1.1 * reach, 2))


def aitoff(glon: ArrayLike, glat: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Aitoff's projection of Galactic degrees in SVG's sense (x right, y down): x within 180, y within 90.

    The Galactic centre is in the middle and longitude grows to the left.
    """
    half = np.radians((np.asarray(glon, dtype=np.float64) + 180.0) % 360.0 - 180.0) / 2.0
    lat = np.radians(np.asarray(glat, dtype=np.float64))
    stretch = np.sinc(np.arccos(np.clip(np.cos(lat) * np.cos(half), -1.0, 1.0)) / np.pi)
    return (
        -np.degrees(2.0 * np.cos(lat) * np.sin(half) / stretch),
        -np.degrees(np.sin(lat) / stretch),
    )


def _path(x: NDArray[np.float64], y: NDArray[np.float64]) -> str:
    return "M" + "L".join(f"{a:.4g} {b:.4g}" for a, b in zip(x.tolist(), y.tolist(), strict=True))


def _line(glon: ArrayLike, glat: ArrayLike) -> str:
    return _path(*aitoff(*np.broadcast_arrays(glon, glat)))


_ALONG, _ACROSS = np.linspace(-180.0 + 1e-9, 180.0 - 1e-9, 61), np.linspace(-90.0, 90.0, 31)
GRID = "".join(
    [_line(lon, _ACROSS) for lon in (-180.0, -120.0, -60.0, 0.0, 60.0, 120.0, 180.0 - 1e-9)]
    + [_line(_ALONG, lat) for lat in (-60.0, -30.0, 30.0, 60.0)]
)
PLANE = _line(_ALONG, 0.0)
