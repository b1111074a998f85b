"""Spark spectra: a spectrum in 120 numbers, for a row of a list. Derived from the file and kept on disk."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
from django.conf import settings
from numpy.typing import NDArray

from retrieval.readers import ObservedSpectrum, Refused

from .arrays import load_spectrum
from .models import Spectrum

POINTS = 120
FIRST, LAST = 3900.0, 8900.0
"""Vacuum wavelengths, Angstrom: the same for all, so that sparks of different rows compare."""
TOP = 255


def reduced(observed: ObservedSpectrum) -> NDArray[np.uint8]:
    """Flux (n,) as (POINTS,) heights 1 to 255 between FIRST and LAST; 0 where there is no good pixel.

    A bin keeps the pixel furthest from its median, so that narrow lines stay; heights run from the 1st
    percentile to the brightest bin.
    """
    good = np.isfinite(observed.flux) & (observed.ivar > 0)
    wavelength, flux = observed.wavelength[good], observed.flux[good].astype(float)
    at = np.floor((wavelength - FIRST) / (LAST - FIRST) * POINTS).astype(int)
    values = np.full(POINTS, np.nan)
    for place in range(POINTS):
        here = flux[at == place]
        if here.size:
            middle = np.median(here)
            furthest = here[np.argmax(np.abs(here - middle))]
            noise = 1.4826 * np.median(np.abs(here - middle))
            values[place] = furthest if abs(furthest - middle) > 4 * noise else middle
    known = np.isfinite(values)
    heights = np.zeros(POINTS, dtype=np.uint8)
    if known.any():
        low, high = np.percentile(values[known], 1), values[known].max()
        share = (values[known] - low) / (high - low) if high > low else np.full(known.sum(), 0.5)
        heights[known] = 1 + np.round(np.clip(share, 0, 1) * (TOP - 1)).astype(np.uint8)
    return heights


def sparks(*, spectra: Iterable[Spectrum]) -> dict[int, list[int]]:
    """By id: the heights of each spectrum whose file can be read; from the store, else from the file."""
    found = {}
    for spectrum in spectra:
        path = _path(spectrum)
        try:
            heights = np.frombuffer(path.read_bytes(), dtype=np.uint8)
        except FileNotFoundError:
            try:
                heights = reduced(load_spectrum(spectrum))
            except (OSError, Refused):
                continue
            _keep(path, heights)
        found[spectrum.pk] = heights.tolist()
    return found


def _path(spectrum: Spectrum) -> Path:
    """By checksum: another file of the same spectrum is another spark."""
    return Path(settings.DATA_DIR) / "sparks" / spectrum.sha256[:2] / f"{spectrum.sha256}.u8"


def _keep(path: Path, heights: NDArray[np.uint8]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(f".{np.random.default_rng().integers(1 << 48):x}")
    part.write_bytes(heights.tobytes())
    part.replace(path)
