"""Vectors for numba: each operation against the same on single numbers."""

from __future__ import annotations

import numba
import numpy as np
import pytest
from numba.core.errors import TypingError

from retrieval.kernels import lanes_numba as lanes

WIDTH = 32
line_at = lanes.reader(WIDTH)


@numba.njit
def sum_lines(values, out):
    total = line_at(values, 0)
    for line in range(np.uint64(1), np.uint64(values.shape[0])):
        lanes.fetch(values, line)
        total = lanes.add_saturated(total, line_at(values, line))
    lanes.put(out, 0, total)
    return lanes.any_below(total, lanes.same(total, np.uint16(65535)))


@numba.njit
def of_floats(values, out, rounded):
    a, b, c = line_at(values, 0), line_at(values, 1), line_at(values, 2)
    lanes.put(out, 0, lanes.fused(a, b, c))
    lanes.put(out, 1, lanes.minus(a, b))
    lanes.put(out, 2, lanes.times(a, b))
    lanes.put(out, 3, lanes.least(a, b))
    lanes.put(out, 4, lanes.most(a, b))
    lanes.put(out, 5, lanes.root(a))
    lanes.put(out, 6, lanes.same(a, np.float32(2.5)))
    lanes.put(out, 7, lanes.plus(a, b))
    lanes.put(rounded, 0, lanes.whole(a))


@pytest.mark.parametrize(("top", "any_left"), [(5000, True), (30000, True), (65535, False)])
def test_sums_stop_at_the_top_of_16_bits(top, any_left):
    values = np.random.default_rng(top).integers(top // 2, top, (9, WIDTH), endpoint=True).astype(np.uint16)
    if not any_left:
        values[:] = top
    out = np.zeros((1, WIDTH), np.uint16)
    below = sum_lines(values, out)
    wanted = np.minimum(values.astype(np.int64).sum(axis=0), 65535)
    np.testing.assert_array_equal(out[0], wanted)
    assert below == bool((wanted < 65535).any())


def test_floats():
    a, b, c = values = np.random.default_rng(2).uniform(0, 65535, (3, WIDTH)).astype(np.float32)
    a[:2] = 0, 65535
    out, rounded = np.zeros((8, WIDTH), np.float32), np.zeros((1, WIDTH), np.uint16)
    of_floats(values, out, rounded)
    np.testing.assert_allclose(out[0], a.astype(np.float64) * b + c, rtol=2e-7)
    wanted = [
        a - b,
        a * b,
        np.minimum(a, b),
        np.maximum(a, b),
        np.sqrt(a),
        np.full(WIDTH, 2.5, np.float32),
        a + b,
    ]
    np.testing.assert_array_equal(out[1:], wanted)
    np.testing.assert_array_equal(rounded[0], np.floor(a))


def test_arrays_with_gaps_are_refused():
    with pytest.raises(TypingError, match="contiguous arrays only"):
        sum_lines(np.zeros((4, 2 * WIDTH), np.uint16)[:, ::2], np.zeros((1, WIDTH), np.uint16))
