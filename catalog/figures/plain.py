"""Plotly's figures as plain dicts of short numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import ArrayLike

SIGNIFICANT_DIGITS = 5


def as_dict(figure: go.Figure) -> dict[str, Any]:
    """Data and layout of a figure, without the library's own template of colours."""
    plain = figure.to_plotly_json()
    plain["layout"].pop("template", None)
    return plain


def rounded(values: ArrayLike, digits: int = SIGNIFICANT_DIGITS) -> list[float | None]:
    """Values to some significant digits, None where not finite: short in JSON and finer than any screen."""
    array = np.asarray(values, dtype=np.float64)
    return [float(f"{value:.{digits}g}") if np.isfinite(value) else None for value in array.tolist()]
