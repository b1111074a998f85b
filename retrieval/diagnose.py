"""What ionises the gas: the BPT diagram for galaxies and the [S II] test for nebulae.

x = log([N II]6585/Ha), y = log([O III]5008/Hb), s = log([S II]6718+6733/Ha). Logarithms are to base 10,
fluxes enter as (flux, error) pairs of one unit.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from retrieval.lines import LINE

DETECTED_SNR = 3.0
CLASSES: tuple[str, ...] = ("star-forming", "composite", "LINER", "Seyfert")
UNCLASSIFIED = "unclassified"

KAUFFMANN03_END = 0.05  # x (s for Kewley 2006) of the asymptotes: beyond them the hyperbolas say nothing
KEWLEY01_END = 0.47
KEWLEY06_END = 0.32
DRAWS = 2000  # of the fluxes, for class probabilities: an error of 0.011 at most
RETIRED_EW, PASSIVE_EW, STRONG_EW = 3.0, 0.5, 6.0  # Angstrom at rest, of the WHAN diagram

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
    """The nebula test: `state` is "H II-like", "PN-like" or "undetermined", and then `reason` says why.

    `nii_is_limit` and `sii_is_limit` mark logarithms that are 3-sigma upper limits. `snr_like` marks [S II]
    as strong as in supernova remnants, which the test itself does not reject.
    """

    log_nii_ha: float
    log_sii_ha: float
    state: str
    snr_like: bool
    nii_is_limit: bool = False
    sii_is_limit: bool = False
    reason: str = ""


def kauffmann03(x: ArrayLike) -> NDArray[np.float64]:
    """y of the star-forming limit of Kauffmann et al. 2003; NaN from its asymptote, x = 0.05, on."""
    return _hyperbola(x, KAUFFMANN03_END, 1.30)


def kewley01(x: ArrayLike) -> NDArray[np.float64]:
    """y of the maximum-starburst limit of Kewley et al. 2001; NaN from its asymptote, x = 0.47, on."""
    return _hyperbola(x, KEWLEY01_END, 1.19)


def schawinski07(x: ArrayLike) -> NDArray[np.float64]:
    """y of the line between LINER (below) and Seyfert (above) of Schawinski et al. 2007."""
    return 1.05 * np.asarray(x, dtype=np.float64) + 0.45


def cid_fernandes10(x: ArrayLike) -> NDArray[np.float64]:
    """y of the line between LINER (below) and Seyfert (above) of Cid Fernandes et al. 2010."""
    return 1.01 * np.asarray(x, dtype=np.float64) + 0.48


def kewley06_sii(s: ArrayLike) -> NDArray[np.float64]:
    """y of the maximum-starburst limit in the [S II] diagram (Kewley et al. 2006, equation 2); NaN from its
    asymptote, s = 0.32, on."""
    return _hyperbola(s, KEWLEY06_END, 1.30, 0.72)


def kewley06_sii_seyfert(s: ArrayLike) -> NDArray[np.float64]:
    """y of the line between LINER (below) and Seyfert (above) in the [S II] diagram (Kewley et al. 2006)."""
    return 1.89 * np.asarray(s, dtype=np.float64) + 0.76


def class_numbers(
    x: ArrayLike, y: ArrayLike, seyfert: Callable[[ArrayLike], NDArray[np.float64]] = schawinski07
) -> NDArray[np.int64]:
    """BPT class of finite places, as its number in CLASSES: star-forming below Kauffmann 2003, AGN on or
    above Kewley 2001, else composite.

    Seyfert are AGN on or above the line `seyfert`. Far left, at x under -1.28 where the two hyperbolas cross,
    what lies below Kauffmann 2003 is star-forming.
    """
    x, y = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    star_forming = (x < KAUFFMANN03_END) & (y < kauffmann03(x))
    agn = (x >= KEWLEY01_END) | (y >= kewley01(x))
    return np.where(star_forming, 0, np.where(agn, np.where(y >= seyfert(x), 3, 2), 1))


def classify(x: ArrayLike, y: ArrayLike) -> NDArray[np.str_]:
    """BPT class of finite places, by Kauffmann 2003, Kewley 2001 and Schawinski 2007 (`class_numbers`)."""
    return np.array(CLASSES)[class_numbers(x, y)]


def bpt(
    nii: tuple[float, float], ha: tuple[float, float], oiii: tuple[float, float], hb: tuple[float, float]
) -> BPT:
    """Place and class from (flux, error) of [N II] 6585, Ha, [O III] 5008 and Hb.

    All four need S/N of at least 3; else the galaxy is "unclassified".
    """
    lines = {"[N II] 6585": Flux(*nii), "Hα": Flux(*ha), "[O III] 5008": Flux(*oiii), "Hβ": Flux(*hb)}
    x, x_err = log_ratio(lines["[N II] 6585"], lines["Hα"])
    y, y_err = log_ratio(lines["[O III] 5008"], lines["Hβ"])
    if reason := _undetected(lines):
        return BPT(x, x_err, y, y_err, UNCLASSIFIED, reason)
    return BPT(x, x_err, y, y_err, str(classify(x, y)), "")


def class_probabilities(flux: ArrayLike, error: ArrayLike, *, seed: int = 0) -> NDArray[np.float64]:
    """Share of each of CLASSES over 2000 draws of the four fluxes with Gaussian errors: (n, 4).

    `flux` and `error` (n, 4) of [N II] 6585, Ha, [O III] 5008, Hb. Fluxes are drawn, not their logarithms,
    whose errors are lopsided; draws with a flux not above 0 have no place in the diagram and are left out.
    Every row is drawn with the same deviates of `seed`, so that it does not depend on its neighbours. NaN
    where a flux or error is not finite, or no draw is left. ValueError for shapes that are not (n, 4).
    """
    f, e = np.asarray(flux, dtype=np.float64), np.asarray(error, dtype=np.float64)
    if f.ndim != 2 or f.shape[1] != 4 or f.shape != e.shape:
        raise ValueError(f"Fluxes have shape {f.shape}, errors {e.shape}: need one (n, 4).")
    deviates = np.random.default_rng(seed).standard_normal((4, DRAWS))
    shares = np.full(f.shape, np.nan)
    for row in np.flatnonzero(np.isfinite(f).all(axis=1) & np.isfinite(e).all(axis=1) & (e >= 0).all(axis=1)):
        drawn = f[row, :, None] + e[row, :, None] * deviates
        drawn = drawn[:, (drawn > 0).all(axis=0)]
        if drawn.shape[1]:
            found = class_numbers(np.log10(drawn[0] / drawn[1]), np.log10(drawn[2] / drawn[3]))
            shares[row] = np.bincount(found, minlength=4) / found.size
    return shares


def nebula_line(x: ArrayLike) -> NDArray[np.float64]:
    """log([S II]/Ha) of the nebula test's line at x = log([N II]/Ha) (Lu et al. 2022, section 4)."""
    return 0.63 * np.asarray(x, dtype=np.float64) - 0.55


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
    sulphur = blend(Flux(*sii_6718), Flux(*sii_6733))
    missing = [
        name
        for name, line in (("Hα", h_alpha), ("[N II] 6585", nitrogen), ("[S II]", sulphur))
        if not (np.isfinite(line).all() and line.error > 0)
    ]
    if missing or not h_alpha.detected:
        reason = f"not measured: {', '.join(missing)}" if missing else _undetected({"Hα": h_alpha})
        return NebulaTest(float("nan"), float("nan"), UNDETERMINED, snr_like=False, reason=reason)
    x = _log_or_limit(nitrogen, h_alpha)
    s = _log_or_limit(sulphur, h_alpha)
    above = s >= nebula_line(x)
    # An upper limit of s can only prove "below", one of x only "above".
    decides = sulphur if above else nitrogen
    if decides.detected:
        state, reason = (HII_LIKE if above else PN_LIKE), ""
    else:
        line, side = ("[S II]", "above") if above else ("[N II] 6585", "below")
        state, reason = UNDETERMINED, f"{line} undetected, and its limit lies {side} the line of the test"
    return NebulaTest(
        x,
        s,
        state,
        snr_like=bool(sulphur.detected and s > SUPERNOVA_REMNANT_SII),
        nii_is_limit=not nitrogen.detected,
        sii_is_limit=not sulphur.detected,
        reason=reason,
    )


