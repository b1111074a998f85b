"""The product quantizer and its search, against plain loops."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retrieval import ProductQuantizer
from retrieval import search as search_module
from tests.retrieval import oracles

METRICS = ("l2_sum", "l2_squared")


def vectors(rows: int, d: int, seed: int, levels: int | None = None) -> np.ndarray:
    """Random vectors; with `levels` only that many distinct values, so that ties and zeros abound."""
    rng = np.random.default_rng(seed)
    if levels:
        return rng.integers(0, levels, (rows, d)).astype(np.float32)
    return rng.normal(size=(rows, d)).astype(np.float32)


@st.composite
def problems(draw):
    segments, width = draw(st.integers(1, 5)), draw(st.integers(1, 4))
    n = draw(st.integers(1, 12))
    centers = draw(st.integers(1, n))
    levels = draw(st.sampled_from([None, 1, 2, 3]))
    seed = draw(st.integers(0, 999))
    X = vectors(n, segments * width, seed, levels)
    Q = vectors(draw(st.integers(1, 6)), segments * width, seed + 1, levels)
    return X, Q, segments, centers, draw(st.sampled_from(METRICS)), draw(st.integers(1, n))


@settings(max_examples=120, deadline=None)
@given(problems())
def test_encode_and_search_equal_the_definition(problem):
    X, Q, segments, centers, metric, k = problem
    quantizer = ProductQuantizer(segments, centers, metric=metric, seed=3).fit(X)
    codes = quantizer.encode(X)
    assert codes.tolist() == [oracles.encode(quantizer.codebook, x) for x in X]
    index, distance = quantizer.search(Q, codes, k=k)
    assert index.dtype == np.int64
    assert distance.dtype == np.float32
    assert index.shape == distance.shape == (len(Q), k)
    for q, found, far in zip(Q, index, distance, strict=True):
        wanted, wanted_far = oracles.search(quantizer.codebook, codes, q, metric, k)
        assert found.tolist() == wanted
        assert far.tolist() == wanted_far


@pytest.mark.parametrize("metric", METRICS)
def test_ties_go_to_the_lowest_index(metric):
    X = vectors(6, 8, seed=0)
    X[4] = X[1]
    X[5] = X[1]
    quantizer = ProductQuantizer(4, 6, metric=metric).fit(X)
    index, distance = quantizer.search(X[1:2], quantizer.encode(X), k=3)
    assert index.tolist() == [[1, 4, 5]]
    assert np.ptp(distance) == 0


def test_ties_between_equal_centres_go_to_the_lowest():
    codebook = np.repeat(vectors(1, 6, seed=1).reshape(2, 1, 3), 5, axis=1)
    quantizer = ProductQuantizer.from_codebook(codebook)
    assert not quantizer.encode(vectors(40, 6, seed=2)).any()


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("threads", [None, 1, 3])
def test_blocks_and_threads_do_not_change_the_result(metric, threads, monkeypatch):
    X, Q = vectors(30, 12, seed=4, levels=3), vectors(50, 12, seed=5, levels=3)
    quantizer = ProductQuantizer(3, 7, metric=metric).fit(X)
    codes = quantizer.encode(X)
    whole = quantizer.search(Q, codes, k=4)
    # Two queries a block, rather than all at once.
    monkeypatch.setattr(search_module, "BLOCK_BYTES", 6000)
    blocked = quantizer.search(Q, codes, k=4, threads=threads)
    for a, b in zip(whole, blocked, strict=True):
        assert a.tobytes() == b.tobytes()


def worked_example() -> np.ndarray:
    """Four spectra of 2,500 samples as in the paper's section 3.1.3, of four kinds; its own are not given."""
    rng = np.random.default_rng(313)
    wave = np.linspace(3900, 8898, 2500)
    shapes = [1 + 0.3 * np.sin(wave / 900), wave / 6000, 6000 / wave, np.ones(2500)]
    for shape, lines in zip(shapes, ([5500], [7200], [], [5500, 7200]), strict=True):
        for center in lines:
            shape += 2 * np.exp(-0.5 * ((wave - center) / 5) ** 2)
    X = np.array(shapes) + rng.normal(scale=0.02, size=(4, 2500))
    return (X / np.linalg.norm(X, axis=1, keepdims=True)).astype(np.float32)


