"""Inputs chosen to break a search: every plan and form of the kernels against the plain loop, to the bit."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retrieval import ProductQuantizer
from retrieval.encode import encode
from retrieval.kernels.train import train_kernels
from retrieval.search import METRICS, Searcher
from tests.retrieval import oracles, test_train
from tests.retrieval.test_search import FORMS, problem

Problem = tuple[np.ndarray, np.ndarray, np.ndarray]
RNG = np.random.default_rng(20)


def equal_spectra() -> Problem:
    book, codes, queries = problem(1, 5, 3, 2, 35)
    return book, np.repeat(codes, 60, axis=0), np.repeat(queries[:5], 7, axis=0)


def zeros() -> Problem:
    book, codes, queries = problem(50, 4, 3, 2, 6)
    book[:, 0] = queries[:3] = 0
    return book, codes, queries


def one_segment() -> Problem:
    return problem(70, 1, 20, 12, 33)


def one_sample() -> Problem:
    return problem(70, 1, 20, 1, 33, levels=4)


def as_many_centers_as_templates() -> Problem:
    book, _, queries = problem(40, 6, 40, 3, 33)
    return book, np.stack([RNG.permutation(40) for _ in range(6)], axis=1).astype(np.uint8), queries


def one_center() -> Problem:
    return problem(50, 7, 1, 2, 33)


def one_template() -> Problem:
    return problem(1, 9, 5, 3, 33)


def a_huge_range() -> Problem:
    book, codes, queries = problem(60, 8, 9, 3, 36)
    book[:, ::2] *= np.float32(1e30)
    book[:, 1::4] *= np.float32(1e-30)
    queries[::3] *= np.float32(1e-30)
    queries[1::3] *= np.float32(1e30)
    return book, codes, queries


def small_beside_large_segments() -> Problem:
    """Of the first segment no difference is seen in float32 sums, but it decides."""
    book, codes, queries = problem(60, 4, 6, 2, 33)
    book[0] *= np.float32(1e-9)
    codes[:, 1:] = codes[0, 1:]
    return book, codes, queries


def one_outlier() -> Problem:
    book, codes, queries = problem(60, 4, 6, 3, 33)
    book[2, 3, 1] = 3e38
    queries[5, 7] = -3e38
    return book, codes, queries


def below_the_normal_numbers() -> Problem:
    return problem(60, 4, 6, 3, 33, scale=1e-42)


def on_a_high_level() -> Problem:
    """Products of such numbers lose every digit that tells the templates apart."""
    book, codes, queries = problem(60, 4, 6, 3, 33)
    return (1e6 + book * 0.25).astype(np.float32), codes, (1e6 + queries * 0.25).astype(np.float32)


def all_but_equal() -> Problem:
    book, codes, queries = problem(60, 8, 30, 3, 33)
    near = np.repeat(book[:, :1], 30, axis=1)
    near += RNG.integers(-2, 3, book.shape).astype(np.float32) * np.spacing(np.abs(near))
    return near, codes, queries


def far_from_all() -> Problem:
    book, codes, queries = problem(60, 4, 6, 3, 33, scale=1e-3)
    return book, codes, queries * np.float32(1e12)


def the_templates_themselves() -> Problem:
    book, codes, _ = problem(60, 4, 6, 3, 1, levels=3)
    return book, codes, book[np.arange(4), codes].reshape(60, -1)


CASES = [
    equal_spectra, zeros, one_segment, one_sample, as_many_centers_as_templates, one_center, one_template,
    a_huge_range, small_beside_large_segments, one_outlier, below_the_normal_numbers, on_a_high_level,
    all_but_equal, far_from_all, the_templates_themselves,
]  # fmt: skip


def ways(metric: str) -> Iterator[tuple[str, str]]:
    """Every form of the kernels with every plan that serves the metric."""
    yield "numpy", "plain"
    for form in FORMS:
        yield from ((form, plan) for plan in ("plain", "tables"))
        if metric == "l2_squared":
            yield form, "products"


def check_search(book: np.ndarray, codes: np.ndarray, queries: np.ndarray, k: int, metric: str) -> None:
    wanted = [oracles.search(book, codes, q, metric, k) for q in queries]
    for form, plan in ways(metric):
        for threads in (1, 2, 4):
            searcher = Searcher(book, codes, metric=metric, kernels=form, threads=threads)
            index, distance = searcher.nearest(queries, k, plan=plan)
            assert index.tolist() == [i for i, _ in wanted], (form, plan, threads)
            assert distance.tolist() == [d for _, d in wanted], (form, plan, threads)


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("case", CASES)
@pytest.mark.filterwarnings("ignore:overflow:RuntimeWarning")
def test_a_search_equals_the_loop(case, metric):
    book, codes, queries = case()
    for k in sorted({1, min(5, len(codes)), len(codes)}):
        check_search(book, codes, queries, k, metric)


@pytest.mark.parametrize("form", test_train.FORMS)
@pytest.mark.parametrize("case", CASES)
def test_codes_equal_the_loop(case, form):
    book, _, queries = case()
    codes = encode(book, queries, np.uint8, kernels=train_kernels(form))
    assert codes.tolist() == [oracles.encode(book, q) for q in queries]


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize(("centers", "segments", "width"), [(257, 3, 2), (1000, 9, 1), (65536, 2, 1)])
def test_wide_codes_equal_the_loop(centers, segments, width, metric):
    book, codes, queries = problem(120, segments, centers, width, 34)
    assert codes.dtype == np.uint16
    codes[0], codes[-1] = centers - 1, 0
    check_search(book, codes, queries, 3, metric)


def test_the_most_centers_from_learning_to_search():
    """As many templates as a code can name: each has a centre of its own."""
    values = np.random.default_rng(2).permutation(65536).astype(np.float32)[:, None]
    learnt = ProductQuantizer(1, 65536).fit(values)
    codes = learnt.encode(values)
    assert learnt.inertia.tolist() == [0.0]
    assert len(np.unique(codes)) == 65536
    above = np.argsort(values[:, 0])
    second = [above[int(v) + 1] if v < 65535 else above[65534] for v in values[:70, 0]]
    for metric, far in zip(METRICS, (0.25, 0.0625), strict=True):
        quantizer = ProductQuantizer.from_codebook(learnt.codebook, metric)
        index, distance = quantizer.search(values[:70] + np.float32(0.25), codes, k=2)
        assert index[:, 0].tolist() == list(range(70))
        assert index[:, 1].tolist() == second
        assert (distance[:, 0] == np.float32(far)).all()


@st.composite
def layouts(draw):
    """A problem, and its arrays as somebody else may hold them: other order, stride, width of number."""
    n, segments, width = draw(st.integers(2, 40)), draw(st.integers(1, 9)), draw(st.integers(1, 4))
    centers = draw(st.sampled_from([2, 5, 256, 300]))
    made = problem(n, segments, centers, width, draw(st.integers(1, 40)), draw(st.integers(0, 99)), levels=9)
    return *made, draw(st.sampled_from(["float64", "fortran", "strided", "reversed", "read-only"]))


def held_as(array: np.ndarray, layout: str) -> np.ndarray:
    if layout == "float64":
        return array.astype(np.float64) if array.dtype == np.float32 else array
    if layout == "fortran":
        return np.asfortranarray(array)
    if layout == "strided":
        return np.repeat(np.repeat(array, 2, axis=0), 3, axis=1)[::2, ::3]
    if layout == "reversed":
        return array[::-1, ::-1].copy()[::-1, ::-1]
    locked = array.copy()
    locked.flags.writeable = False
    return locked


@settings(max_examples=60, deadline=None)
@given(made=layouts(), metric=st.sampled_from(METRICS))
def test_layouts_are_converted(made, metric):
    book, codes, queries, layout = made
    quantizer = ProductQuantizer.from_codebook(book, metric)
    k = min(3, len(codes))
    wanted = quantizer.search(queries, codes, k)
    found = quantizer.search(held_as(queries, layout), held_as(codes, layout), k)
    assert [a.tobytes() for a in found] == [a.tobytes() for a in wanted]
    own = quantizer.encode(queries)
    assert quantizer.encode(held_as(queries, layout)).tobytes() == own.tobytes()
    for form, plan in ways(metric):
        searcher = Searcher(book, held_as(codes, layout), metric=metric, kernels=form)
        found = searcher.nearest(held_as(queries, layout), k, plan=plan)
        assert [a.tobytes() for a in found] == [a.tobytes() for a in wanted], (form, plan)


def fitted() -> tuple[ProductQuantizer, np.ndarray, np.ndarray]:
    X = np.random.default_rng(3).normal(size=(10, 12)).astype(np.float32)
    quantizer = ProductQuantizer(3, 4).fit(X)
    return quantizer, X, quantizer.encode(X)


def with_value(X: np.ndarray, value: float) -> np.ndarray:
    changed = X.copy()
    changed[7, 2] = value
    return changed


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda q, X, c: ProductQuantizer(3, 4).fit(with_value(X, np.inf)), "1 values .* first in row 7"),
        (lambda q, X, c: q.encode(with_value(X, np.nan)), "1 values .* first in row 7"),
        (lambda q, X, c: q.search(with_value(X, -np.inf), c), "1 values .* first in row 7"),
        (lambda q, X, c: q.search(X[:0], c), r"Q is empty: shape \(0, 12\)"),
        (lambda q, X, c: q.encode(X[:0]), "X is empty"),
        (lambda q, X, c: q.search(X[:, :8], c), "8 samples; .* 3 segments of 4"),
        (lambda q, X, c: q.distance_table(X[0, :8]), "8 samples"),
        (lambda q, X, c: q.distance_table(with_value(X, np.nan)[7]), "not finite"),
        (lambda q, X, c: q.decode(c + np.uint8(200)), "A code is 20.; there are 4 centres"),
        (lambda q, X, c: q.explain(X[0], c[0] + np.uint8(4)), "there are 4 centres"),
        (lambda q, X, c: q.explain(X[0], c[0, :2]), r"\(1, 2\)"),
        (lambda q, X, c: ProductQuantizer(3, 4).fit(X.astype(complex)), "complex"),
        (lambda q, X, c: ProductQuantizer.from_codebook(q.codebook[:, :0]), r"\(3, 0, 4\)"),
    ],
)
def test_bad_input_is_refused_with_its_numbers(call, words):
    with pytest.raises(ValueError, match=words):
        call(*fitted())
