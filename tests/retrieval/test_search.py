"""Every plan and every form of the kernels, against the plain definition to the bit."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retrieval import products
from retrieval.kernels import scan_kernels
from retrieval.search import METRICS, Searcher
from retrieval.work import CancelledError
from tests.retrieval import oracles


def forms() -> list[str]:
    """The forms of the kernels that this machine has, numpy aside."""
    found = []
    for name in ("native", "numba"):
        try:
            scan_kernels(name)
        except ValueError:
            continue
        found.append(name)
    return found


FORMS = forms()
WAYS = [(form, plan) for form in FORMS for plan in ("tables", "products")]


def problem(n, segments, centers, width, queries, seed=0, levels=None, scale=1.0):
    """Codebook, codes and queries; with `levels` only that many distinct values, so that ties abound."""
    rng = np.random.default_rng(seed)

    def values(*shape):
        drawn = rng.integers(0, levels, shape) if levels else rng.normal(size=shape)
        return (drawn * scale).astype(np.float32)

    codes = rng.integers(0, centers, (n, segments)).astype(np.uint8 if centers <= 256 else np.uint16)
    return values(segments, centers, width), codes, values(queries, segments * width)


def plain(book, codes, queries, metric, k):
    return Searcher(book, codes, metric=metric, kernels="numpy").nearest(queries, k)


def check_all(book, codes, queries, k=1, metrics=METRICS):
    for metric in metrics:
        wanted = plain(book, codes, queries, metric, k)
        for form, plan in WAYS:
            if plan == "products" and metric == "l2_sum":
                continue
            found = Searcher(book, codes, metric=metric, kernels=form, threads=2).nearest(
                queries, k, plan=plan
            )
            np.testing.assert_array_equal(found[0], wanted[0], err_msg=f"{form} {plan} {metric}")
            np.testing.assert_array_equal(found[1], wanted[1], err_msg=f"{form} {plan} {metric}")


def test_a_fast_form_is_here():
    """Else the tests below would compare numpy with itself."""
    assert FORMS


@st.composite
def problems(draw):
    n = draw(st.integers(1, 80))
    made = problem(
        n,
        draw(st.integers(1, 20)),
        draw(st.sampled_from([1, 2, 7, 300])),
        draw(st.integers(1, 5)),
        draw(st.integers(1, 70)),
        draw(st.integers(0, 999)),
        draw(st.sampled_from([None, 1, 2, 3])),
        draw(st.sampled_from([1.0, 1e-30, 1e30, 1e-6])),
    )
    return *made, draw(st.integers(1, n))


@settings(max_examples=60, deadline=None)
@given(problems())
@pytest.mark.filterwarnings("ignore:overflow:RuntimeWarning")
def test_plans_and_forms_equal_the_definition(made):
    check_all(*made)


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("levels", [None, 2])
def test_the_plain_search_equals_a_loop(metric, levels):
    book, codes, queries = problem(40, 6, 5, 3, 4, levels=levels)
    index, distance = plain(book, codes, queries, metric, 7)
    for q, found, far in zip(queries, index, distance, strict=True):
        wanted, wanted_far = oracles.search(book, codes, q, metric, 7)
        assert found.tolist() == wanted
        assert far.tolist() == wanted_far


@pytest.mark.parametrize(("n", "segments", "centers", "width"), [(5000, 20, 40, 4), (3000, 3, 600, 2)])
def test_many_templates_with_structure(n, segments, centers, width):
    """Queries near templates, as real ones are, so that most templates are left out early."""
    rng = np.random.default_rng(4)
    book, codes, _ = problem(n, segments, centers, width, 1)
    near = book[np.arange(segments), codes[rng.integers(0, n, 100)]].reshape(100, -1)
    queries = (near + rng.normal(0, 0.3, near.shape)).astype(np.float32)
    check_all(book, codes, queries)
    check_all(book, codes, queries[:40], k=50)
    check_all(book, codes, near[:40], k=3)


def test_equal_templates_are_all_candidates():
    book, codes, queries = problem(1, 5, 3, 2, 33)
    check_all(book, np.repeat(codes, 700, axis=0), queries, k=5)


def test_zeros():
    book, codes, queries = problem(50, 4, 3, 2, 3)
    check_all(book * 0, codes, queries * 0, k=3)
    check_all(book * 0, codes, queries, k=3)
    check_all(book, codes, queries * 0, k=3)


@pytest.mark.filterwarnings("ignore:overflow:RuntimeWarning")
def test_a_huge_range_of_values_in_one_search():
    book, codes, queries = problem(300, 6, 20, 3, 40)
    book[:, ::2] *= np.float32(1e30)
    book[:, 1::4] *= np.float32(1e-30)
    queries[::3] *= np.float32(1e-30)
    queries[1::3] *= np.float32(1e30)
    check_all(book, codes, queries, k=4)
    check_all(np.full_like(book, 1e-42), codes, np.full_like(queries, 3e38), k=2)


def test_distances_that_differ_in_the_last_bits_are_told_apart():
    rng = np.random.default_rng(1)
    base = rng.normal(size=(8, 1, 3)).astype(np.float32)
    book = np.repeat(base, 30, axis=1)
    book += rng.integers(-2, 3, book.shape).astype(np.float32) * np.spacing(np.abs(book))
    codes = rng.integers(0, 30, (2000, 8)).astype(np.uint8)
    check_all(book, codes, rng.normal(size=(40, 24)).astype(np.float32), k=3)


def test_every_template_can_be_asked_for():
    book, codes, queries = problem(90, 9, 4, 2, 5, levels=3)
    check_all(book, codes, queries, k=90)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("metric", METRICS)
def test_threads_blocks_and_memory_do_not_change_the_result(form, metric, monkeypatch):
    book, codes, queries = problem(2500, 17, 30, 3, 150, levels=4)
    wanted = plain(book, codes, queries, metric, 4)
    for threads, memory in [(1, 2**31), (2, 2**31), (4, 2**31), (2, 2**18)]:
        for piece in (7, 64):
            monkeypatch.setattr(products, "TILE", 16 * piece)
            monkeypatch.setattr(products, "QUERIES", piece)
            searcher = Searcher(book, codes, metric=metric, threads=threads, memory=memory, kernels=form)
            for part in (slice(None), slice(0, piece)):
                for plan in ("tables", "products")[: 1 + (metric == "l2_squared")]:
                    found = searcher.nearest(queries[part], 4, plan=plan)
                    np.testing.assert_array_equal(found[0], wanted[0][part])
                    np.testing.assert_array_equal(found[1], wanted[1][part])


def test_products_take_as_many_queries_at_once_as_fit_the_memory():
    for memory in (2**24, 2**26, 2**28):
        at_once = products.queries_at_once(memory, 1000, 2)
        assert 1 <= at_once <= products.QUERIES
        assert products.working_bytes(at_once, 1000, 2) <= memory
    assert products.working_bytes(at_once + 1, 1000, 2) > memory or at_once == products.QUERIES


@pytest.mark.parametrize("plan", ["plain", "tables", "products"])
def test_progress_reaches_the_end_and_cancel_stops(plan):
    book, codes, queries = problem(1500, 5, 8, 2, 200)
    told = []
    searcher = Searcher(book, codes, metric="l2_squared", threads=2)
    searcher.nearest(queries, plan=plan, progress=lambda done, total: told.append((done, total)))
    assert [done for done, _ in told] == list(range(1, told[-1][1] + 1))
    with pytest.raises(CancelledError, match="Stopped after 0 of"):
        searcher.nearest(queries, plan=plan, cancelled=lambda: True)


def test_the_plan_says_which_and_why():
    small = Searcher(*problem(20, 5, 8, 2, 1)[:2], metric="l2_sum").plan(1)
    assert small.name == "plain"
    assert "20 templates, 1 queries" in small.reason
    book, codes, _ = problem(20000, 10, 50, 4, 1)
    many = Searcher(book, codes, metric="l2_squared", kernels=FORMS[0]).plan(5000)
    assert many.name == "tables"
    assert many.kernels == FORMS[0]
    assert many.seconds > small.seconds
    assert "products" in many.reason


@pytest.mark.parametrize("metric", METRICS)
def test_prepared_templates_serve_single_queries_faster_and_alike(metric):
    book, codes, queries = problem(20000, 10, 50, 4, 3)
    searcher = Searcher(book, codes, metric=metric, kernels=FORMS[0])
    before = searcher.plan(1)
    searcher.prepare()
    after = searcher.plan(1)
    assert (before.name, after.name) == ("plain", "tables")
    assert after.seconds < before.seconds
    for query in queries:
        wanted = plain(book, codes, query[None], metric, 7)
        found = searcher.nearest(query[None], 7)
        np.testing.assert_array_equal(found[0], wanted[0])
        np.testing.assert_array_equal(found[1], wanted[1])


def test_an_index_that_does_not_fit_the_memory_is_not_made():
    book, codes, queries = problem(20000, 10, 50, 4, 1)
    searcher = Searcher(book, codes, metric="l2_sum", memory=2**20)
    searcher.prepare()
    assert searcher.plan(1).name == "plain"
    np.testing.assert_array_equal(
        searcher.nearest(queries, 3)[0], plain(book, codes, queries, "l2_sum", 3)[0]
    )


def test_unknown_kernels_are_refused():
    with pytest.raises(ValueError, match="choose one of native, numba, numpy"):
        scan_kernels("fortran")