@pytest.mark.parametrize("metric", METRICS)
def test_the_papers_worked_example_finds_the_query_itself(metric):
    """Section 3.1.3: 25 segments, K = 2; the nearest of a query that is in the set is itself."""
    X = worked_example()
    quantizer = ProductQuantizer(segments=25, centers=2, metric=metric).fit(X)
    codes = quantizer.encode(X)
    assert codes.shape == (4, 25)
    assert codes.dtype == np.uint8
    assert set(codes.ravel().tolist()) == {0, 1}
    assert len({row.tobytes() for row in codes}) == 4
    assert quantizer.distance_table(X[3]).shape == (25, 2)
    index, distance = quantizer.search(X, codes, k=4)
    assert index[:, 0].tolist() == [0, 1, 2, 3]
    assert (np.diff(distance, axis=1) >= 0).all()


@pytest.mark.parametrize("metric", METRICS)
def test_distance_is_the_sum_over_the_table(metric):
    X = vectors(20, 12, seed=6)
    quantizer = ProductQuantizer(4, 5, metric=metric).fit(X)
    codes = quantizer.encode(X)
    table = quantizer.distance_table(X[0])
    _, distance = quantizer.search(X[:1], codes, k=20)
    sums = table[np.arange(4), codes].sum(axis=1)
    np.testing.assert_allclose(np.sort(sums), distance[0], rtol=1e-6)
    pieces = (X[0] - quantizer.decode(codes[:1])[0]).reshape(4, 3)
    own = (pieces**2).sum(axis=1)
    expected = (np.sqrt(own) if metric == "l2_sum" else own).sum()
    np.testing.assert_allclose(sums[0], expected, rtol=1e-5)


def test_as_many_centres_as_templates_keeps_every_template():
    X = vectors(9, 12, seed=7)
    quantizer = ProductQuantizer(3, 9).fit(X)
    np.testing.assert_allclose(quantizer.decode(quantizer.encode(X)), X, atol=1e-6)
    np.testing.assert_allclose(quantizer.inertia, 0.0, atol=1e-10)


@pytest.mark.parametrize("metric", ["l2_sum", "l2_squared"])
def test_segments_explain_the_distance(metric):
    X = np.random.default_rng(7).normal(size=(40, 12)).astype(np.float32)
    quantizer = ProductQuantizer(4, 5, metric).fit(X)
    codes = quantizer.encode(X)
    index, distance = quantizer.search(X[:3] + np.float32(0.1), codes)
    for row in range(3):
        query, code = X[row] + np.float32(0.1), codes[index[row, 0]]
        parts = quantizer.explain(query, code)
        difference = (query.astype(float) - quantizer.decode(code[None])[0]).reshape(4, 3)
        squared = (difference**2).sum(axis=1)
        np.testing.assert_allclose(parts, squared if metric == "l2_squared" else np.sqrt(squared), rtol=1e-12)
        assert np.float32(parts.sum()) == pytest.approx(distance[row, 0], rel=1e-6)


def test_one_centre_is_the_mean():
    X = vectors(9, 12, seed=8)
    quantizer = ProductQuantizer(3, 1).fit(X)
    np.testing.assert_allclose(quantizer.codebook.reshape(-1), X.mean(axis=0), atol=1e-6)
    np.testing.assert_allclose(quantizer.inertia.sum(), ((X - X.mean(axis=0)) ** 2).sum(), rtol=1e-5)


def test_training_repeats_to_the_bit_and_heeds_the_seed():
    X = vectors(60, 20, seed=9)
    first, again, other = (ProductQuantizer(5, 8, seed=seed).fit(X).codebook for seed in (1, 1, 2))
    assert first.tobytes() == again.tobytes()
    assert first.tobytes() != other.tobytes()


