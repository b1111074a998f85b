"""Values of header cards (or table cells) as the types we need; missing stands for missing, never for 0."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

Cards = Mapping[str, Any]

NOT_MEASURED = -9000.0  # surveys write -9999 for a redshift or S/N that does not exist
NO_MAGNITUDE = 90.0  # and 99 for a magnitude

_BAND = re.compile(r"Kp|[A-Za-z]\d?")


def text(cards: Cards, *keys: str) -> str:
    """The first of the cards that is there, as stripped text; "" if none."""
    for key in keys:
        value = cards.get(key)
        if value is not None:
            return str(value).strip()
    return ""


def number(cards: Cards, *keys: str) -> float | None:
    """The first of the cards that holds a finite number."""
    for key in keys:
        value = cards.get(key)
        if value is None or isinstance(value, bool):
            continue
        try:
            found = float(value)
        except (TypeError, ValueError):
            continue
        if math.isfinite(found):
            return found
    return None


def integer(cards: Cards, *keys: str) -> int | None:
    found = number(cards, *keys)
    return None if found is None else int(found)


def measured(cards: Cards, *keys: str) -> float | None:
    """A number, None where the survey wrote its -9999."""
    found = number(cards, *keys)
    return None if found is None or found <= NOT_MEASURED else found


def position(cards: Cards, ra: str, dec: str) -> tuple[float | None, float | None]:
    """Right ascension and declination in degrees; (None, None) where they are not a place on the sky."""
    lon, lat = number(cards, ra), number(cards, dec)
    if lon is None or lat is None or not (0 <= lon <= 360 and -90 <= lat <= 90):
        return None, None
    return lon, lat


def magnitude(value: float | None) -> float | None:
    return None if value is None or not -NO_MAGNITUDE < value < NO_MAGNITUDE else value


def bands(magtype: str) -> list[str]:
    """Band names of a LAMOST MAGTYPE: "ugrizjh", "BR1R2I", "MODugriz", "fibermagr", "Kp"."""
    return _BAND.findall(magtype.removeprefix("MOD").removeprefix("fibermag"))
