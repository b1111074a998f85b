"""Re-ranking by the true distance, against a plain loop."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.grid import make_grid
from retrieval.rerank import rerank, sample_weights


def plain(query, templates, candidates, weights):
    """(distance, index) of each candidate in order, term by term."""
    found = []
    for row in candidates:
        total = sum(
            w * (float(a) - float(b)) ** 2 for a, b, w in zip(query, templates[row], weights, strict=True)
        )
        found.append((math.sqrt(total * len(weights) / sum(weights)), row))
    return sorted(found)


@given(st.integers(0, 2**32 - 1), st.integers(1, 12), st.integers(1, 6), st.booleans())
def test_it_equals_a_plain_loop(seed, d, k, weighted):
    rng = np.random.default_rng(seed)
    templates = rng.integers(-2, 3, (9, d)).astype(np.float32)  # small integers: many ties
    queries = rng.integers(-2, 3, (3, d)).astype(np.float32)
    index = np.array([rng.choice(9, k, replace=False) for _ in range(3)])
    weights = rng.integers(0, 3, (3, d)).astype(float)
    weights[:, 0] = 1
    order, distance = rerank(queries, templates, index, weights=weights if weighted else None)
    for row in range(3):
        expected = plain(
            queries[row], templates, index[row].tolist(), weights[row] if weighted else [1.0] * d
        )
        assert order[row].tolist() == [i for _, i in expected]
        np.testing.assert_allclose(distance[row], [value for value, _ in expected], rtol=1e-12, atol=1e-12)


def test_masked_samples_do_not_count():
    templates = np.array([[0, 9, 0], [1, 0, 0]], dtype=np.float32)
    query = np.zeros((1, 3), dtype=np.float32)
    assert rerank(query, templates, [[0, 1]])[0].tolist() == [[1, 0]]
    order, distance = rerank(query, templates, [[0, 1]], weights=[[1, 0, 1]])
    assert order.tolist() == [[0, 1]]
    np.testing.assert_allclose(distance, [[0, math.sqrt(3 / 2)]])


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"queries": np.zeros((1, 4))}, r"\(1, 4\)"),
        ({"index": [[0, 2]]}, "0 to 2; there are 2"),
        ({"index": [[-1, 0]]}, "from -1"),
        ({"queries": [[np.nan, 0, 0]]}, "1 values that are not finite"),
        ({"weights": [[1.0, 1.0]]}, r"\(1, 2\)"),
        ({"weights": [[1.0, -1.0, 0.0]]}, "1 weights"),
        ({"weights": [[0.0, 0.0, 0.0]]}, "All 3 weights of query 0"),
    ],
)
def test_bad_input_is_refused_with_numbers(arguments, says):
    good = {"queries": np.zeros((1, 3)), "index": [[0, 1]], "templates": np.eye(2, 3, dtype=np.float32)}
    with pytest.raises(ValueError, match=says):
        rerank(**(good | arguments))


@given(st.integers(0, 2**32 - 1))
def test_weights_of_samples_equal_a_plain_loop(seed):
    rng = np.random.default_rng(seed)
    wave = np.sort(rng.choice(np.arange(3800.0, 9000.0, 0.5), 300, replace=False))
    ivar, bad = rng.integers(0, 4, 300).astype(float), rng.random(300) < 0.1
    found = sample_weights(wave, ivar, bad, 2)
    for sample, weight in zip(make_grid(2)[::97], found[::97], strict=True):
        if not wave[0] <= sample <= wave[-1]:
            assert weight == 0
            continue
        left = min(max(n for n in range(300) if wave[n] <= sample), 298)
        assert weight == min(0 if bad[n] else ivar[n] for n in (left, left + 1))