def test_fewer_distinct_spectra_than_centres_train_without_a_warning():
    X = np.repeat(vectors(2, 8, seed=10), 5, axis=0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        quantizer = ProductQuantizer(2, 6).fit(X)
    assert quantizer.codebook.shape == (2, 6, 4)
    np.testing.assert_allclose(quantizer.decode(quantizer.encode(X)), X, atol=1e-6)


@pytest.mark.parametrize(("centers", "dtype"), [(256, np.uint8), (257, np.uint16)])
def test_codes_are_as_narrow_as_they_can_be(centers, dtype):
    book = vectors(1, centers * 2, seed=11).reshape(1, centers, 2)
    quantizer = ProductQuantizer.from_codebook(book)
    codes = quantizer.encode(book[0])
    assert codes.dtype == dtype
    assert codes[:, 0].tolist() == list(range(centers))


def test_a_codebook_searches_as_the_quantizer_that_learnt_it():
    X = vectors(20, 8, seed=12)
    learnt = ProductQuantizer(2, 5, metric="l2_squared").fit(X)
    codes = learnt.encode(X)
    loaded = ProductQuantizer.from_codebook(learnt.codebook, metric="l2_squared")
    assert (loaded.segments, loaded.centers) == (2, 5)
    for a, b in zip(learnt.search(X, codes), loaded.search(X, loaded.encode(X)), strict=True):
        assert a.tobytes() == b.tobytes()


def test_other_numbers_and_layouts_are_converted():
    X = vectors(20, 12, seed=14, levels=5)
    wide = np.repeat(X.astype(np.float64), 2, axis=1)[:, ::2]
    plain, converted = (ProductQuantizer(3, 4).fit(one) for one in (X, wide))
    assert plain.codebook.tobytes() == converted.codebook.tobytes()
    codes = plain.encode(X)
    for other in (wide, X.astype(np.int32), np.asfortranarray(X)):
        assert plain.encode(other).tobytes() == codes.tobytes()
        for a, b in zip(plain.search(X, codes), plain.search(other, codes), strict=True):
            assert a.tobytes() == b.tobytes()


def fitted() -> tuple[ProductQuantizer, np.ndarray, np.ndarray]:
    X = vectors(10, 12, seed=13)
    quantizer = ProductQuantizer(3, 4).fit(X)
    return quantizer, X, quantizer.encode(X)


NAN = np.full((10, 12), np.nan, dtype=np.float32)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda q, X, c: ProductQuantizer(0), "0"),
        (lambda q, X, c: ProductQuantizer(3, 0), "0"),
        (lambda q, X, c: ProductQuantizer(3, 65537), "65537"),
        (lambda q, X, c: ProductQuantizer(metric="cosine"), "cosine"),
        (lambda q, X, c: ProductQuantizer(3, 11).fit(X), "11 centres .* 10"),
        (lambda q, X, c: ProductQuantizer(5, 4).fit(X), "12 samples .* 5 segments"),
        (lambda q, X, c: ProductQuantizer(3, 4).fit(NAN), "120 values .* not finite"),
        (lambda q, X, c: ProductQuantizer(3, 4).fit(X.astype(str)), "U"),
        (lambda q, X, c: ProductQuantizer(3, 4).fit(X.astype(np.float64) * 1e200), "not finite"),
        (lambda q, X, c: ProductQuantizer(3, 4).fit(X, threads=0), "threads is 0"),
        (lambda q, X, c: ProductQuantizer(3, 4).fit(X, start=q.codebook[:2]), r"\(2, 4, 4\).*\(3, 4, 4\)"),
        (lambda q, X, c: q.encode(X, threads=0), "threads is 0"),
        (lambda q, X, c: ProductQuantizer(3, 4).fit(X[0]), r"\(12,\)"),
        (lambda q, X, c: ProductQuantizer(3, 4).fit(X[:0]), "empty"),
        (lambda q, X, c: ProductQuantizer(3, 4).fit(X.tolist()), "list"),
        (lambda q, X, c: ProductQuantizer(3, 4).encode(X), "no codebook"),
        (lambda q, X, c: q.encode(X[:, :9].copy()), "9 samples"),
        (lambda q, X, c: q.search(NAN, c), "not finite"),
        (lambda q, X, c: q.search(X, c, k=0), "k is 0"),
        (lambda q, X, c: q.search(X, c, k=11), "k is 11.* 10"),
        (lambda q, X, c: q.search(X, c, threads=0), "threads is 0"),
        (lambda q, X, c: q.search(X, c.astype(np.int64)), "int64"),
        (lambda q, X, c: q.search(X, c[:, :2]), r"\(10, 2\)"),
        (lambda q, X, c: q.search(X, c[:0]), "n above 0"),
        (lambda q, X, c: q.search(X, c + np.uint8(4)), "4 centres"),
        (lambda q, X, c: q.decode(c[0]), r"\(3,\)"),
        (lambda q, X, c: q.distance_table(X), r"\(10, 12\)"),
        (lambda q, X, c: ProductQuantizer.from_codebook(q.codebook.astype(np.float64)), "float64"),
        (lambda q, X, c: ProductQuantizer.from_codebook(q.codebook[0]), r"\(4, 4\)"),
        (lambda q, X, c: ProductQuantizer.from_codebook(q.codebook * np.float32(np.nan)), "not finite"),
    ],
)
def test_bad_input_is_a_value_error_that_names_the_numbers(call, words):
    with pytest.raises(ValueError, match=words):
        call(*fitted())
