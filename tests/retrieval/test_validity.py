"""What Lu et al. 2022 show of the method itself: Figures 1 and 2, and section 3.1.4, through the engine."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.validity import shares, simulated
from retrieval import ProductQuantizer
from retrieval.search import METRICS, Searcher
from tests.retrieval.test_search import WAYS


def four_spectra() -> np.ndarray:
    """Four spectra of 2,500 samples as in Figures 1 and 2, whose own are not given: the fourth has nearly the
    continuum of the first, and lines where the third has some."""
    rng = np.random.default_rng(313)
    wave = np.arange(3900.0, 8900.0, 2.0)
    X = np.exp(np.outer([0.6, -0.9, -0.3, 0.7], (wave - 6400) / 2500))
    for row in (2, 3):
        for center in (6250, 6350, 6550):
            X[row] += 2 * np.exp(-0.5 * ((wave - center) / 5) ** 2)
    X += rng.normal(scale=0.02, size=X.shape)
    return (X / np.linalg.norm(X, axis=1, keepdims=True)).astype(np.float32)


@pytest.mark.parametrize("metric", METRICS)
def test_the_worked_example_ranks_as_in_figure_2(metric):
    """The paper's distances of the fourth spectrum are 4.423, 15.430, 8.656 and 3.241: itself, 1, 3, 2."""
    X = four_spectra()
    quantizer = ProductQuantizer(segments=25, centers=2, metric=metric).fit(X)
    codes = quantizer.encode(X)
    table = quantizer.distance_table(X[3])
    sums = [sum(table[m, code[m]] for m in range(25)) for code in codes]
    assert np.argsort(sums).tolist() == [3, 0, 2, 1]
    for form, plan in [("numpy", "plain"), *WAYS]:
        if (plan, metric) == ("products", "l2_sum"):
            continue
        for held, ranked in ((codes, [3, 0, 2, 1]), (codes[:3], [0, 2, 1])):  # with the query, and without
            searcher = Searcher(quantizer.codebook, held, metric=metric, kernels=form)
            index, distance = searcher.nearest(X[3:], k=len(held), plan=plan)
            assert index[0].tolist() == ranked, (form, plan)
            np.testing.assert_array_equal(distance[0], np.array(sums, np.float32)[ranked])


@pytest.mark.parametrize("metric", METRICS)
def test_galaxies_among_f_stars_retrieve_galaxies(metric):
    """Section 3.1.4 at a tenth of its size: far more galaxies than their share of the set, 1 in 11; and with
    the query in the set, never fewer than without."""
    X, is_galaxy = simulated(galaxies=40, stars=400)
    for centers in (2, 3, 4):
        with_self, without = shares(X, is_galaxy, centers, metric, seed=0)
        assert with_self >= without > 0.6, centers
    assert with_self > 0.95
