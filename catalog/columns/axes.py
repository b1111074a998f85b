"""Columns that candidates can be plotted, cut and summed up by: the numbers of the dictionary."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from .candidates import CANDIDATE_COLUMNS
from .column import Column
from .spectra import SPECTRUM_COLUMNS

NO_QUANTITY = ("meta.id", "meta.code")  # numbers that only name a thing
_OF_SPECTRUM = ("mjd", "snr_g", "snr_r", "snr_i", "mag_g", "mag_r")
_POSITION: tuple[Column, ...] = (
    Column("GLong_spectrum", "GLong of the spectrum", "spectrum__glon", "float", "Galactic longitude of the spectrum", "deg", "pos.galactic.lon", 4),
    Column("GLat_spectrum", "GLat of the spectrum", "spectrum__glat", "float", "Galactic latitude of the spectrum", "deg", "pos.galactic.lat", 4),
)  # fmt: skip


def numbers_of(columns: Iterable[Column]) -> tuple[Column, ...]:
    """The numeric columns of a table whose rows are candidates: its own, then the candidates' and their spectra's.

    Each value and each name comes once. A label that says nothing alone gives way to the description.
    """
    of_spectra = (
        replace(column, path=f"spectrum__{column.path}")
        for column in SPECTRUM_COLUMNS
        if column.name in _OF_SPECTRUM
    )
    found: dict[str, Column] = {}
    names: set[str] = set()
    for column in (*columns, *CANDIDATE_COLUMNS, *of_spectra, *_POSITION):
        number = column.kind in ("int", "float") and not column.ucd.startswith(NO_QUANTITY)
        if number and column.path not in found and column.name not in names:
            found[column.path] = (
                column if column.label != "error" else replace(column, label=column.description)
            )
            names.add(column.name)
    return tuple(found.values())
