"""Short numbers of figures, against Python's own printing."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from catalog.figures.plain import rounded


@given(st.lists(st.floats(width=64), max_size=30), st.integers(1, 9))
def test_numbers_are_rounded_as_printing_does(values: list[float], digits: int) -> None:
    for value, short in zip(values, rounded(values, digits), strict=True):
        if not math.isfinite(value):
            assert short is None
            continue
        printed = float(f"{value:.{digits}g}")
        if short == printed:
            continue
        # Halfway between two: either will do, and it is as short.
        assert float(f"{short:.{digits}g}") == short
        assert math.isclose(abs(short - value), abs(printed - value), rel_tol=1e-6)


def test_ten_thousand_are_as_printed() -> None:
    values = np.random.default_rng(2).normal(3, 40, 10_000)
    assert rounded(values) == [float(f"{value:.5g}") for value in values]


def test_what_is_no_number_is_none() -> None:
    assert rounded([0.0, -0.0, math.nan, math.inf, 12345.678, 9.99999e-5]) == [0, 0, None, None, 12346, 1e-4]