@dataclass(frozen=True)
class Scheme:
    """A way to class galaxies besides the default: which lines it needs at S/N 3, and how it classes them.

    `classify` gets the fluxes of `lines` and the equivalent width of Ha at rest, Angstrom.
    """

    title: str
    lines: tuple[str, ...]
    classify: Callable[[Mapping[str, Flux], float], str]


def _by_cid_fernandes10(lines: Mapping[str, Flux], ew_ha: float) -> str:
    x, _ = log_ratio(lines["nii_6585"], lines["ha"])
    y, _ = log_ratio(lines["oiii_5008"], lines["hb"])
    return CLASSES[int(class_numbers(x, y, cid_fernandes10))]


def _by_kewley06(lines: Mapping[str, Flux], ew_ha: float) -> str:
    s, _ = log_ratio(blend(lines["sii_6718"], lines["sii_6733"]), lines["ha"])
    y, _ = log_ratio(lines["oiii_5008"], lines["hb"])
    if s < KEWLEY06_END and y < kewley06_sii(s):
        return "star-forming"
    return "Seyfert" if y >= kewley06_sii_seyfert(s) else "LINER"


def _by_whan(lines: Mapping[str, Flux], ew_ha: float) -> str:
    x, _ = log_ratio(lines["nii_6585"], lines["ha"])
    if ew_ha < PASSIVE_EW:
        return "passive"
    if ew_ha < RETIRED_EW:
        return "retired"
    if x < -0.4:
        return "star-forming"
    return "strong AGN" if ew_ha >= STRONG_EW else "weak AGN"


