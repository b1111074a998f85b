"""A place as people say it: a position, or the name of something held here. No service is asked."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db.models import QuerySet

from .coordinates import HINT, parse_position
from .models import Counterpart, HIIRegion, Spectrum

PLACE_HINT = f"{HINT}; or the name of a spectrum, an H II region or a counterpart held here"


def parse_place(text: str) -> tuple[float, float]:
    """ICRS right ascension and declination (degrees) of a typed position or of a name that is held.

    Names: of spectra (file or designation), of H II regions, and of the objects that SIMBAD, SDSS, NED and
    others answered with (the source is meant, not the other catalogue's position). Raises ValueError.
    """
    try:
        return parse_position(text)
    except ValueError as error:
        name = " ".join(text.split())
        for rows in _named(name):
            if (found := rows.first()) is not None:
                return float(found[0]), float(found[1])
        raise ValueError(f"“{name}” is neither a position nor a name held here: {PLACE_HINT}") from error


def _named(name: str) -> Iterator[QuerySet[Any, Any]]:
    """Positions of what is called so, the nearest meaning first."""
    held = Spectrum.objects.filter(ra__isnull=False).order_by("pk")
    yield held.filter(name=name.removesuffix(".gz").removesuffix(".fits")).values_list("ra", "dec")
    yield held.filter(designation__iexact=name).values_list("ra", "dec")
    regions = HIIRegion.objects.order_by("-version")
    yield regions.filter(name__iexact=name).values_list("ra", "dec")
    yield regions.filter(hii_name__iexact=name).values_list("ra", "dec")
    answers = Counterpart.objects.filter(identifier__iexact=name).order_by("separation_arcsec", "pk")
    yield answers.values_list("lookup__source__ra", "lookup__source__dec")
