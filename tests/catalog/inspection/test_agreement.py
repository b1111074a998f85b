"""Kappa against published examples and scikit-learn; the interval against SciPy."""

from __future__ import annotations

import math
from collections import Counter
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest
from sklearn.metrics import cohen_kappa_score

from catalog.inspection.agreement import cohen_kappa, fleiss_kappa, wilson_interval

verdicts = st.sampled_from(["keep", "reject", "unsure"])

# Fourteen raters, ten subjects, five categories: the worked example of the encyclopaedias, kappa 0.210.
TEN_SUBJECTS = (
    (0, 0, 0, 0, 14), (0, 2, 6, 4, 2), (0, 0, 3, 5, 6), (0, 3, 9, 2, 0), (2, 2, 8, 1, 1),
    (7, 7, 0, 0, 0), (3, 2, 6, 3, 0), (2, 5, 3, 2, 2), (6, 5, 2, 1, 0), (0, 2, 2, 3, 7),
)  # fmt: skip


def test_fleiss_worked_example() -> None:
    votes = [[str(c) for c, n in enumerate(row) for _ in range(n)] for row in TEN_SUBJECTS]
    assert fleiss_kappa(Counter(map(tuple, votes))) == pytest.approx(0.2099, abs=5e-5)


def test_cohen_worked_example() -> None:
    """Fifty grants read by two: 20 yes-yes, 5 yes-no, 10 no-yes, 15 no-no give 0.4."""
    pairs = [("y", "y")] * 20 + [("y", "n")] * 5 + [("n", "y")] * 10 + [("n", "n")] * 15
    assert cohen_kappa(Counter(pairs)) == pytest.approx(0.4)


@given(st.lists(st.tuples(verdicts, verdicts), min_size=1, max_size=40))
def test_cohen_is_that_of_scikit_learn(pairs: list[tuple[str, str]]) -> None:
    ours = cohen_kappa(Counter(pairs))
    if len({verdict for pair in pairs for verdict in pair}) == 1:
        assert math.isnan(ours)
    else:
        assert ours == pytest.approx(cohen_kappa_score(*zip(*pairs, strict=True)), abs=1e-12)


@given(st.lists(st.lists(verdicts, max_size=5), max_size=12))
def test_fleiss_is_the_count_of_pairs(votes: list[list[str]]) -> None:
    """Agreement is the share of pairs of votes on a candidate that agree, chance that of any two votes."""
    rated = [row for row in votes if len(row) > 1]
    ours = fleiss_kappa(Counter(map(tuple, votes)))
    everything = [verdict for row in rated for verdict in row]
    if len(set(everything)) < 2:
        assert math.isnan(ours)
        return
    observed = sum(
        sum(a == b for a, b in combinations(row, 2)) / math.comb(len(row), 2) for row in rated
    ) / len(rated)
    chance = sum(a == b for a in everything for b in everything) / len(everything) ** 2
    assert ours == pytest.approx((observed - chance) / (1 - chance), abs=1e-12)


@given(st.integers(0, 60), st.integers(1, 60))
def test_wilson_is_that_of_scipy(successes: int, trials: int) -> None:
    successes = min(successes, trials)
    theirs = binomtest(successes, trials).proportion_ci(0.95, method="wilson")
    assert wilson_interval(successes, trials) == pytest.approx((theirs.low, theirs.high), abs=1e-6)


def test_without_trials_nothing_is_known() -> None:
    assert wilson_interval(0, 0) == (0.0, 1.0)
    assert math.isnan(cohen_kappa(Counter()))
    assert math.isnan(fleiss_kappa(Counter([("keep",), ()])))
