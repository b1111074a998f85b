"""The one table of spectral lines, and the stretches of spectrum where sky or instrument spoil them.

Wavelengths are vacuum Angstrom, from the SDSS emission-line list, taken from air to vacuum after Morton
(2000) and Ciddor (1996). Everything that needs a rest wavelength reads it here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

SPEED_OF_LIGHT = 299_792.458  # km/s, exact


@dataclass(frozen=True)
class Line:
    """One spectral line: `key` for code and columns, `label` for people, `wavelength` in vacuum Angstrom.

    `in_cl` marks the six emission lines that vote for a redshift (Lu et al. 2022, section 3).
    """

    key: str
    label: str
    wavelength: float
    kind: Literal["emission", "absorption"] = "emission"
    in_cl: bool = False


LINES: tuple[Line, ...] = (
    Line("oii_3727", "[O II] 3727", 3727.092),
    Line("oii", "[O II] 3728", 3728.48, in_cl=True),  # the blend, unresolved at R = 1800
    Line("oii_3730", "[O II] 3730", 3729.875),
    Line("neiii_3870", "[Ne III] 3870", 3869.86),
    Line("cak", "Ca K", 3934.78, "absorption"),
    Line("cah", "Ca H", 3969.59, "absorption"),
    Line("hd", "Hδ", 4102.892),
    Line("hg", "Hγ", 4341.684),
    Line("oiii_4364", "[O III] 4364", 4364.436),
    Line("heii_4687", "He II 4687", 4686.99),
    Line("hb", "Hβ", 4862.683, in_cl=True),
    Line("oiii_4960", "[O III] 4960", 4960.295),
    Line("oiii_5008", "[O III] 5008", 5008.240, in_cl=True),
    Line("mgb_5169", "Mg b 5169", 5168.76, "absorption"),
    Line("mgb_5174", "Mg b 5174", 5174.13, "absorption"),
    Line("mgb_5185", "Mg b 5185", 5185.05, "absorption"),
    Line("hei_5877", "He I 5877", 5877.25),
    Line("nad_5892", "Na D 5892", 5891.58, "absorption"),
    Line("nad_5898", "Na D 5898", 5897.56, "absorption"),
    Line("oi_6302", "[O I] 6302", 6302.046),
    Line("oi_6366", "[O I] 6366", 6365.536),
    Line("nii_6550", "[N II] 6550", 6549.86),
    Line("ha", "Hα", 6564.614, in_cl=True),
    Line("nii_6585", "[N II] 6585", 6585.27, in_cl=True),
    Line("sii_6718", "[S II] 6718", 6718.295, in_cl=True),
    Line("sii_6733", "[S II] 6733", 6732.674),
)

LINE: dict[str, Line] = {line.key: line for line in LINES}

CL_LINES: tuple[Line, ...] = tuple(line for line in LINES if line.in_cl)

# Fixed by atomic physics (Storey & Zeippen 2000).
OIII_RATIO = 2.98  # [O III] 5008 / 4960
NII_RATIO = 3.05  # [N II] 6585 / 6550

# Observed wavelengths, Angstrom, where night-sky lines and telluric bands leave residuals.
SKY_BANDS: tuple[tuple[float, float], ...] = (
    (5567.0, 5590.0),
    (5885.0, 5905.0),
    (6295.0, 6305.0),
    (6360.0, 6368.0),
    (6860.0, 6950.0),
    (7160.0, 7340.0),
    (7590.0, 7700.0),
    (8100.0, 8350.0),
)

# Observed wavelengths, Angstrom, where LAMOST's blue and red arms are joined.
ARM_JOIN: tuple[float, float] = (5700.0, 6000.0)
