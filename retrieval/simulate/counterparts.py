"""Simulated catalogues of other services: a planted share of the simulated galaxies stands in none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from astropy import units as u
from astropy.table import Table
from numpy.random import Generator

from .objects import GALAXIES

UNKNOWN_SHARE = 0.12
"""Share of the galaxies that no service holds: the ones to be found new."""
_SHARES = {"simbad": 0.5, "sdss": 0.6, "ned": 0.6}  # of the others, each at least in one
_TYPES = {
    "star-forming": ("EmG", "GALAXY", "G"),
    "composite": ("EmG", "GALAXY", "G"),
    "LINER": ("LIN", "GALAXY", "G"),
    "Seyfert": ("Sy2", "QSO", "QSO"),
}
_SCATTER_ARCSEC = 0.4
_BACKGROUND = 400


@dataclass(frozen=True)
class Object:
    """One simulated source: position in degrees, its kind (of retrieval.simulate), its true redshift."""

    ra: float
    dec: float
    kind: str
    z: float


def counterpart_tables(objects: Sequence[Object], seed: int = 0) -> dict[str, Table]:
    """A table for each service, by its name; positions in degrees, with units.

    What an object has does not depend on the others. Stars stand in Gaia with their motion, planetary nebulae
    in a catalogue of such with their extent; each table also holds objects that are none of these.
    """
    rows: dict[str, list[tuple[object, ...]]] = {name: [] for name in _COLUMNS}
    for number, one in enumerate(objects):
        rng = np.random.default_rng([seed, number])
        if one.kind in GALAXIES:
            _galaxy(rows, number, one, rng)
        elif one.kind == "F star":
            motion = rng.uniform(3, 30)
            rows["gaia"].append(
                (_gaia(number), *_beside(one, rng), rng.uniform(0.3, 3.0), 0.03, motion, 0.04)
            )
        elif one.kind == "planetary nebula" and rng.random() < 0.6:
            rows["pn"].append((f"SIM PN {number:05d}", *_beside(one, rng), rng.uniform(2, 20)))
    _strangers(rows, np.random.default_rng([seed, 2**31]), len(objects))
    return {name: _table(name, rows[name]) for name in rows}


def _galaxy(rows: dict[str, list[tuple[object, ...]]], number: int, one: Object, rng: Generator) -> None:
    is_new = rng.random() < UNKNOWN_SHARE
    knows = {name: rng.random() < share for name, share in _SHARES.items()}
    if not any(knows.values()):
        knows["ned"] = True
    simbad, sdss, ned = _TYPES[one.kind]
    z = one.z + rng.normal(0, 1e-4)
    places = [_beside(one, rng) for _ in range(4)]
    radius = rng.uniform(1.5, 12)
    if rng.random() < 0.9:  # a galaxy is a point to Gaia, if anything, and stands still
        rows["gaia"].append(
            (_gaia(number), *places[3], rng.normal(0, 0.2), 0.2, abs(rng.normal(0, 0.25)), 0.25)
        )
    if is_new:
        return
    if knows["simbad"]:
        rows["simbad"].append((f"SIM G {number:05d}", *places[0], simbad, z))
    if knows["sdss"]:
        rows["sdss"].append((9_100_000_000_000_000_000 + number, *places[1], sdss, z, 1e-5, radius))
    if knows["ned"]:
        rows["ned"].append((f"SIM J{number:05d}", *places[2], ned, z, 5e-5))
    if rng.random() < 0.05:
        rows["desi"].append((9_200_000_000_000_000_000 + number, *places[2], z))


def _beside(one: Object, rng: Generator) -> tuple[float, float]:
    """A catalogue's position of an object: some tenths of an arcsec from ours."""
    north, east = rng.normal(0, _SCATTER_ARCSEC / 3600, 2).clip(-1 / 3600, 1 / 3600)
    dec = float(np.clip(one.dec + north, -90, 90))
    return float((one.ra + east / max(np.cos(np.radians(dec)), 1e-6)) % 360), dec


def _gaia(number: int) -> int:
    return 9_000_000_000_000_000_000 + number


def _strangers(rows: dict[str, list[tuple[object, ...]]], rng: Generator, first: int) -> None:
    """Objects at random places all over the sky: next to none of ours, but for chance."""
    for number in range(first, first + _BACKGROUND):
        ra, dec = float(rng.uniform(0, 360)), float(np.degrees(np.arcsin(rng.uniform(-1, 1))))
        z = float(rng.uniform(0.01, 0.3))
        rows["simbad"].append((f"SIM G {number:05d}", ra, dec, "G", z))
        rows["sdss"].append((9_100_000_000_000_000_000 + number, ra, dec, "GALAXY", z, 1e-5, 3.0))
        rows["ned"].append((f"SIM J{number:05d}", ra, dec, "G", z, 5e-5))
        if number % 40 == 0:
            rows["snr"].append((f"SIM SNR {number:05d}", ra, dec, float(rng.uniform(60, 3600))))


_POSITION = {"ra": u.deg, "dec": u.deg}
_COLUMNS: dict[str, dict[str, u.UnitBase | None]] = {
    "simbad": {"main_id": None, **_POSITION, "otype": None, "rvz_redshift": None},
    "sdss": {
        "objid": None, **_POSITION, "class": None, "z": None, "zErr": None, "petroRad": u.arcsec,
    },
    "ned": {"prefname": None, **_POSITION, "prefphytype": None, "z": None, "zunc": None},
    "gaia": {
        "source_id": None, **_POSITION, "parallax": u.mas, "parallax_error": u.mas,
        "pm": u.mas / u.yr, "pm_error": u.mas / u.yr,
    },
    "pn": {"name": None, **_POSITION, "extent_arcsec": u.arcsec},
    "snr": {"name": None, **_POSITION, "extent_arcsec": u.arcsec},
    "desi": {"targetid": None, **_POSITION, "z": None},
}  # fmt: skip


def _table(name: str, rows: list[tuple[object, ...]]) -> Table:
    columns = list(zip(*rows, strict=True)) or [() for _ in _COLUMNS[name]]
    table = Table([list(column) for column in columns], names=list(_COLUMNS[name]))
    for column, unit in _COLUMNS[name].items():
        table[column].unit = unit
    table.meta["comments"] = ["Simulated: no service holds these objects."]
    return table
