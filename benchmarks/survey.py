"""A simulated survey with its truth, prepared as a run prepares it: templates and queries on both grids.

Spectra of `retrieval.simulate` in the demonstration's mix of kinds, with its noise, sky and defects: bright
templates with a published redshift, fainter queries of which a fifth have no emission line.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from retrieval import detect_lines, line_redshift, prepare
from retrieval.grid import make_grid
from retrieval.prepare import Normalization
from retrieval.profiles import DETECTION_STEP
from retrieval.simulate import SurveyCounts, simulate

TEMPLATES, QUERIES = 6000, 3000
SEED = 7
WITHOUT_LINES = ("F star", "noise")


@dataclass(frozen=True)
class Survey:
    """Prepared spectra by step, float32 (n, samples); redshifts float64 (n,), NaN where there is none.

    `template_z` is the published redshift, `query_z` the true one (NaN for a query without emission lines),
    `z_cl` what the line search of a run gives the query.
    """

    templates: dict[int, NDArray[np.float32]]
    queries: dict[int, NDArray[np.float32]]
    template_z: NDArray[np.float64]
    query_z: NDArray[np.float64]
    z_cl: NDArray[np.float64]


def survey(folder: Path, normalization: Normalization = "l2") -> Survey:
    """TEMPLATES templates and QUERIES queries; made once (a minute) and kept in `folder`."""
    path = folder / f"survey-{TEMPLATES}-{QUERIES}-{SEED}-{normalization}.npz"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(".part.npz")
        np.savez(partial, **_simulated(normalization))
        partial.rename(path)
    kept = np.load(path)
    return Survey(
        {step: kept[f"templates{step}"] for step in (1, 2)},
        {step: kept[f"queries{step}"] for step in (1, 2)},
        kept["template_z"],
        kept["query_z"],
        kept["z_cl"],
    )


def _simulated(normalization: Normalization) -> dict[str, NDArray]:
    counts = SurveyCounts(
        _scaled(SurveyCounts().templates, TEMPLATES), _scaled(SurveyCounts().unknowns, QUERIES)
    )
    rows = {
        f"{part}{step}": np.empty((n, make_grid(step).size), dtype=np.float32)
        for part, n in (("templates", TEMPLATES), ("queries", QUERIES))
        for step in (1, 2)
    }
    grid = make_grid(DETECTION_STEP)
    template_z, query_z, z_cl = np.full((TEMPLATES,), np.nan), *np.full((2, QUERIES), np.nan)
    for number, one in enumerate(simulate(counts, SEED)):
        is_query = number >= TEMPLATES
        row, part = (number - TEMPLATES, "queries") if is_query else (number, "templates")
        seen = one.spectrum
        for step in (1, 2):
            rows[f"{part}{step}"][row], _ = prepare(
                seen.wavelength, seen.flux, step, normalization, mask=seen.bad
            )
        if not is_query:
            template_z[row] = seen.header.z
            continue
        if one.truth.kind not in WITHOUT_LINES:
            query_z[row] = one.truth.z
        found = line_redshift(detect_lines(grid, rows[f"queries{DETECTION_STEP}"][row]))
        z_cl[row] = found.value if found else np.nan
    return rows | {"template_z": template_z, "query_z": query_z, "z_cl": z_cl}


def _scaled(mix: dict[str, int], total: int) -> dict[str, int]:
    """The same mix with `total` spectra; what rounding leaves goes to the largest kind."""
    scaled = {kind: total * number // sum(mix.values()) for kind, number in mix.items()}
    scaled[max(mix, key=lambda kind: mix[kind])] += total - sum(scaled.values())
    return scaled
