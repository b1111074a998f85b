"""Emission lines of ionised gas: fluxes with physical ratios, and their profiles on a pixel grid."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from scipy.special import erf

from retrieval.lines import LINE, NII_RATIO, OIII_RATIO, SPEED_OF_LIGHT
from retrieval.simulate.continua import attenuation

# Case B at 10^4 K and 100 cm^-3, relative to Hb (Osterbrock & Ferland 2006, table 4.4).
HA, HG, HD = 2.86, 0.468, 0.259
HEI_5877 = 0.13
OI_RATIO = 3.03  # [O I] 6302 / 6366 (Storey & Zeippen 2000)
OII_SHARES = {"oii_3727": 0.41, "oii_3730": 0.59}  # of the blend, at low density (Osterbrock & Ferland 2006)


@dataclass(frozen=True)
class Gas:
    """Ratios, as logarithms to base 10, that place a nebula or a galaxy on the diagnostic diagrams."""

    nii_ha: float  # [N II]6585 / Ha
    oiii_hb: float  # [O III]5008 / Hb
    sii_ha: float  # ([S II]6718 + 6733) / Ha
    oii_hb: float  # [O II]3728 / Hb
    oi_ha: float  # [O I]6302 / Ha
    sii_ratio: float  # [S II] 6718 / 6733, linear: 1.44 at low density, 0.44 at high
    heii_hb: float = 0.0  # He II 4687 / Hb, linear
    hot: float = 0.006  # [O III] 4364 / 5008, linear: 0.006 at 10^4 K


def line_fluxes(gas: Gas, ha: float, colour_excess: float) -> dict[str, float]:
    """Observed fluxes by line key, given the observed flux of Ha and E(B-V) of the dust before the gas.

    The ratios of ``gas`` are intrinsic; the lines of a diagnostic ratio are so close that dust changes it by
    little. The [O II] doublet is one blend, "oii", as at R = 1800.
    """
    hb = 1 / HA
    oiii = hb * 10**gas.oiii_hb
    nii = 10**gas.nii_ha
    sii = 10**gas.sii_ha
    intrinsic = {
        "oii": hb * 10**gas.oii_hb,
        "neiii_3870": 0.08 * oiii,
        "hd": HD * hb,
        "hg": HG * hb,
        "oiii_4364": gas.hot * oiii,
        "heii_4687": gas.heii_hb * hb,
        "hb": hb,
        "oiii_4960": oiii / OIII_RATIO,
        "oiii_5008": oiii,
        "hei_5877": HEI_5877 * hb,
        "oi_6302": 10**gas.oi_ha,
        "oi_6366": 10**gas.oi_ha / OI_RATIO,
        "nii_6550": nii / NII_RATIO,
        "ha": 1.0,
        "nii_6585": nii,
        "sii_6718": sii * gas.sii_ratio / (1 + gas.sii_ratio),
        "sii_6733": sii / (1 + gas.sii_ratio),
    }
    dust = attenuation(np.array([LINE[key].wavelength for key in intrinsic]), colour_excess)
    at_ha = attenuation(np.array([LINE["ha"].wavelength]), colour_excess)[0]
    return {
        key: float(ha * flux * dim / at_ha) for (key, flux), dim in zip(intrinsic.items(), dust, strict=True)
    }


def paint(
    edges: NDArray[np.float64],
    fluxes: Mapping[str, float],
    z: float,
    sigma_kms: float,
    resolution: float,
) -> NDArray[np.float64]:
    """Flux per Angstrom (n,) of the lines in the pixels between ``edges`` (n + 1,), Angstrom.

    Each line is a Gaussian of the gas's ``sigma_kms`` and of the instrument, FWHM = wavelength /
    ``resolution``, integrated over every pixel: the sum of flux times pixel width is the line's flux. The
    blend "oii" is painted as its two members.
    """
    flux = np.zeros(edges.size - 1)
    instrument = SPEED_OF_LIGHT / resolution / math.sqrt(8 * math.log(2))
    blend = fluxes.get("oii", 0.0)
    single = {key: total for key, total in fluxes.items() if key != "oii"}
    for key, total in (single | {key: share * blend for key, share in OII_SHARES.items()}).items():
        centre = LINE[key].wavelength * (1 + z)
        sigma = centre * math.hypot(sigma_kms, instrument) / SPEED_OF_LIGHT
        first, last = np.searchsorted(edges, (centre - 6 * sigma, centre + 6 * sigma))
        first, last = max(int(first) - 1, 0), min(int(last) + 1, edges.size)
        if last - first < 2 or total <= 0:
            continue
        near = edges[first:last]
        share = np.diff(erf((near - centre) / (sigma * math.sqrt(2)))) / 2
        flux[first : last - 1] += total * share / np.diff(near)
    return flux


def star_forming(rng: Generator) -> Gas:
    """On the star-forming sequence of Kewley et al. 2013 (ApJ 774, L10, equation 3, z = 0), scattered."""
    nii_ha = rng.uniform(-1.25, -0.38)
    return Gas(
        nii_ha=nii_ha,
        oiii_hb=0.61 / (nii_ha + 0.08) + 1.10 + rng.normal(0, 0.08),
        sii_ha=-0.38 + 0.25 * (nii_ha + 0.38) + rng.normal(0, 0.05),
        oii_hb=rng.normal(0.35, 0.1),
        oi_ha=rng.normal(-1.5, 0.1),
        sii_ratio=rng.uniform(1.15, 1.44),
    )


def composite(rng: Generator) -> Gas:
    return Gas(
        nii_ha=rng.uniform(-0.35, 0.05),
        oiii_hb=rng.uniform(-0.6, 0.5),
        sii_ha=rng.normal(-0.35, 0.06),
        oii_hb=rng.normal(0.2, 0.1),
        oi_ha=rng.normal(-1.3, 0.1),
        sii_ratio=rng.uniform(1.05, 1.4),
    )


def liner(rng: Generator) -> Gas:
    return Gas(
        nii_ha=rng.uniform(-0.1, 0.35),
        oiii_hb=rng.uniform(-0.1, 0.6),
        sii_ha=rng.normal(0.0, 0.08),
        oii_hb=rng.normal(0.55, 0.1),
        oi_ha=rng.normal(-0.75, 0.1),
        sii_ratio=rng.uniform(1.0, 1.35),
    )


def seyfert(rng: Generator) -> Gas:
    return Gas(
        nii_ha=rng.uniform(-0.35, 0.25),
        oiii_hb=rng.uniform(0.55, 1.15),
        sii_ha=rng.normal(-0.25, 0.08),
        oii_hb=rng.normal(0.45, 0.1),
        oi_ha=rng.normal(-0.9, 0.1),
        sii_ratio=rng.uniform(0.95, 1.3),
        heii_hb=rng.uniform(0.05, 0.3),
        hot=0.015,
    )


def hii_region(rng: Generator) -> Gas:
    """A Galactic H II region: cool gas, low [N II]/Ha, [S II] well above the paper's nebula line."""
    return Gas(
        nii_ha=rng.uniform(-0.75, -0.35),
        oiii_hb=rng.uniform(-0.9, 0.3),
        sii_ha=rng.uniform(-0.62, -0.42),
        oii_hb=rng.normal(0.3, 0.1),
        oi_ha=rng.normal(-1.9, 0.1),
        sii_ratio=rng.uniform(1.2, 1.44),
    )


def planetary_nebula(rng: Generator) -> Gas:
    """A planetary nebula: hot gas, [O III] ten times Hb, He II, and [S II] weak for its [N II]."""
    nii_ha = rng.uniform(-0.9, 0.2)
    return Gas(
        nii_ha=nii_ha,
        oiii_hb=rng.uniform(0.85, 1.2),
        sii_ha=0.63 * nii_ha - 0.55 - rng.uniform(0.25, 0.7),
        oii_hb=rng.normal(-0.2, 0.2),
        oi_ha=rng.normal(-1.8, 0.2),
        sii_ratio=rng.uniform(0.5, 1.0),
        heii_hb=rng.uniform(0.0, 0.6),
        hot=0.012,
    )
