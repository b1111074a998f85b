"""The map of an H II region: its circle, the spectra inside and near by, and the regions that overlap it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import ArrayLike, NDArray

from retrieval.match import ARCSEC, position_angle, separation_arcsec

from .plain import as_dict, rounded

ROUND = np.linspace(0.0, 2.0 * np.pi, 73)


@dataclass(frozen=True)
class Circle:
    """A region on the sky; degrees and arcsec."""

    name: str
    glon: float
    glat: float
    radius_arcsec: float


@dataclass(frozen=True)
class MapPoint:
    """A spectrum of the map; ``role`` is inside, near or galaxy, ``words`` what its label says besides."""

    name: str
    url: str
    glon: float
    glat: float
    role: str
    words: str


KINDS = (
    ("inside", "nebula candidates inside", "circle"),
    ("near", "nebula candidates near by", "circle-open"),
    ("galaxy", "galaxies in the field", "square-open"),
)


def region_figure(
    *, region: Circle, points: Sequence[MapPoint], others: Sequence[Circle], field_deg: float
) -> dict[str, Any]:
    """Plotly data and layout in arcmin from the region's centre, Galactic longitude growing to the left.

    The projection keeps distances and angles from the centre (zenithal equidistant), so that the region is a
    circle however large it is.
    """
    figure = go.Figure()
    reach = rounded([60.0 * field_deg])[0] or 1.0
    if others:
        rings = [ring(region, other) for other in others]
        figure.add_scatter(
            x=[value for ring in rings for value in (*rounded(ring[0]), None)],
            y=[value for ring in rings for value in (*rounded(ring[1]), None)],
            name=f"overlapping regions ({len(others)})", mode="lines", hoverinfo="skip",
            line={"width": 1, "dash": "dot"}, meta={"role": "other"},
        )  # fmt: skip
    radius = region.radius_arcsec / 60.0
    figure.add_scatter(
        x=rounded(radius * np.sin(ROUND)), y=rounded(radius * np.cos(ROUND)), name=region.name,
        mode="lines", hoverinfo="skip", line={"width": 2}, meta={"role": "curve"},
    )  # fmt: skip
    for role, title, symbol in KINDS:
        chosen = [point for point in points if point.role == role]
        if not chosen:
            continue
        x, y = offsets(region, [point.glon for point in chosen], [point.glat for point in chosen])
        figure.add_scatter(
            x=rounded(x), y=rounded(y), customdata=[[point.name, point.url, point.words] for point in chosen],
            name=f"{title} ({len(chosen)})", meta={"role": role}, mode="markers",
            marker={"symbol": symbol, "size": 9, "opacity": 0.85},
            hovertemplate="<b>%{customdata[0]}</b><br>%{customdata[2]}<extra></extra>",
        )  # fmt: skip
    figure.update_layout(
        xaxis={
            "title": {"text": "Offset in longitude (arcmin)"}, "range": [reach, -reach],
            "zeroline": False, "constrain": "domain",
        },
        yaxis={
            "title": {"text": "Offset in latitude (arcmin)"}, "range": [-reach, reach],
            "zeroline": False, "scaleanchor": "x", "constrain": "domain",
        },
        margin={"l": 64, "r": 16, "t": 16, "b": 104},
        legend={"orientation": "h", "x": 0, "yref": "container", "y": 0, "yanchor": "bottom"},
        hovermode="closest",
        dragmode="zoom",
    )  # fmt: skip
    return as_dict(figure)


def offsets(
    centre: Circle, glon: ArrayLike, glat: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Arcmin towards greater longitude and latitude from the centre."""
    apart = separation_arcsec(centre.glon, centre.glat, glon, glat) / 60.0
    angle = position_angle(centre.glon, centre.glat, glon, glat)
    return apart * np.sin(angle), apart * np.cos(angle)


def ring(centre: Circle, other: Circle) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Another region's circle on the map of this one."""
    lon, lat, radius = np.radians(other.glon), np.radians(other.glat), other.radius_arcsec * ARCSEC
    sin_lat = np.sin(lat) * np.cos(radius) + np.cos(lat) * np.sin(radius) * np.cos(ROUND)
    east = np.sin(ROUND) * np.sin(radius) * np.cos(lat)
    along = np.cos(radius) - np.sin(lat) * sin_lat
    return offsets(centre, np.degrees(lon + np.arctan2(east, along)), np.degrees(np.arcsin(sin_lat)))
