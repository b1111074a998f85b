"""A redshift from the centres of detected lines, by vote (Lu et al. 2022, section 3)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from retrieval.detect import DetectedLines
from retrieval.lines import CL_LINES

TOLERANCE = 0.001
MINIMUM_LINES = 3
# Nothing is known that approaches faster than about 3,000 km/s. No upper bound is needed: the lines that must
# fall within the observed range set it (with 3 of 6 in 3900 to 8900 A, [O III] 5008 limits z to 0.777).
LOWEST_REDSHIFT = -0.01
# From here up one detected line could vote both as H alpha and as [N II] 6585.
HIGHEST_TOLERANCE = 0.003


@dataclass(frozen=True)
class LineRedshift:
    """A redshift on which several lines agree.

    `value` is the mean over the agreeing lines, `lines` their keys by increasing wavelength, `centers` their
    observed wavelengths (vacuum, Angstrom), `scatter` the standard deviation of their redshifts, `flux` the
    summed flux of their peaks in the units of the prepared spectrum.
    """

    value: float
    lines: tuple[str, ...]
    centers: tuple[float, ...]
    scatter: float
    flux: float


def line_redshift(
    lines: DetectedLines, tolerance: float = TOLERANCE, minimum: int = MINIMUM_LINES
) -> LineRedshift | None:
    """The redshift on which at least `minimum` of the six lines agree, or None.

    Lines agree when the largest and the smallest of their redshifts differ by at most `tolerance`. Each
    detected line serves at most one of the six. Among several groups that agree, the one with most lines
    wins, then the one with the greatest summed flux, then the one with the smallest scatter.
    """
    if not 0 < tolerance < HIGHEST_TOLERANCE:
        raise ValueError(f"tolerance is {tolerance}; it must be above 0 and below {HIGHEST_TOLERANCE}.")
    if not 1 <= minimum <= len(CL_LINES):
        raise ValueError(
            f"minimum is {minimum}; it must be 1 to {len(CL_LINES)}, the number of voting lines."
        )
    rest = np.array([line.wavelength for line in CL_LINES])
    z = (lines.center[None, :] / rest[:, None] - 1.0).ravel()
    line = np.repeat(np.arange(rest.size), lines.center.size)
    flux = np.tile(lines.flux, rest.size)
    keep = np.flatnonzero(z >= LOWEST_REDSHIFT)
    order = keep[np.argsort(z[keep], kind="stable")]
    z, line, flux = z[order], line[order], flux[order]

    best: tuple[tuple[float, float, float], LineRedshift] | None = None
    stops = np.searchsorted(z, z + tolerance, side="right")
    for start in np.flatnonzero(stops - np.arange(z.size) >= minimum):
        # Any agreeing group begins at its smallest redshift, so trying every start tries them all. Within the
        # window the strongest detection of each line gives most flux.
        chosen: dict[int, int] = {}
        for vote in range(start, stops[start]):
            rival = chosen.get(int(line[vote]))
            if rival is None or flux[vote] > flux[rival]:
                chosen[int(line[vote])] = vote
        if len(chosen) < minimum:
            continue
        members = [chosen[key] for key in sorted(chosen)]
        scatter = float(z[members].std())
        rank = (len(members), float(flux[members].sum()), -scatter)
        if best is None or rank > best[0]:
            keys = tuple(CL_LINES[key].key for key in sorted(chosen))
            centers = tuple(float(rest[line[m]] * (1.0 + z[m])) for m in members)
            best = rank, LineRedshift(float(z[members].mean()), keys, centers, scatter, rank[1])
    return best[1] if best else None
