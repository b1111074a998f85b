"""Lines of known flux in real spectra without any: the errors tell the truth."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.injection import injected
from retrieval.flags import LineFlag
from retrieval.measure import REPORTED, measure_many
from tests.real.data import survey_data

pytestmark = pytest.mark.real

SPOILT = LineFlag.SKY_LINE | LineFlag.ARM_JOIN | LineFlag.EDGE | LineFlag.FIT_FAILED


def pulls(kind: str, times: int) -> dict[str, list[float]]:
    spectra = injected(survey_data(), kind, times, np.random.default_rng(4))
    found: dict[str, list[float]] = {key: [] for key in REPORTED}
    for spectrum, fits in zip(spectra, measure_many(spectra, [s.z for s in spectra]), strict=True):
        for fit in fits:
            if not LineFlag(fit.flags) & SPOILT:
                found[fit.line].append((fit.flux - spectrum.truth(REPORTED[fit.line])) / fit.flux_err)
    print(f"\n{kind}: {len(spectra)} spectra")
    for key, values in found.items():
        print(f"  {key:10s} {len(values):5d} pulls: mean {np.mean(values):+.2f}, width {np.std(values):.2f}")
    return found


@pytest.mark.parametrize(("kind", "times"), [("sky", 20), ("stars", 8)])
def test_pulls_of_injected_lines_are_those_of_a_unit_gaussian(kind, times):
    """Sky fibres of SDSS, and F stars of LAMOST with the lines at the star's own velocity."""
    found = pulls(kind, times)
    every = np.concatenate(list(found.values()))
    print(f"  all        {every.size:5d} pulls: mean {every.mean():+.3f}, width {every.std():.3f}")
    assert abs(every.mean()) < 0.1
    assert 0.9 < every.std() < 1.1
    for key, values in found.items():
        assert len(values) > 200, key
        # One line alone is less sure: neighbours share their spectra, so that some hundred count as fewer.
        assert abs(np.mean(values)) < 0.35, key
        assert 0.65 < np.std(values) < 1.6, key