SCHEMES: dict[str, Scheme] = {
    "cid_fernandes10": Scheme(
        "BPT, Seyfert and LINER parted by Cid Fernandes et al. 2010",
        ("nii_6585", "ha", "oiii_5008", "hb"),
        _by_cid_fernandes10,
    ),
    "kewley06_sii": Scheme(
        "[S II] diagram of Kewley et al. 2006",
        ("sii_6718", "sii_6733", "ha", "oiii_5008", "hb"),
        _by_kewley06,
    ),
    "whan": Scheme("WHAN diagram of Cid Fernandes et al. 2011", ("nii_6585", "ha"), _by_whan),
}
"""Classes by other curves of the literature, by name."""


def class_by(scheme: str, lines: Mapping[str, Flux], *, ew_ha: float = float("nan")) -> tuple[str, str]:
    """Class of a galaxy by one of SCHEMES, and, where it is "unclassified", the reason.

    `lines` are fluxes by key of the line table, `ew_ha` the equivalent width of Ha at rest in Angstrom, which
    WHAN needs. Each line needs S/N of at least 3; the [S II] doublet counts as one. KeyError for a scheme
    that there is not.
    """
    chosen = SCHEMES[scheme]
    nan = Flux(float("nan"), float("nan"))
    fluxes = {key: lines.get(key, nan) for key in chosen.lines}
    needed = {LINE[key].label: fluxes[key] for key in chosen.lines if not key.startswith("sii")}
    if "sii_6718" in fluxes:
        needed["[S II]"] = blend(fluxes["sii_6718"], fluxes["sii_6733"])
    reason = _undetected(needed)
    if not reason and scheme == "whan" and not np.isfinite(ew_ha):
        reason = "not measured: equivalent width of Hα"
    return (UNCLASSIFIED, reason) if reason else (chosen.classify(fluxes, ew_ha), "")


def blend(a: Flux, b: Flux) -> Flux:
    """Two lines as one: their fluxes added, their errors in quadrature."""
    return Flux(a.flux + b.flux, float(np.hypot(a.error, b.error)))


def _undetected(lines: Mapping[str, Flux]) -> str:
    """Which of the lines were not measured, and which lie under S/N 3; "" where all are detected."""
    missing = [name for name, line in lines.items() if not np.isfinite(line).all()]
    weak = [name for name, line in lines.items() if name not in missing and not line.detected]
    reasons = [f"not measured: {', '.join(missing)}"] if missing else []
    reasons += [f"S/N under {DETECTED_SNR:g}: {', '.join(weak)}"] if weak else []
    return "; ".join(reasons)


def _hyperbola(x: ArrayLike, end: float, level: float, bend: float = 0.61) -> NDArray[np.float64]:
    values = np.asarray(x, dtype=np.float64)
    before = values < end
    return np.where(before, bend / np.where(before, values - end, -1.0) + level, np.nan)


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
