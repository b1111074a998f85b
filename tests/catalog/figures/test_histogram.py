"""Bins: nice edges that hold every value, and counts by the database equal to a plain count."""

from __future__ import annotations

import numpy as np
import pytest
from django.db.models import F
from hypothesis import given
from hypothesis import strategies as st

from catalog.figures.histogram import MOST_BINS, binned, nice_edges
from catalog.models import Candidate
from tests import factories as f

VALUES = st.floats(-1e4, 1e4, allow_subnormal=False)


@given(VALUES, VALUES, st.sampled_from([5e-4, 0.1, 0.2, 1.0, 5.0]))
def test_edges_are_even_and_hold_both_ends(one: float, other: float, finest: float) -> None:
    low, high = sorted((one, other))
    edges = nice_edges(low, high, finest)
    assert edges[0] <= low
    assert high < edges[-1]
    steps = np.diff(edges)
    assert steps == pytest.approx(steps[0], rel=1e-6)
    assert steps[0] >= finest * (1 - 1e-6)
    assert 1 <= len(steps) <= MOST_BINS + 3
    mantissa = steps[0] / 10 ** np.floor(np.log10(steps[0] * (1 + 1e-9)))
    assert min(abs(mantissa - nice) for nice in (1, 2, 5)) < 1e-6


@pytest.mark.django_db
def test_the_database_counts_as_a_plain_loop_does() -> None:
    run, rng = f.RunFactory(), np.random.default_rng(4)
    edges = nice_edges(0.1, 0.3, 0.0005)
    values = [*rng.uniform(0.05, 0.35, 40), *edges[:3], edges[-1], np.nextafter(edges[2], 0)]
    for number, z in enumerate(values):
        f.CandidateFactory(run=run, z_cl=z, nebula=number % 3 == 0)
    plain: dict[tuple[int, str], int] = {}
    for z, kind in Candidate.objects.filter(run=run).values_list("z_cl", "kind"):
        key = (sum(edge <= z for edge in edges), kind)
        plain[key] = plain.get(key, 0) + 1
    assert binned(Candidate.objects.filter(run=run), F("z_cl"), edges, "kind") == plain
    assert sum(plain.values()) == len(values)
