"""Line fluxes of SDSS's galaxies against SDSS's own (SPZLINE), and against atomic physics."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits

from retrieval.diagnose import bpt, class_numbers, kauffmann03, kewley01, schawinski07
from retrieval.measure import LineFit, measure_many
from retrieval.readers import ObservedSpectrum, read_spectrum
from retrieval.simulate.emission import HA, HD, HG
from tests.real.data import is_emission_galaxy, manifest

pytestmark = pytest.mark.real

SPZLINE = {
    "oii": ("[O_II] 3725", "[O_II] 3727"), "hd": ("H_delta",), "hg": ("H_gamma",), "hb": ("H_beta",),
    "oiii_5008": ("[O_III] 5007",), "ha": ("H_alpha",), "nii_6585": ("[N_II] 6583",),
    "sii_6718": ("[S_II] 6716",), "sii_6733": ("[S_II] 6730",),
}  # fmt: skip
BPT_LINES = ("nii_6585", "ha", "oiii_5008", "hb")
DETECTED = 5.0  # S/N in SPZLINE from which a ratio of fluxes says something
STRONG = 25.0
Pair = tuple[float, float]


class Galaxy:
    """One galaxy as measured here and as in SPZLINE: flux and error by line."""

    def __init__(self, row: dict[str, str], spectrum: ObservedSpectrum, lines: tuple[LineFit, ...]) -> None:
        self.name, self.fits = Path(row["path"]).name, {fit.line: fit for fit in lines}
        self.spectrum, self.z = spectrum, float(row["z"])
        table = fits.getdata(row["path"], 3)
        self.table = theirs = {str(line["LINENAME"]).strip(): line for line in table}
        self.theirs: dict[str, Pair] = {}
        for key, names in SPZLINE.items():
            error = float(np.hypot.reduce([theirs[name]["LINEAREA_ERR"] for name in names]))
            if error > 0:  # else not fitted
                self.theirs[key] = float(sum(theirs[name]["LINEAREA"] for name in names)), error
        self.ours: dict[str, Pair] = {
            key: (fit.flux, fit.flux_err) for key, fit in self.fits.items() if np.isfinite(fit.flux)
        }


@cache
def galaxies() -> tuple[Galaxy, ...]:
    rows = [row for row in manifest() if is_emission_galaxy(row)]
    spectra = [read_spectrum(Path(row["path"])) for row in rows]
    measured = measure_many(spectra, [float(row["z"]) for row in rows])
    return tuple(map(Galaxy, rows, spectra, measured))


def ratios(key: str, lowest_snr: float) -> list[tuple[float, str]]:
    """Our flux over theirs, and whose, where theirs is detected."""
    return [
        (galaxy.ours[key][0] / galaxy.theirs[key][0], galaxy.name)
        for galaxy in galaxies()
        if key in galaxy.ours
        and key in galaxy.theirs
        and galaxy.theirs[key][0] > lowest_snr * galaxy.theirs[key][1]
    ]


@pytest.mark.parametrize("key", ["oii", "oiii_5008", "ha", "nii_6585", "sii_6718", "sii_6733"])
def test_fluxes_are_those_of_the_survey(key):
    found = [ratio for ratio, _ in ratios(key, DETECTED)]
    print(f"{key}: median ratio {np.median(found):.3f} of {len(found)}")
    assert len(found) >= 45
    assert abs(np.median(found) - 1) < 0.05


def test_h_beta_is_that_of_the_survey_where_it_is_strong():
    """Where Hb is faint, the survey takes less stellar absorption away: see test_measure_hbeta."""
    strong = [ratio for ratio, _ in ratios("hb", STRONG)]
    every = [ratio for ratio, _ in ratios("hb", DETECTED)]
    print(f"hb: median ratio {np.median(strong):.3f} of {len(strong)} with S/N > {STRONG:.0f}, ", end="")
    print(f"{np.median(every):.3f} of all {len(every)}")
    assert len(strong) >= 15
    assert abs(np.median(strong) - 1) < 0.05


def decrement(flux: dict[str, Pair]) -> dict[str, float]:
    """Flux of Hg and Hd over what Ha and Hb predict: case B behind dust as that of the Milky Way."""
    reddening = {"ha": 2.53, "hb": 3.61, "hg": 4.17, "hd": 4.44}  # A / E(B-V), Cardelli et al. 1989, R = 3.1
    excess = 2.5 / (reddening["hb"] - reddening["ha"]) * np.log10(flux["ha"][0] / flux["hb"][0] / HA)
    expected = {
        key: case_b * 10 ** (-0.4 * excess * (reddening[key] - reddening["hb"]))
        for key, case_b in (("hg", HG), ("hd", HD))
    }
    return {key: flux[key][0] / flux["hb"][0] / expected[key] for key in expected}


def test_balmer_lines_keep_their_intrinsic_ratios():
    """A test of the stars' absorption that needs no other catalogue: Hg and Hd, absorbed as much but emitted
    less, would be far off were it wrong. The survey's own Hd is."""
    ours, theirs = ([decrement(flux) for flux in both] for both in zip(*pairs(), strict=True))
    median = {
        key: tuple(round(float(np.median([ratio[key] for ratio in which])), 2) for which in (ours, theirs))
        for key in ("hg", "hd")
    }
    print(f"Hg and Hd over what Ha and Hb predict, here and in the survey: {median}")
    assert abs(median["hg"][0] - 1) < 0.08
    assert abs(median["hd"][0] - 1) < 0.25 < abs(median["hd"][1] - 1)


def pairs() -> list[tuple[dict[str, Pair], dict[str, Pair]]]:
    wanted = {"ha", "hb", "hg", "hd"}
    return [(g.ours, g.theirs) for g in galaxies() if wanted <= g.ours.keys() & g.theirs.keys()]


def curves() -> np.ndarray:
    """Points of the curves that part the classes."""
    x = np.linspace(-2.5, 0.46, 3000)
    first, second, third = kauffmann03(x), kewley01(x), schawinski07(np.linspace(-1.5, 1.5, 3000))
    split = np.column_stack((np.linspace(-1.5, 1.5, 3000), third))
    agn = class_numbers(split[:, 0], split[:, 1] + 1e-6) == 3
    return np.concatenate(
        [np.column_stack((x, y))[np.isfinite(y)] for y in (np.where(x < 0.05, first, np.nan), second)]
        + [split[agn]]
    )


def test_classes_are_those_of_the_surveys_fluxes_away_from_the_curves():
    border = curves()
    near, same, other = 0, 0, []
    for galaxy in galaxies():
        places = []
        for flux in (galaxy.ours, galaxy.theirs):
            places.append(bpt(*(flux.get(key, (np.nan, np.nan)) for key in BPT_LINES)))
        here, there = places
        if "unclassified" in (here.cls, there.cls):
            continue
        sigma = np.hypot([here.x_err, here.y_err], [there.x_err, there.y_err])
        distance = np.linalg.norm((border - [there.x, there.y]) / sigma, axis=1).min()
        if distance <= 2:
            near += 1
        elif here.cls == there.cls:
            same += 1
        else:
            other.append((galaxy.name, here.cls, there.cls, round(float(distance), 1)))
    far = same + len(other)
    print(f"{far + near} galaxies have all four lines, {far} farther than 2 sigma from every curve: ", end="")
    print(f"{same} of the same class; others: {other}")
    assert far > 20
    assert same >= 0.95 * far
