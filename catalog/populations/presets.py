"""Plots that readers ask for most: an address each, and what is drawn with them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from catalog.columns import Column
from catalog.figures.histogram import Histogram
from catalog.figures.registry import FIGURES

NII, SII, OIII = "log(NII_H)", "log(SII_H)", "log(OIII_Hb)"


@dataclass(frozen=True)
class Preset:
    """``params`` set the axes; an empty ``y`` draws a histogram."""

    slug: str
    title: str
    params: Mapping[str, str]


_SNR, _MAGNITUDE = (
    Preset("snr", "S/N", {"x": "snr_r", "y": ""}),
    Preset("magnitude", "Magnitude", {"x": "mag_g", "y": ""}),
)
_SKY = (
    Preset("equatorial", "Sky, equatorial", {"sky": "equatorial"}),
    Preset("galactic", "Sky, Galactic", {"sky": "galactic"}),
)
_DIAGNOSTIC = Preset("diagnostic", "Nebula diagnostic", {"x": NII, "y": SII})
_VELOCITY = Preset("velocity", "Velocity", {"x": "velocity", "y": ""})
_NEBULAE = (
    _DIAGNOSTIC, _VELOCITY,
    Preset("longitude-velocity", "Longitude and velocity", {"x": "GLong_spectrum", "y": "velocity_LSR"}),
    _SNR, _MAGNITUDE, *_SKY,
)  # fmt: skip
PRESETS: dict[str, tuple[Preset, ...]] = {
    "galaxies": (
        Preset("bpt", "BPT", {"x": NII, "y": OIII}), _SNR, _MAGNITUDE,
        Preset("redshift", "Redshift", {"x": "z_our", "y": ""}),
        Preset("z-snr", "Redshift and S/N", {"x": "z_our", "y": "snr_r"}), *_SKY,
    ),
    "nebulae": _NEBULAE,
    "unclear": (
        _DIAGNOSTIC, _VELOCITY,
        Preset("longitude-velocity", "Longitude and velocity", {"x": "GLong", "y": "velocity_LSR"}),
        _SNR, _MAGNITUDE, *_SKY,
    ),
    "candidates": (
        _SNR, _MAGNITUDE, Preset("redshift", "Redshift", {"x": "z_CL", "y": ""}), _VELOCITY,
        Preset("z-z", "The two redshifts", {"x": "z_RT", "y": "z_CL"}), *_SKY,
    ),
}  # fmt: skip
"""By list; the first is drawn where an address names no axes."""

_FIGURES = {
    "spectrum__snr_r": "snr", "spectrum__mag_g": "magnitude", "z_cl": "redshift", "velocity_kms": "velocity",
}  # fmt: skip


def bins_of(column: Column) -> tuple[tuple[float, float], float]:
    """What a histogram of a column spans, and its finest bin: as in the paper's figure, if there is one."""
    figure = FIGURES[_FIGURES[column.path]].drawing if column.path in _FIGURES else None
    if isinstance(figure, Histogram):
        return figure.span, figure.finest
    return (float("-inf"), float("inf")), 1.0 if column.kind == "int" else 1e-6
