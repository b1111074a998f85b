"""What a provider gives back, and how the objects of an answer are put to the positions asked about."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from retrieval.match import match_regions

SLACK_ARCSEC = 0.05
"""Allowed to a service's own rounding of positions; a row farther out is no answer to what was asked."""
SIGNIFICANT = 5.0
"""Sigma from which a parallax or a proper motion makes a star."""
STAR = "star"

Array = NDArray[np.float64]


class ServiceError(Exception):
    """A service that did not answer, or not in a way to be trusted; the message says what happened."""


@dataclass(frozen=True)
class Found:
    """One object of a catalogue; what lies within its ``extent_arcsec`` (a radius) matches it."""

    identifier: str
    ra: float
    dec: float
    object_type: str = ""
    z: float | None = None
    z_err: float | None = None
    petro_radius_arcsec: float | None = None
    extent_arcsec: float | None = None
    note: str = ""


@dataclass(frozen=True)
class Match:
    """An object at a position, and how far from it."""

    found: Found
    separation_arcsec: float


@dataclass(frozen=True)
class Answer:
    """What a service holds at one position; ``covered`` is false where it never looked."""

    matches: tuple[Match, ...] = ()
    covered: bool = True


class Provider(Protocol):
    """One way to ask one service.

    ``release`` names what answers, ``batch`` is the most positions of one call, ``interval`` the least
    seconds between two calls, whoever makes them (0: no limit).
    """

    @property
    def service(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def release(self) -> str: ...
    @property
    def batch(self) -> int: ...
    @property
    def interval(self) -> float: ...
    @property
    def snapshot_id(self) -> int | None: ...

    def lookup(self, ra: Array, dec: Array, radius_arcsec: float) -> list[Answer]:
        """An answer for each position (degrees, ICRS), in their order. Raises ServiceError."""
        ...


@dataclass(frozen=True)
class Names:
    """How a catalogue calls its columns; "" where it has none. Angles in degrees, ``scale`` makes arcsec."""

    identifier: str
    ra: str
    dec: str
    object_type: str = ""
    z: str = ""
    z_err: str = ""
    extent: str = ""
    scale: float = 1.0
    parallax: str = ""
    parallax_err: str = ""
    pm: tuple[str, ...] = ()
    pm_err: tuple[str, ...] = ()

    @property
    def columns(self) -> list[str]:
        """The columns that are read."""
        single = (
            self.identifier, self.ra, self.dec, self.object_type, self.z, self.z_err,
            self.extent, self.parallax, self.parallax_err,
        )  # fmt: skip
        return [name for name in (*single, *self.pm, *self.pm_err) if name]

    def found(self, row: Mapping[str, Any]) -> Found:
        """A row as an object. Raises ServiceError where it has no identifier or no position."""
        identifier = text(row[self.identifier])
        ra, dec = number(row[self.ra]), number(row[self.dec])
        if not identifier or ra is None or dec is None or not (0 <= ra <= 360 and abs(dec) <= 90):
            raise ServiceError(f"a row has the identifier {identifier!r} and the position {ra}, {dec}")
        extent = number(row[self.extent]) if self.extent else None
        kind = text(row[self.object_type]) if self.object_type else ""
        note = ""
        if self.parallax:
            kind, note = star_or_not(
                number(row[self.parallax]),
                number(row[self.parallax_err]),
                total([number(row[name]) for name in self.pm]),
                total([number(row[name]) for name in self.pm_err]),
            )  # fmt: skip
        return Found(
            identifier=identifier[:120],
            ra=ra % 360,
            dec=dec,
            object_type=kind[:60],
            z=number(row[self.z]) if self.z else None,
            z_err=number(row[self.z_err]) if self.z_err else None,
            extent_arcsec=extent * self.scale if extent else None,
            note=note,
        )


def star_or_not(
    parallax: float | None, parallax_err: float | None, pm: float | None, pm_err: float | None
) -> tuple[str, str]:
    """Type ("star" or "") and a note from parallax (mas) and total proper motion (mas/yr) with errors.

    A star is what moves or is near at 5 sigma; a galaxy does neither (Gaia Collaboration 2023, A&A 674, A41).
    """
    words, star = [], False
    for name, value, error, unit in (
        ("parallax", parallax, parallax_err, "mas"),
        ("proper motion", pm, pm_err, "mas/yr"),
    ):
        if value is None or not error:
            continue
        star = star or value / error >= SIGNIFICANT
        words.append(f"{name} {value:.2f} {unit} (S/N {value / error:.1f})")
    return STAR if star else "", ", ".join(words)


def total(parts: Sequence[float | None]) -> float | None:
    """Length of a vector; None where a part is missing or there is none."""
    known = [part for part in parts if part is not None]
    return math.hypot(*known) if known and len(known) == len(parts) else None


def text(value: Any) -> str:
    """A cell as text; "" where it is empty or masked. A float that cannot be an identifier is refused."""
    if value is None or value is np.ma.masked:
        return ""
    if isinstance(value, bytes):
        value = value.decode(errors="replace")
    if isinstance(value, float | np.floating):
        raise ServiceError(f"an identifier came as a decimal number, {value}: its last digits may be lost")
    return " ".join(str(value).split())


def number(value: Any) -> float | None:
    """A cell as a finite number; None where it is empty, masked or none."""
    if value is None or value is np.ma.masked:
        return None
    try:
        result = float(value)
    except (TypeError, ValueError):
        return None
    return result if math.isfinite(result) else None


def matched(ra: Array, dec: Array, radius_arcsec: float, found: Sequence[Found]) -> list[tuple[Match, ...]]:
    """The objects at each position: nearer than the radius, or than their own extent; nearest first."""
    at: list[list[Match]] = [[] for _ in range(ra.size)]
    if found and ra.size:
        reach = [max(radius_arcsec, one.extent_arcsec or 0.0) + SLACK_ARCSEC for one in found]
        position, index, separation = match_regions(
            ra, dec, [one.ra for one in found], [one.dec for one in found], reach
        )
        for p, i, apart in zip(position.tolist(), index.tolist(), separation.tolist(), strict=True):
            at[p].append(Match(found[i], apart))
    for matches in at:
        matches.sort(key=lambda match: match.separation_arcsec)
    return [tuple(matches) for matches in at]


def unique(found: Sequence[Found]) -> list[Found]:
    """Each identifier once: an object near two positions comes in two rows."""
    return list({one.identifier: one for one in found}.values())


def believed(
    ra: Array, dec: Array, reach_arcsec: float, radius_arcsec: float, found: Sequence[Found]
) -> list[Answer]:
    """Answers from the objects that a service gave for the cones of ``reach_arcsec`` about the positions.

    Raises ServiceError where one of them lies in no cone: then the answer is to another question.
    """
    objects = unique(found)
    if objects:
        limit = [reach_arcsec + SLACK_ARCSEC] * len(objects)
        _, inside, _ = match_regions(ra, dec, [o.ra for o in objects], [o.dec for o in objects], limit)
        if strange := sorted(set(range(len(objects))) - set(inside.tolist())):
            one = objects[strange[0]]
            raise ServiceError(
                f"{len(strange)} of {len(objects)} rows lie at none of the places asked about, "
                f"such as {one.identifier} at {one.ra:.5f} {one.dec:+.5f}"
            )
    return [Answer(matches) for matches in matched(ra, dec, radius_arcsec, objects)]
