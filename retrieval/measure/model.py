"""What is fitted where: windows of rest wavelength, the lines in them, and what ties the lines together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from retrieval.lines import LINE, NII_RATIO, OIII_RATIO

Array = NDArray[np.float64]

LARGEST_OFFSET = 300.0  # km/s either side of z: the tolerance of a line redshift
SIGMA_RANGE = (50.0, 500.0)  # km/s; a spectrograph of R = 1800 alone gives 71

# Before a line is seen: velocity about z in km/s, and ln of the forbidden lines' width with its scatter.
USUAL_SIGMA = 110.0  # km/s as observed: a narrow-line galaxy at R = 1800
OFFSET_SCATTER = 100.0
LN_SIGMA_SCATTER = 0.4
LN_BALMER_SCATTER = 0.1  # Balmer lines may be narrower or wider than forbidden ones, by about a tenth

BALMER = ("hd", "hg", "hb", "ha")


@dataclass(frozen=True)
class Window:
    """A stretch of rest wavelengths, Angstrom, whose continuum is stars times a straight line.

    Each profile is one free flux, shared by lines of fixed relative flux.
    """

    low: float
    high: float
    profiles: tuple[dict[str, float], ...]

    @property
    def keys(self) -> tuple[str, ...]:
        return tuple(key for profile in self.profiles for key in profile)

    @property
    def balmer(self) -> str | None:
        """The Balmer line of the window, under which stars absorb."""
        return next((key for key in self.keys if key in BALMER), None)


WINDOWS: tuple[Window, ...] = (
    Window(3680.0, 3775.0, ({"oii_3727": 1.0}, {"oii_3730": 1.0})),
    Window(4040.0, 4170.0, ({"hd": 1.0},)),
    Window(4270.0, 4420.0, ({"hg": 1.0}, {"oiii_4364": 1.0})),
    Window(4780.0, 4930.0, ({"hb": 1.0},)),
    Window(4925.0, 5060.0, ({"oiii_5008": 1.0, "oiii_4960": 1.0 / OIII_RATIO},)),
    Window(6480.0, 6650.0, ({"ha": 1.0}, {"nii_6585": 1.0, "nii_6550": 1.0 / NII_RATIO})),
    Window(6650.0, 6800.0, ({"sii_6718": 1.0}, {"sii_6733": 1.0})),
)

# Each reported line and the lines of the model that it sums: the [O II] doublet is reported as its blend.
REPORTED: dict[str, tuple[str, ...]] = {
    "oii": ("oii_3727", "oii_3730"),
    **{
        key: (key,)
        for key in (
            "hd", "hg", "hb", "oiii_4960", "oiii_5008",
            "nii_6550", "ha", "nii_6585", "sii_6718", "sii_6733",
        )
    },
}  # fmt: skip

FITTED: Array = np.sort([LINE[key].wavelength for window in WINDOWS for key in window.keys])  # at rest
