"""Positions as people type them."""

from __future__ import annotations

import re

from astropy import units as u
from astropy.coordinates import Angle, SkyCoord, jparser

_GALACTIC = re.compile(
    r"^\s*(?:G|gal(?:actic)?\s+)\s*(\d+(?:\.\d+)?)\s*[,\s]?\s*([+-]?\d+(?:\.\d+)?)\s*$", re.IGNORECASE
)
_DECIMAL = re.compile(r"^\s*(\d+(?:\.\d*)?)\s*[,;\s]\s*([+-]?\d+(?:\.\d*)?)\s*$")
HINT = (
    "type a position as 150.1163 2.2058 (RA and Dec, degrees), 10:00:27.9 +02:12:21, "
    "J100027.91+021220.9, or G206.316-02.103 (Galactic)"
)


def parse_position(text: str) -> tuple[float, float]:
    """ICRS right ascension and declination (degrees) of a typed position.

    Understands decimal degrees, sexagesimal, Galactic (``G206.316-02.103`` or ``gal 206.3 -2.1``)
    and names that hold their coordinates (``J100027.91+021220.9``). Asks no service.
    Raises ValueError, with examples, for anything else.
    """
    text = text.strip()
    try:
        if found := _GALACTIC.match(text):
            lon, lat = (float(part) for part in found.groups())
            position = SkyCoord(lon * u.deg, lat * u.deg, frame="galactic").icrs
        elif found := _DECIMAL.match(text):
            lon, lat = (float(part) for part in found.groups())
            if lon >= 360 or not -90 <= lat <= 90:
                raise ValueError(
                    "right ascension lies between 0 and 360, declination between -90 and 90 degrees"
                )
            return lon, lat
        elif re.search(r"[Jj]\d{4,}", text):
            position = jparser.to_skycoord(text[text.upper().index("J") :])
        else:
            position = SkyCoord(text, unit=(u.hourangle, u.deg))
    except Exception as error:  # astropy raises many types for text that it cannot read
        raise ValueError(f"“{text}” is not a position: {HINT}") from error
    return float(position.ra.deg), float(position.dec.deg)


def parse_radius(text: str) -> float:
    """Degrees of a typed radius: ``30`` (arcsec), ``30"``, ``2'``, ``0.5d``, ``1.5 arcmin``, ``2 deg``."""
    text = text.strip()
    try:
        if re.fullmatch(r"\d+(\.\d*)?|\.\d+", text):
            degrees = float(text) / 3600.0
        else:
            spelled = text.replace("arcmin", "'").replace("arcsec", '"').replace("deg", "d").replace(" ", "")
            degrees = float(Angle(spelled).deg)
    except Exception as error:  # astropy raises many types for text that it cannot read
        raise ValueError(f"“{text}” is not a radius: type 30 (arcsec), 2' or 0.5 deg") from error
    if not 0 < degrees <= 30:
        raise ValueError(f"the radius must be above 0 and at most 30 degrees, not {text}")
    return degrees
