"""Does a galaxy retrieve a galaxy? Section 3.1.4 of Lu et al. 2022, repeated on real and simulated spectra.

    python -m benchmarks.validity [FOLDER]

The paper hides 100 emission-line galaxies among 4,000 F stars and reports that 58, 87 and 96% of the galaxies
retrieve a galaxy with K = 2, 3, 4 (step 2, 25 segments). It does not say whether the query itself is in the
set, so both are printed: `self_included`, and `leave_one_out`, which takes the nearest but the query itself.

So few centres give many spectra the same codes, and equal distances go to the lowest index: the order of the
set decides much. The paper does not say it either, so both ends are printed: `ties` "against" puts the stars
first, "for" the galaxies.

`spectra` "simulated" has the paper's numbers of both, with S/N g of the stars above 50, and S/N r of the
galaxies 10 to 30. `spectra` "real" are those of FOLDER (else $SURVEY_TEST_DATA, else ../shared/data), which
holds spectra/MANIFEST.csv; left out where there is none. Its galaxies are SDSS's and its F stars LAMOST's, so
the two instruments may help to tell them apart; the paper's were all LAMOST's. Shares are means over the
seeds; each line is one JSON object.
"""

from __future__ import annotations

import csv
import json
import os
import sys
from itertools import product
from pathlib import Path

import numpy as np

from retrieval import ProductQuantizer, prepare
from retrieval.readers import read_spectrum
from retrieval.search import METRICS, Metric
from retrieval.simulate.instrument import WAVELENGTH, expose
from retrieval.simulate.objects import GALAXIES, MAKERS

PAPER = {2: 58, 3: 87, 4: 96}  # per cent
SEEDS = range(10)
STAR_SN, TEMPLATE_SN = (60.0, 150.0), (10.0, 30.0)  # S/N r; an F star has a little less in g


def simulated(galaxies: int = 100, stars: int = 4000) -> tuple[np.ndarray, np.ndarray]:
    """Prepared simulated spectra, F stars first, and True where a galaxy."""
    rows = []
    for number in range(stars + galaxies):
        rng = np.random.default_rng([314, number])
        kind = "F star" if number < stars else GALAXIES[number % len(GALAXIES)]
        snr = rng.uniform(*(STAR_SN if number < stars else TEMPLATE_SN))
        light = MAKERS[kind](kind, snr, rng)
        seen = expose(light.continuum, light.lines, light.counts, rng)
        rows.append(prepare(WAVELENGTH, seen.flux, step=2, mask=seen.ivar <= 0)[0])
    return np.array(rows), np.arange(stars + galaxies) >= stars


def load(folder: Path) -> tuple[np.ndarray, np.ndarray]:
    """Prepared spectra, F stars first, and True where a galaxy."""
    with (folder / "spectra" / "MANIFEST.csv").open(newline="") as handle:
        rows = list(csv.DictReader(handle))
    stars = [r for r in rows if r["cls"] == "STAR" and r["subclass"].startswith("F")]
    galaxies = [
        r for r in rows if r["survey"] == "SDSS" and r["cls"] == "GALAXY" and r["z_lt_0.35"] == "True"
    ]
    spectra = [read_spectrum(folder / "spectra" / row["file"]) for row in stars + galaxies]
    X = np.array([prepare(s.wavelength, s.flux, step=2)[0] for s in spectra])
    return X, np.arange(len(X)) >= len(stars)


def shares(
    X: np.ndarray, is_galaxy: np.ndarray, centers: int, metric: Metric, seed: int
) -> tuple[float, float]:
    """Share of galaxies whose nearest is a galaxy: with the query in the set, and without."""
    quantizer = ProductQuantizer(25, centers, metric=metric, seed=seed).fit(X)
    index, _ = quantizer.search(X[is_galaxy], quantizer.encode(X), k=2)
    own = np.flatnonzero(is_galaxy)
    nearest = index[:, 0]
    other = np.where(nearest == own, index[:, 1], nearest)
    return float(is_galaxy[nearest].mean()), float(is_galaxy[other].mean())


def main() -> None:
    default = Path(__file__).resolve().parents[2] / "shared" / "data"
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else os.environ.get("SURVEY_TEST_DATA") or default)
    sets = {"simulated": simulated()}
    if (folder / "spectra" / "MANIFEST.csv").exists():
        sets["real"] = load(folder)
    for (name, (X, is_galaxy)), ties in product(sets.items(), ("against", "for")):
        if ties == "for":
            X, is_galaxy = X[::-1].copy(), is_galaxy[::-1]
        for metric, (centers, paper) in product(METRICS, PAPER.items()):
            runs = [shares(X, is_galaxy, centers, metric, seed) for seed in SEEDS]
            with_self, without = 100 * np.mean(runs, axis=0)
            line = {
                "spectra": name,
                "galaxies": int(is_galaxy.sum()),
                "f_stars": int((~is_galaxy).sum()),
                "step": 2,
                "segments": 25,
                "centers": centers,
                "metric": metric,
                "ties": ties,
                "seeds": len(runs),
                "self_included_percent": round(float(with_self), 1),
                "leave_one_out_percent": round(float(without), 1),
                "paper_percent": paper,
            }
            print(json.dumps(line), flush=True)


if __name__ == "__main__":
    main()
