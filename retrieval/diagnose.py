"""What ionises the gas: the BPT diagram for galaxies and the [S II] test for nebulae.

x = log([N II]6585/Ha), y = log([O III]5008/Hb), s = log([S II]6718+6733/Ha). Logarithms are to base 10,
fluxes enter as (flux, error) pairs of one unit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

DETECTED_SNR = 3.0
CLASSES: tuple[str, ...] = ("star-forming", "composite", "LINER", "Seyfert")
UNCLASSIFIED = "unclassified"

KAUFFMANN03_END = 0.05  # x of the asymptotes: beyond them the hyperbolas say nothing
KEWLEY01_END = 0.47

HII_LIKE, PN_LIKE, UNDETERMINED = "H II-like", "PN-like", "undetermined"
SUPERNOVA_REMNANT_SII = -0.40  # log([S II]/Ha): shocked gas lies above


class Flux(NamedTuple):
    """A flux and its error, in one unit; NaN where the line could not be measured."""

    flux: float
    error: float

    @property
    def detected(self) -> bool:
        return self.error > 0 and self.flux >= DETECTED_SNR * self.error


@dataclass(frozen=True)
class BPT:
    """Place and class in the BPT diagram; `reason` says why a galaxy is unclassified and is empty otherwise.

    `x`, `y` and their errors are NaN where the ratio is not of two detected lines.
    """

    x: float
    x_err: float
    y: float
    y_err: float
    cls: str
    reason: str


@dataclass(frozen=True)
class NebulaTest:
    """The nebula test: `state` is "H II-like", "PN-like" or "undetermined".

    `nii_is_limit` and `sii_is_limit` mark logarithms that are 3-sigma upper limits. `snr_like` marks [S II]
    as strong as in supernova remnants, which the test itself does not reject.
    """

    log_nii_ha: float
    log_sii_ha: float
    state: str
    snr_like: bool
    nii_is_limit: bool = False
    sii_is_limit: bool = False


def kauffmann03(x: ArrayLike) -> NDArray[np.float64]:
    """y of the star-forming limit of Kauffmann et al. 2003; NaN from its asymptote, x = 0.05, on."""
    return _hyperbola(x, KAUFFMANN03_END, 1.30)


def kewley01(x: ArrayLike) -> NDArray[np.float64]:
    """y of the maximum-starburst limit of Kewley et al. 2001; NaN from its asymptote, x = 0.47, on."""
    return _hyperbola(x, KEWLEY01_END, 1.19)


def schawinski07(x: ArrayLike) -> NDArray[np.float64]:
    """y of the line between LINER (below) and Seyfert (above) of Schawinski et al. 2007."""
    return 1.05 * np.asarray(x, dtype=np.float64) + 0.45


def classify(x: ArrayLike, y: ArrayLike) -> NDArray[np.str_]:
    """BPT class of finite places: star-forming below Kauffmann 2003, AGN on or above Kewley 2001, else
    composite.

    Seyfert are AGN on or above Schawinski 2007. Far left, at x under -1.28 where the two hyperbolas cross,
    what lies below Kauffmann 2003 is star-forming.
    """
    x, y = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    star_forming = (x < KAUFFMANN03_END) & (y < kauffmann03(x))
    agn = (x >= KEWLEY01_END) | (y >= kewley01(x))
    active = np.where(y >= schawinski07(x), "Seyfert", "LINER")
    return np.where(star_forming, "star-forming", np.where(agn, active, "composite"))


def bpt(
    nii: tuple[float, float], ha: tuple[float, float], oiii: tuple[float, float], hb: tuple[float, float]
) -> BPT:
    """Place and class from (flux, error) of [N II] 6585, Ha, [O III] 5008 and Hb.

    All four need S/N of at least 3; else the galaxy is "unclassified".
    """
    lines = {"[N II] 6585": Flux(*nii), "Hα": Flux(*ha), "[O III] 5008": Flux(*oiii), "Hβ": Flux(*hb)}
    x, x_err = log_ratio(lines["[N II] 6585"], lines["Hα"])
    y, y_err = log_ratio(lines["[O III] 5008"], lines["Hβ"])
    missing = [name for name, line in lines.items() if not np.isfinite(line).all()]
    weak = [name for name, line in lines.items() if name not in missing and not line.detected]
    if missing or weak:
        reasons = [f"not measured: {', '.join(missing)}"] if missing else []
        reasons += [f"S/N under {DETECTED_SNR:g}: {', '.join(weak)}"] if weak else []
        return BPT(x, x_err, y, y_err, UNCLASSIFIED, "; ".join(reasons))
    return BPT(x, x_err, y, y_err, str(classify(x, y)), "")


def class_probabilities(
    nii: tuple[float, float],
    ha: tuple[float, float],
    oiii: tuple[float, float],
    hb: tuple[float, float],
    *,
    draws: int = 2000,
    seed: int = 0,
) -> dict[str, float]:
    """Share of each BPT class over `draws` of the four (flux, error) pairs with Gaussian errors.

    Fluxes are drawn, not their logarithms, whose errors are lopsided; draws with a flux not above 0 have no
    place in the diagram and are left out. ValueError when a flux or error is not finite or all draws are left
    out.
    """
    measured = np.array([nii, ha, oiii, hb], dtype=np.float64)
    if not np.isfinite(measured).all() or (measured[:, 1] < 0).any():
        raise ValueError(f"Four finite fluxes with errors of at least 0 are needed; got {measured.tolist()}.")
    rng = np.random.default_rng(seed)
    drawn = rng.normal(measured[:, :1], measured[:, 1:], (4, draws))
    drawn = drawn[:, (drawn > 0).all(axis=0)]
    if drawn.shape[1] == 0:
        raise ValueError(f"None of {draws} draws has four fluxes above 0.")
    found = classify(np.log10(drawn[0] / drawn[1]), np.log10(drawn[2] / drawn[3]))
    return {name: float(np.mean(found == name)) for name in CLASSES}


def nebula_test(
    nii: tuple[float, float],
    ha: tuple[float, float],
    sii_6718: tuple[float, float],
    sii_6733: tuple[float, float],
) -> NebulaTest:
    """The paper's nebula test from (flux, error) of [N II] 6585, Ha and the two [S II] lines.

    log([S II]/Ha) >= 0.63 log([N II]/Ha) - 0.55 is the side of H II regions (and supernova remnants, diffuse
    gas, galaxies), under it that of planetary nebulae (Lu et al. 2022, section 4; Kniazev et al. 2008). An
    undetected line enters as its 3-sigma limit and decides only where the limit leaves no doubt.
    """
    h_alpha, nitrogen = Flux(*ha), Flux(*nii)
    sulphur = Flux(sii_6718[0] + sii_6733[0], float(np.hypot(sii_6718[1], sii_6733[1])))
    measured = np.isfinite([*nitrogen, *sulphur]).all() and nitrogen.error > 0 and sulphur.error > 0
    if not (h_alpha.detected and measured):
        return NebulaTest(float("nan"), float("nan"), UNDETERMINED, snr_like=False)
    x = _log_or_limit(nitrogen, h_alpha)
    s = _log_or_limit(sulphur, h_alpha)
    above = s >= 0.63 * x - 0.55
    # An upper limit of s can only prove "below", one of x only "above".
    if above:
        state = HII_LIKE if sulphur.detected else UNDETERMINED
    else:
        state = PN_LIKE if nitrogen.detected else UNDETERMINED
    return NebulaTest(
        x,
        s,
        state,
        snr_like=bool(sulphur.detected and s > SUPERNOVA_REMNANT_SII),
        nii_is_limit=not nitrogen.detected,
        sii_is_limit=not sulphur.detected,
    )


def _hyperbola(x: ArrayLike, end: float, level: float) -> NDArray[np.float64]:
    values = np.asarray(x, dtype=np.float64)
    before = values < end
    return np.where(before, 0.61 / np.where(before, values - end, -1.0) + level, np.nan)


def log_ratio(a: Flux, b: Flux) -> tuple[float, float]:
    """log10(a / b) and its error, 0.4343 times the relative errors in quadrature; NaN unless both are
    detected."""
    if not (a.detected and b.detected):
        return float("nan"), float("nan")
    error = np.hypot(a.error / a.flux, b.error / b.flux) / np.log(10.0)
    return float(np.log10(a.flux / b.flux)), float(error)


def _log_or_limit(line: Flux, h_alpha: Flux) -> float:
    """log10 of the line over Ha; where undetected, of its 3-sigma limit."""
    flux = line.flux if line.detected else DETECTED_SNR * line.error
    return float(np.log10(flux / h_alpha.flux))
