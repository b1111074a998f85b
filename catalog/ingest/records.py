"""From what a reader found to columns: roles, bounds of the database's types, positions."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from catalog.models import Spectrum
from catalog.positions import galactic, healpix29
from retrieval.readers import ObservedSpectrum, SpectrumHeader

from .sources import assign_sources

_BITS = {"spectrograph": 15, "fiber": 15, "mjd": 31, "obsid": 63}
_LENGTHS = {
    "designation": 60, "cls": 20, "subclass": 40, "object_type": 40, "plan_id": 60, "flux_unit": 60,
}  # fmt: skip


def role_of(header: SpectrumHeader) -> str:
    """Galaxies of published redshift are templates, Unknown is to be searched, all else is other."""
    if header.cls.upper() == "GALAXY" and header.z is not None:
        return Spectrum.Role.TEMPLATE
    return Spectrum.Role.UNKNOWN if header.cls.upper() == "UNKNOWN" else Spectrum.Role.OTHER


def header_columns(header: SpectrumHeader) -> dict[str, Any]:
    """Columns of Spectrum that a header fills; what the database could not hold is cut, or left empty."""
    values: dict[str, Any] = {
        field: clean(getattr(header, field), length) for field, length in _LENGTHS.items()
    }
    numbers = {
        "spectrograph": header.spectrograph,
        "fiber": header.fiber,
        "obsid": header.obsid,
        "mjd": header.mjd if header.lmjd is None else header.lmjd,
    }
    for field, number in numbers.items():
        values[field] = number if number is not None and abs(number) < 1 << _BITS[field] else None
    for field in ("z", "z_err"):
        values[field] = _finite(getattr(header, field))
    values |= {f"snr_{band}": _finite(header.snr.get(band)) for band in "ugriz"}
    values |= {f"mag_{band}": _finite(header.magnitudes.get(band)) for band in "gri"}
    if header.ra is not None and header.dec is not None:
        values |= {"ra": header.ra % 360.0, "dec": header.dec}
    return values


def file_columns(spectrum: ObservedSpectrum) -> dict[str, Any]:
    """Columns of Spectrum that only the file can fill."""
    return {
        "layout": spectrum.layout,
        "n_pixels": spectrum.wavelength.size,
        "wave_min": float(spectrum.wavelength[0]),
        "wave_max": float(spectrum.wavelength[-1]),
        "warnings": list(spectrum.warnings),
    }


def place(spectra: Sequence[Spectrum]) -> None:
    """Fill the columns that follow from ra and dec, and the source. The caller holds the import's lock."""
    placed = [spectrum for spectrum in spectra if spectrum.ra is not None]
    ra = np.array([spectrum.ra for spectrum in placed], dtype=float)
    dec = np.array([spectrum.dec for spectrum in placed], dtype=float)
    if not placed:
        return
    glon, glat = galactic(ra, dec)
    columns = zip(
        placed,
        healpix29(ra, dec).tolist(),
        glon.tolist(),
        glat.tolist(),
        assign_sources(ra, dec),
        strict=True,
    )
    for spectrum, pixel, lon, lat, source in columns:
        spectrum.healpix, spectrum.glon, spectrum.glat, spectrum.source_id = pixel, lon, lat, source


def clean(text: str, length: int | None) -> str:
    """Text that PostgreSQL can hold: valid UTF-8 without NUL, cut to a length."""
    return text.encode("utf-8", "replace").decode().replace("\x00", "")[:length]


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None
