"""Squared distances against FAISS: its product quantizer, and its flat search of the decoded templates.

FAISS sums in float32, so it may take the second of two templates that are nearly as far; what it finds is
therefore judged by distances in float64.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from retrieval import ProductQuantizer
from retrieval.search import Searcher
from tests.retrieval import faiss_peer
from tests.retrieval.test_search import FORMS

ROUNDING = 4e-6  # of FAISS's sums, as a share of the squared lengths that they are differences of


def exact(decoded: np.ndarray, queries: np.ndarray, index: np.ndarray) -> np.ndarray:
    """Squared distances (q, k) in float64 of the templates that an answer names."""
    return np.array(
        [
            ((q.astype(float) - decoded[own].astype(float)) ** 2).sum(axis=1)
            for q, own in zip(queries, index, strict=True)
        ]
    )


@pytest.mark.parametrize("levels", [None, 3])
@pytest.mark.parametrize(
    ("n", "segments", "centers", "width"),
    [
        (3000, 20, 16, 5),
        (2000, 8, 256, 4),
        (1500, 6, 512, 3),
        (1200, 40, 8, 2),
        (900, 1, 64, 30),
        (512, 5, 512, 2),
    ],
)
def test_faiss_finds_the_same(
    n: int, segments: int, centers: int, width: int, levels: int | None, tmp_path: Path
) -> None:
    rng = np.random.default_rng(n)
    shape = (n, segments * width)
    vectors = (rng.integers(0, levels, shape) if levels else rng.normal(size=shape)).astype(np.float32)
    queries = vectors[rng.choice(n, 80)] + (0 if levels else 0.5 * rng.normal(size=(80, shape[1])))
    queries = queries.astype(np.float32)
    quantizer = ProductQuantizer(segments, centers, "l2_squared").fit(vectors)
    codes = quantizer.encode(vectors)
    k = 10
    theirs = faiss_peer.ask(
        tmp_path, book=quantizer.codebook, codes=codes, queries=queries, vectors=vectors, k=k
    )
    decoded = quantizer.decode(codes)
    slack = ROUNDING * ((queries.astype(float) ** 2).sum(axis=1) + (decoded**2).sum(axis=1).max())[:, None]
    for form in FORMS:
        searcher = Searcher(quantizer.codebook, codes, metric="l2_squared", kernels=form)
        for plan in ("plain", "tables", "products"):
            index, distance = searcher.nearest(queries, k, plan=plan)
            ours = exact(decoded, queries, index)
            np.testing.assert_allclose(distance, ours, rtol=1e-6, atol=1e-12)
            for name in ("pq", "flat"):
                found = exact(decoded, queries, theirs[f"{name}_index"])
                # Nobody finds nearer templates than we do, rank by rank ...
                assert (ours <= np.sort(found, axis=1) * (1 + 1e-12) + 1e-12).all()
                # ... and FAISS's are no farther than its rounding.
                assert (found <= ours + slack).all()
                assert (np.abs(theirs[f"{name}_distance"] - found) <= slack).all()
                # Where no other is as near, it is the same template.
                apart = ours[:, 1] - ours[:, 0] > slack[:, 0]
                assert (theirs[f"{name}_index"][apart, 0] == index[apart, 0]).all()
                assert apart.any() or levels or segments == 1  # one segment makes many equal templates
    # Its codes are as near as ours.
    segment = np.arange(segments)
    split = vectors.reshape(n, segments, width).astype(float)
    near, its = (
        ((split - quantizer.codebook[segment, of].astype(float)) ** 2).sum(axis=2)
        for of in (codes, theirs["codes"])
    )
    assert (near <= its).all()
    assert (its <= near + ROUNDING * (split**2).sum(axis=2).max()).all()
