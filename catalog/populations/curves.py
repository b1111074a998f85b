"""Lines of the literature over a plot, where its two axes are those of a known diagram."""

from __future__ import annotations

from typing import Any

import numpy as np

from catalog.figures.bpt import X_RANGE, Y_RANGE, literature
from catalog.figures.plain import rounded
from retrieval.diagnose import nebula_line

from .asked import Population

NEBULA_X = (-2.0, 1.0)


def curves_of(population: Population) -> dict[str, Any]:
    """``lines`` with name, dash, x and y; ``x`` and ``y``, the range first shown, if the diagram has one."""
    paths = tuple(axis.path for axis in population.axes)
    if paths == ("log_nii_ha", "log_oiii_hb"):
        lines = [{"name": name, "dash": dash, "x": x, "y": y} for name, dash, x, y in literature()]
        return {"lines": lines, "x": X_RANGE, "y": Y_RANGE}
    if paths == ("log_nii_ha", "log_sii_ha"):
        x = np.array(NEBULA_X)
        line = {"name": "H II-like above", "dash": "dash", "x": rounded(x), "y": rounded(nebula_line(x))}
        return {"lines": [line]}
    return {"lines": []}
