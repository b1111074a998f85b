"""Plotly's figures as plain dicts of short numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import ArrayLike

SIGNIFICANT_DIGITS = 5
POWERS = np.array([float(f"1e{n}") for n in range(23)])
"""The powers of ten that a float holds exactly."""


def as_dict(figure: go.Figure) -> dict[str, Any]:
    """Data and layout of a figure, without the library's own template of colours.

    The layout always holds its lists of shapes and annotations, which the library leaves out when empty.
    """
    plain = figure.to_plotly_json()
    layout = {"shapes": [], "annotations": []} | plain["layout"]
    layout.pop("template", None)
    return {"data": plain["data"], "layout": layout}


def rounded(values: ArrayLike, digits: int = SIGNIFICANT_DIGITS) -> list[float | None]:
    """Values to some significant digits, None where not finite: short in JSON and finer than any screen.

    All at once, since a spectrum has ten thousand. What lies halfway between two may go to either.
    """
    array = np.atleast_1d(np.asarray(values, dtype=np.float64))
    finite = np.isfinite(array)
    known = np.where(finite & (array != 0), array, 1.0)
    decimals = digits - 1 - np.floor(np.log10(np.abs(known))).astype(np.int64)
    power = POWERS[np.minimum(np.abs(decimals), len(POWERS) - 1)]
    # A whole number divided by an exact power of ten is the float that is printed with these digits.
    with np.errstate(over="ignore"):  # of numbers too large or small for these powers, which come below
        short = np.where(decimals >= 0, np.round(known * power) / power, np.round(known / power) * power)
    rounded = np.where(array == 0, 0.0, short).tolist()
    odd = np.flatnonzero(~finite | (np.abs(decimals) >= len(POWERS)))
    for i in odd.tolist():
        rounded[i] = float(f"{array[i]:.{digits}g}") if finite[i] else None
    return rounded
