"""Where the real spectra are, and what their manifest says of them."""

from __future__ import annotations

import csv
import os
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]


def survey_data() -> Path:
    """The folder of real data: $SURVEY_TEST_DATA, else ../shared/data beside the repository; else skip."""
    folder = Path(os.environ.get("SURVEY_TEST_DATA") or REPOSITORY.parent / "shared" / "data")
    if not (folder / "spectra" / "MANIFEST.csv").is_file():
        pytest.skip(
            f"no real spectra in {folder}: set SURVEY_TEST_DATA to a folder that holds spectra/MANIFEST.csv"
        )
    return folder


def manifest() -> list[dict[str, str]]:
    """One row per real spectrum, with `path` added: the file's place on disk."""
    folder = survey_data() / "spectra"
    with (folder / "MANIFEST.csv").open(newline="") as handle:
        return [row | {"path": str(folder / row["file"])} for row in csv.DictReader(handle)]


def is_emission_galaxy(row: dict[str, str]) -> bool:
    """One of the SDSS galaxies with H alpha in range and well detected: z < 0.35, S/N above 5."""
    return (
        row["survey"] == "SDSS"
        and row["cls"] == "GALAXY"
        and row["z_lt_0.35"] == "True"
        and float(row["snr_ha"] or 0) > 5
    )


def is_f_star(row: dict[str, str]) -> bool:
    return row["survey"] == "LAMOST" and row["cls"] == "STAR" and row["subclass"].startswith("F")


def is_sky(row: dict[str, str]) -> bool:
    return row["cls"] == "SKY"
