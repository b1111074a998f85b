"""The figure of a spectrum with its kin over it, as the spectrum's page draws one."""

from __future__ import annotations

from typing import Any

from catalog.figures.spectrum import Overlay, spectrum_figure
from catalog.pages.cells import spectrum_url

from .search import Kin

DRAWN = 12
"""Kin whose flux comes with the figure: an upload stands nowhere that a later request could compare with."""


def figure_of(kin: Kin) -> dict[str, Any]:
    """What static/js/viewer.js draws: the spectrum, fitted lines, and its first kin as overlays."""
    overlays = [
        Overlay(
            key=one.key,
            label=f"{one.rank}. {one.template.name}",
            kind="template",
            z=one.template.z,
            link=spectrum_url(one.template),
            url="",
            observed=one.observed,
        )
        for one in kin.kin[:DRAWN]
    ]
    return spectrum_figure(
        observed=kin.observed,
        z=kin.z,
        overlays=overlays,
        fits=kin.fits,
        continuum_width=kin.run.detection.get("median_width"),
    )
