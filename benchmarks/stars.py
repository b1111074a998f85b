"""Make the star templates of the line measurement from LAMOST spectra of stars.

    python -m benchmarks.stars [FOLDER]

FOLDER (else $SURVEY_TEST_DATA, else ../shared/data) holds spectra/MANIFEST.csv. For each group of subclasses,
spectra of S/N r above 25 are taken to rest at their published radial velocity, divided by their smooth
continuum, and averaged by the median of the pixels. Writes retrieval/measure/stars.npz: `kinds` (names),
`log_wavelength` (n,), and `absorption` (kinds, n). Prints one JSON line per group.
"""

from __future__ import annotations

import csv
import json
import os
import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline
from scipy.ndimage import gaussian_filter1d

import retrieval.measure
from retrieval.lines import SPEED_OF_LIGHT
from retrieval.readers import read_spectrum

GROUPS = {
    "A1-A3": ("A1", "A2", "A3"),
    "A4-A7": ("A4", "A5", "A6", "A7"),
    "F0": ("F0",),
    "F5-F6": ("F5", "F6"),
    "G2-G8": ("G2", "G3", "G5", "G7", "G8"),
    "K0-K3": ("K0", "K1", "K3"),
    "K5-K7": ("K5", "K7"),
    "M": ("M0", "M1", "M2", "dM"),
}
LEAST_SNR = 25.0
LARGEST_Z = 0.003
STEP_KMS = 40.0
RANGE = (3712.0, 7200.0)  # Angstrom
SMOOTH_KMS = 12_000.0  # sigma: far wider than a Balmer line of an A star

GRID = np.arange(np.log(RANGE[0]), np.log(RANGE[1]), STEP_KMS / SPEED_OF_LIGHT)


def template(paths_and_z: list[tuple[Path, float]]) -> NDArray[np.float64]:
    """Median spectrum at rest (n,), over its smooth continuum."""
    rows = []
    for path, z in paths_and_z:
        spectrum = read_spectrum(path)
        good = ~spectrum.bad
        at, flux = np.log(spectrum.wavelength[good] / (1 + z)), spectrum.flux[good]
        flux = CubicSpline(at, flux)(np.clip(GRID, at[0], at[-1]))  # a straight line would fill up cores
        rows.append(flux / np.median(flux))
    mean = np.median(rows, axis=0)
    return mean / gaussian_filter1d(mean, SMOOTH_KMS / STEP_KMS, mode="nearest")


def main() -> None:
    default = Path(__file__).resolve().parents[2] / "shared" / "data"
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else os.environ.get("SURVEY_TEST_DATA") or default)
    with (folder / "spectra" / "MANIFEST.csv").open(newline="") as handle:
        stars = [row for row in csv.DictReader(handle) if row["survey"] == "LAMOST" and row["cls"] == "STAR"]
    made = {}
    for name, subclasses in GROUPS.items():
        chosen = [
            (folder / "spectra" / row["file"], float(row["z"]))
            for row in stars
            if row["subclass"].startswith(subclasses)
            and float(row["snr_r"] or 0) > LEAST_SNR
            and abs(float(row["z"] or 1)) < LARGEST_Z
        ]
        made[name] = template(chosen)
        print(json.dumps({"group": name, "stars": len(chosen)}), flush=True)
    np.savez_compressed(
        Path(retrieval.measure.__file__).with_name("stars.npz"),
        kinds=list(made),
        log_wavelength=GRID,
        absorption=np.array(list(made.values()), dtype=np.float32).round(4),
    )


if __name__ == "__main__":
    main()
