"""Broad, faint lines on old starlight: those of LINERs, injected into real G4 to K7 stars."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from retrieval.lines import LINE
from retrieval.measure import measure_lines
from retrieval.readers import read_spectrum
from retrieval.simulate import emission
from retrieval.simulate.instrument import RESOLUTION
from tests.real.data import manifest

pytestmark = pytest.mark.real

LEAST_SNR = 20.0
SIGMA_KMS = 220.0
WIDTH_HA = 4.5  # Angstrom: the median of simulated LINERs
DUST = 0.2
LATEST_G = ("G4", "G5", "G6", "G7", "G8", "G9")


def old_stars() -> list[dict[str, str]]:
    return [
        row
        for row in manifest()
        if row["survey"] == "LAMOST"
        and row["cls"] == "STAR"
        and (row["subclass"][:2] in LATEST_G or row["subclass"][:1] == "K")
        and float(row["snr_r"] or 0) > LEAST_SNR
    ]


def test_lines_of_liners_on_real_old_stars():
    """The simulator's LINERs have their Ha measured at 1.25 of the truth: that is its starlight's fault."""
    rng = np.random.default_rng(3)
    lines = ("hb", "oiii_5008", "ha", "nii_6585", "sii_6718")
    found: dict[str, list[tuple[float, float]]] = {key: [] for key in lines}
    for row in old_stars():
        star, z = read_spectrum(Path(row["path"])), float(row["z"] or 0)
        middle = (star.wavelength[1:] + star.wavelength[:-1]) / 2
        edges = np.concatenate(([2 * middle[0] - middle[1]], middle, [2 * middle[-1] - middle[-2]]))
        level = np.interp(LINE["ha"].wavelength * (1 + z), star.wavelength, star.flux)
        fluxes = emission.line_fluxes(emission.liner(rng), WIDTH_HA * level, DUST)
        flux = star.flux + emission.paint(edges, fluxes, z, SIGMA_KMS, RESOLUTION)
        for fit in measure_lines(star.wavelength, flux, star.ivar, z, mask=star.bad):
            if fit.line in found and np.isfinite(fit.flux):
                truth = fluxes[fit.line]
                found[fit.line].append((fit.flux / truth, (fit.flux - truth) / fit.flux_err))
    for key, pairs in found.items():
        ratio, pull = np.array(pairs).T
        scatter = 1.4826 * np.median(np.abs(pull - np.median(pull)))
        print(f"{key}: {ratio.size} stars, median ratio {np.median(ratio):.2f}, ", end="")
        print(f"pulls {np.median(pull):+.2f} / {scatter:.2f}")
        assert ratio.size >= 40
        assert abs(np.median(ratio) - 1) < (0.25 if key == "hb" else 0.08)
        assert abs(np.median(pull)) < 1
