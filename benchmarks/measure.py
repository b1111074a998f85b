"""Fluxes of injected lines: how fast they are measured and how well, beside LiMe (Fernandez et al. 2024).

    python -m benchmarks.measure [ROUNDS]

Needs the package lime-stable, which is no requirement of the portal: install it, with this project's
requirements, into an environment of its own.

The same lines are injected into the same real spectra for both (see benchmarks/injection.py); LiMe gets the
redshift, the bands that it makes for these lines, its groups for the blends, and the fixed [N II] ratio. Both
run on one thread, in turn, round by round; `seconds` are medians over the rounds. `error_ratio` is the
scatter (by the median) of our flux minus the truth over that of LiMe; pulls are median and width of (flux -
truth) / error. Lines on sky lines, the arm join or the edge are left out for both. Each line printed is one
JSON object.
"""

from __future__ import annotations

import json
import logging
import sys
import time
import warnings
from collections.abc import Callable

import lime
import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from benchmarks.injection import Injected, folder, injected
from retrieval.flags import LineFlag
from retrieval.measure import REPORTED, measure_many

Fluxes = dict[str, tuple[float, float]]  # flux and error per line

# LiMe's names are air wavelengths, its bands vacuum ones where asked.
NAMES = {
    "oii": ("O2_3726A", "O2_3729A"), "hd": ("H1_4102A",), "hg": ("H1_4340A",), "hb": ("H1_4861A",),
    "oiii_4960": ("O3_4959A",), "oiii_5008": ("O3_5007A",), "nii_6550": ("N2_6548A",), "ha": ("H1_6563A",),
    "nii_6585": ("N2_6583A",), "sii_6718": ("S2_6716A",), "sii_6733": ("S2_6731A",),
}  # fmt: skip
GROUPS = {
    "O2_3726A_b": "O2_3726A+O2_3729A",
    "H1_6563A_b": "N2_6548A+H1_6563A+N2_6583A",
    "S2_6716A_b": "S2_6716A+S2_6731A",
}
CONFIGURATION = {
    **GROUPS,
    "N2_6548A_amp": {"expr": "N2_6583A_amp/3.05"},
    "N2_6548A_kinem": "N2_6583A",
    "O2_3729A_kinem": "O2_3726A",
    "S2_6731A_kinem": "S2_6716A",
}
SPOILT = LineFlag.SKY_LINE | LineFlag.ARM_JOIN | LineFlag.EDGE | LineFlag.FIT_FAILED


def by_glowworm(spectra: list[Injected]) -> list[Fluxes]:
    fits = measure_many(spectra, [spectrum.z for spectrum in spectra])
    return [{fit.line: (fit.flux, fit.flux_err) for fit in lines} for lines in fits]


def by_lime(spectra: list[Injected]) -> list[Fluxes]:
    return [_by_lime(spectrum) for spectrum in spectra]


def _by_lime(spectrum: Injected) -> Fluxes:
    good = ~spectrum.bad
    error = np.where(good, np.sqrt(1 / np.where(good, spectrum.ivar, 1.0)), 1.0)
    held = lime.Spectrum(
        spectrum.wavelength, spectrum.flux, error, redshift=spectrum.z, norm_flux=1.0, pixel_mask=~good,
        units_wave="AA", units_flux="FLAM",
    )  # fmt: skip
    try:
        bands = held.retrieve.lines_frame(
            band_vsigma=100, vacuum_waves=True, fit_cfg=CONFIGURATION, automatic_grouping=False,
            line_list=[name for names in NAMES.values() for name in names], grouped_lines=list(GROUPS),
        )  # fmt: skip
        held.fit.frame(bands, fit_cfg=CONFIGURATION, progress_output=None)
    except Exception as failure:  # whatever it raises, LiMe has not measured this spectrum
        logging.getLogger(__name__).debug("LiMe: %s", failure)
        return {}
    table = held.frame
    found = {}
    for key, names in NAMES.items():
        if all(name in table.index for name in names):
            flux = [float(table.loc[name, "profile_flux"]) for name in names]
            err = [float(table.loc[name, "profile_flux_err"]) for name in names]
            found[key] = sum(flux), float(np.hypot.reduce(err))
    return found


def usable(spectra: list[Injected]) -> list[set[str]]:
    """Lines of each spectrum that no sky line, join or edge spoils."""
    fits = measure_many(spectra, [spectrum.z for spectrum in spectra])
    return [{fit.line for fit in lines if not LineFlag(fit.flags) & SPOILT} for lines in fits]


def scatter(values: NDArray[np.float64]) -> float:
    return 1.4826 * float(np.median(np.abs(values - np.median(values))))


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    warnings.simplefilter("ignore")
    logging.getLogger("LiMe").setLevel(logging.CRITICAL)
    measures: dict[str, Callable[[list[Injected]], list[Fluxes]]] = {"glowworm": by_glowworm, "lime": by_lime}
    for kind, times in (("sky", 6), ("stars", 3)):
        spectra = injected(folder(), kind, times, np.random.default_rng(2022))
        keys = usable(spectra)
        seconds: dict[str, list[float]] = {name: [] for name in measures}
        results: dict[str, list[Fluxes]] = {}
        for _ in range(rounds):
            for name, measure in measures.items():
                start = time.perf_counter()
                results[name] = measure(spectra)
                seconds[name].append(time.perf_counter() - start)
        median = {name: float(np.median(taken)) for name, taken in seconds.items()}
        summary = {
            "set": kind,
            "spectra": len(spectra),
            "threads": 1,
            "rounds": rounds,
            "seconds": {name: round(taken, 3) for name, taken in median.items()},
            "per_minute": {name: round(60 * len(spectra) / taken) for name, taken in median.items()},
            "speed_ratio": round(median["lime"] / median["glowworm"], 1),
        }
        print(json.dumps(summary), flush=True)
        for key in REPORTED:
            print(json.dumps({"set": kind, "line": key} | _compared(key, spectra, keys, results)), flush=True)


def _compared(
    key: str, spectra: list[Injected], keys: list[set[str]], results: dict[str, list[Fluxes]]
) -> dict[str, object]:
    """Scatter and pulls over the spectra in which both have measured the line."""
    wanted = [
        row
        for row, allowed in enumerate(keys)
        if key in allowed
        and all(np.isfinite(found[row].get(key, (np.nan,))[0]) for found in results.values())
    ]
    truth = np.array([spectra[row].truth(REPORTED[key]) for row in wanted])
    noise = np.array([float(np.median(spectra[row].ivar[~spectra[row].bad]) ** -0.5) for row in wanted])
    line: dict[str, object] = {"measured": len(wanted), "of": sum(key in allowed for allowed in keys)}
    if not wanted:
        return line
    spread = {}
    for name, found in results.items():
        flux, error = np.array([found[row][key] for row in wanted]).T
        spread[name] = scatter((flux - truth) / noise)
        pull = (flux - truth) / error
        pull = pull[np.isfinite(pull)]
        line[f"{name}_scatter_A"] = round(spread[name], 3)  # in units of one pixel's noise times Angstrom
        line[f"{name}_pull"] = [round(float(np.median(pull)), 2), round(scatter(pull), 2)]
    return line | {"error_ratio": round(spread["glowworm"] / spread["lime"], 3)}


if __name__ == "__main__":
    with threadpool_limits(1):
        main()
