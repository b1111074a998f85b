"""Emission lines of known flux, put into real spectra without any: sky fibres, and stars of type F.

The stars' subclasses are none of those that made the templates of the line measurement (benchmarks/stars.py),
and their lines are put at the star's own velocity, as stars and gas of a galaxy share one.
"""

from __future__ import annotations

import csv
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from retrieval.lines import LINE, NII_RATIO, OIII_RATIO, SPEED_OF_LIGHT
from retrieval.readers import ObservedSpectrum, read_spectrum

# Fluxes relative to H alpha, as of a star-forming galaxy behind some dust.
PATTERN = {
    "oii_3727": 0.4, "oii_3730": 0.5, "hd": 0.09, "hg": 0.17, "hb": 0.35, "oiii_4960": 0.6 / OIII_RATIO,
    "oiii_5008": 0.6, "nii_6550": 0.4 / NII_RATIO, "ha": 1.0, "nii_6585": 0.4,
    "sii_6718": 0.2, "sii_6733": 0.15,
}  # fmt: skip
SNR_HA = (6.0, 120.0)  # about, log-uniform; the faintest line has a tenth
SIGMA = (75.0, 200.0)  # km/s
OFFSET = 100.0  # km/s either side
Z = (0.02, 0.3)  # of lines in sky fibres
SUBCLASSES = ("F2", "F3", "F4", "F7", "F8", "F9")
SNR_STARS = (5.0, 40.0)  # in r, per pixel: as of the galaxies that a survey holds
LARGEST_STELLAR_Z = 0.003


@dataclass(frozen=True, eq=False)
class Injected:
    """A spectrum, (n,) each, with lines at `z`; `flux_ha` is the true flux of H alpha."""

    wavelength: NDArray[np.float64]
    flux: NDArray[np.float64]
    ivar: NDArray[np.float32]
    bad: NDArray[np.bool_]
    z: float
    flux_ha: float

    def truth(self, parts: tuple[str, ...]) -> float:
        return self.flux_ha * sum(PATTERN[part] for part in parts)


def folder() -> Path:
    """$SURVEY_TEST_DATA, else ../shared/data beside the repository."""
    return Path(os.environ.get("SURVEY_TEST_DATA") or Path(__file__).resolve().parents[2] / "shared" / "data")


def rows(data: Path, wanted: Callable[[dict[str, str]], bool]) -> list[dict[str, str]]:
    """The wanted rows of spectra/MANIFEST.csv."""
    with (data / "spectra" / "MANIFEST.csv").open(newline="") as handle:
        return [row for row in csv.DictReader(handle) if wanted(row)]


def is_sky(row: dict[str, str]) -> bool:
    return row["cls"] == "SKY"


def is_line_free_star(row: dict[str, str]) -> bool:
    return (
        row["survey"] == "LAMOST"
        and row["cls"] == "STAR"
        and row["subclass"].startswith(SUBCLASSES)
        and SNR_STARS[0] < float(row["snr_r"] or 0) < SNR_STARS[1]
        and abs(float(row["z"] or 1)) < LARGEST_STELLAR_Z
    )


def injected(data: Path, kind: str, times: int, rng: Generator) -> list[Injected]:
    """Each spectrum of the `kind`, "sky" or "stars", `times` times, with other lines each time."""
    wanted = {"sky": is_sky, "stars": is_line_free_star}[kind]
    found = []
    for row in rows(data, wanted):
        spectrum = read_spectrum(data / "spectra" / row["file"])
        for _ in range(times):
            z = rng.uniform(*Z) if kind == "sky" else float(row["z"])
            found.append(_with_lines(spectrum, z, rng))
    return found


def _with_lines(spectrum: ObservedSpectrum, z: float, rng: Generator) -> Injected:
    inside = (spectrum.wavelength > 5000) & (spectrum.wavelength < 8000) & ~spectrum.bad
    noise = float(np.median(spectrum.ivar[inside]) ** -0.5)  # per pixel
    flux_ha = (
        3.0 * noise * float(np.exp(rng.uniform(*np.log(SNR_HA))))
    )  # a line's noise is that of some pixels
    sigma, offset = rng.uniform(*SIGMA), rng.uniform(-OFFSET, OFFSET)
    flux = spectrum.flux.astype(np.float64)
    for key, share in PATTERN.items():
        center = LINE[key].wavelength * (1 + z) * (1 + offset / SPEED_OF_LIGHT)
        width = center * sigma / SPEED_OF_LIGHT
        profile = np.exp(-0.5 * ((spectrum.wavelength - center) / width) ** 2) / width / np.sqrt(2 * np.pi)
        flux += share * flux_ha * profile
    return Injected(spectrum.wavelength, flux, spectrum.ivar, spectrum.bad, z, flux_ha)
