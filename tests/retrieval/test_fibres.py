"""Neighbouring fibres of one redshift, against a plain loop."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.fibres import FIBRES, TOLERANCE, neighbouring

row = st.tuples(st.integers(0, 2), st.integers(1, 12), st.sampled_from([0.0, 0.0004, 0.0009, 0.1, np.nan]))


def plain(rows: list[tuple[int, int, float]]) -> list[bool]:
    return [
        any(
            p == q and f != g and abs(f - g) <= FIBRES and abs(z - y) <= TOLERANCE
            for j, (q, g, y) in enumerate(rows)
            if j != i
        )
        for i, (p, f, z) in enumerate(rows)
    ]


@given(st.lists(row, max_size=30))
def test_it_is_the_plain_loop(rows: list[tuple[int, int, float]]) -> None:
    plate, fibre, z = ([r[n] for r in rows] for n in range(3))
    assert neighbouring(plate, fibre, z).tolist() == plain(rows)


def test_odd_shapes_are_refused() -> None:
    with pytest.raises(ValueError, match="shape"):
        neighbouring([1, 2], [1], [0.1, 0.2])
