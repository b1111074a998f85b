"""The colours of figures: told apart in deuteranopia, and against their ground, in light and dark.

Deuteranopia is simulated after Machado, Oliveira and Fernandes 2009 (severity 1.0, on linear RGB);
differences are distances in OKLab (Ottosson 2020), contrast is that of WCAG 2.2.
"""

from __future__ import annotations

import re
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

CSS = Path(__file__).resolve().parents[2] / "static" / "css" / "site.css"
DEUTERANOPIA = np.array(
    [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
)
TO_LMS = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
TO_LAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)
SMALLEST = 0.06
"""In OKLab: white to black is 1, and 0.02 is just noticeable side by side."""
TOGETHER = {
    "classes of the BPT diagram": ("sf", "composite", "liner", "seyfert", "unclassified"),
    "series": ("sf", "seyfert", "liner", "composite"),
    "spectrum": ("flux", "template", "continuum", "fit"),
    "lines": ("line", "absorption"),
}
"""Colours that one figure shows at the same time, without another mark to tell them apart by."""


def schemes() -> dict[str, dict[str, str]]:
    """The custom properties of the style sheet by scheme; dark begins as light does."""
    blocks = re.findall(r":root \{(.*?)\}", CSS.read_text(), re.DOTALL)
    light, dark = (dict(re.findall(r"--([\w-]+):\s*(#[0-9a-f]{6})", block)) for block in blocks)
    return {"light": light, "dark": light | dark}


def linear(colour: str) -> NDArray[np.float64]:
    """Linear RGB, 0 to 1, of #rrggbb."""
    encoded = np.array([int(colour[at : at + 2], 16) for at in (1, 3, 5)]) / 255
    return np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)


def seen(colour: str) -> NDArray[np.float64]:
    """OKLab of a colour as a deuteranope sees it."""
    return np.asarray(TO_LAB @ np.cbrt(TO_LMS @ np.clip(DEUTERANOPIA @ linear(colour), 0, 1)))


def contrast(one: str, other: str) -> float:
    bright, dim = sorted((linear(c) @ [0.2126, 0.7152, 0.0722] + 0.05 for c in (one, other)), reverse=True)
    return float(bright / dim)


def test_the_simulation_does_what_is_published_of_it() -> None:
    """Greys stay, and red and green of one luminance become alike."""
    assert seen("#808080") == pytest.approx([0.5999, 0, 0], abs=2e-3)
    assert np.linalg.norm(seen("#ff0000") - seen("#8f7e00")) < 0.1
    assert contrast("#ffffff", "#000000") == pytest.approx(21)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("figure", TOGETHER)
def test_colours_of_one_figure_are_told_apart_in_deuteranopia(scheme: str, figure: str) -> None:
    held = schemes()[scheme]
    near = {
        (one, other): round(float(np.linalg.norm(seen(held[f"fig-{one}"]) - seen(held[f"fig-{other}"]))), 3)
        for one, other in combinations(TOGETHER[figure], 2)
    }
    assert {pair: distance for pair, distance in near.items() if distance < SMALLEST} == {}, near


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_colours_stand_out_from_the_ground(scheme: str) -> None:
    held = schemes()[scheme]
    drawn = {name for names in TOGETHER.values() for name in names}
    faint = {
        name: round(contrast(held[f"fig-{name}"], held["surface"]), 2)
        for name in sorted(drawn)
        if contrast(held[f"fig-{name}"], held["surface"]) < 3
    }
    assert faint == {}
