"""Plotly's figures as plain dicts of short numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import ArrayLike

SIGNIFICANT_DIGITS = 5


def as_dict(figure: go.Figure) -> dict[str, Any]:
    """Data and layout of a figure, without the library's own template of colours.

    The layout always holds its lists of shapes and annotations, which the library leaves out when empty.
    """
    plain = figure.to_plotly_json()
    layout = {"shapes": [], "annotations": []} | plain["layout"]
    layout.pop("template", None)
    return {"data": plain["data"], "layout": layout}


def rounded(values: ArrayLike, digits: int = SIGNIFICANT_DIGITS) -> list[float | None]:
    """Values to some significant digits, None where not finite: short in JSON and finer than any screen."""
    array = np.asarray(values, dtype=np.float64)
    return [float(f"{value:.{digits}g}") if np.isfinite(value) else None for value in array.tolist()]
