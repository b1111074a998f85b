"""Training and encoding: every form of the kernels against plain loops, k-means against scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.cluster import KMeans

from retrieval import encode as encode_module
from retrieval.encode import encode
from retrieval.kernels.train import Totals, train_kernels
from retrieval.train import train
from tests.retrieval import oracles


def forms() -> list[str]:
    """The forms of the kernels that this machine has."""
    found = []
    for name in ("native", "numba", "numpy"):
        try:
            train_kernels(name)
        except ValueError:
            continue
        found.append(name)
    return found


FORMS = forms()


def points(n: int, width: int, seed: int, levels: int | None = None, scale: float = 1.0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    drawn = rng.integers(0, levels, (n, width)) if levels else rng.normal(size=(n, width))
    return (drawn * scale).astype(np.float32)


def clouds(n: int, width: int, seed: int) -> np.ndarray:
    """Points about a bent line, with noise that differs from point to point."""
    rng = np.random.default_rng(seed)
    t = rng.normal(size=(n, 1))
    noise = rng.normal(size=(n, width)) * np.exp(rng.normal(size=(n, 1)) - 1)
    return (np.cos(t * np.linspace(0.5, 2, width)) + 0.3 * noise).astype(np.float32)


def test_the_plain_form_is_always_there():
    assert "numpy" in FORMS


def test_an_unknown_form_is_refused():
    with pytest.raises(ValueError, match="fortran"):
        train_kernels("fortran")


@st.composite
def assignments(draw):
    n, k, width = draw(st.integers(1, 80)), draw(st.integers(1, 40)), draw(st.integers(1, 35))
    levels = draw(st.sampled_from([None, 1, 2, 3]))
    scale = draw(st.sampled_from([1.0, 1e-30, 1e30, 1e-3]))
    offset = draw(st.sampled_from([0.0, 1000.0])) * scale
    seed = draw(st.integers(0, 9999))
    x, c = points(n, width, seed, levels, scale) + offset, points(k, width, seed + 1, levels, scale) + offset
    if draw(st.booleans()):  # huge dynamic range, among the centres or the points
        (x if draw(st.booleans()) else c)[0] *= 1e20 if scale < 1e10 else 1e-35
    return x.astype(np.float32), c.astype(np.float32)


@pytest.mark.parametrize("form", FORMS)
@settings(max_examples=150, deadline=None)
@given(problem=assignments())
def test_assignment_equals_the_definition(form, problem):
    x, c = problem
    weights = np.random.default_rng(1).random(len(x))
    squared, totals = np.empty(len(x)), Totals.zeros(*c.shape)
    labels = train_kernels(form).assign(x, c, weights=weights, squared=squared, totals=totals)
    sums, masses = np.zeros(c.shape), np.zeros(len(c))
    for i, point in enumerate(x):
        (label,) = oracles.encode(c[None], point)
        assert labels[i] == label
        lanes = [oracles.distance(c[None, :, j::8], [label], point[j::8], "l2_squared") for j in range(8)]
        assert squared[i] == sum(lanes)
        masses[label] += weights[i]
        for j in range(x.shape[1]):
            sums[label, j] += weights[i] * float(point[j])
    assert totals.sums.tobytes() == sums.tobytes()
    assert totals.masses.tobytes() == masses.tobytes()


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(("n", "k", "width"), [(3000, 300, 2), (3000, 257, 7), (700, 100, 40)])
def test_assignment_of_many_equals_float64(form, n, k, width):
    x = clouds(n, width, seed=n)
    c = x[np.random.default_rng(2).choice(n, k)]  # some twice
    strided = np.repeat(x, 2, axis=0)[::2]
    wanted = np.zeros((n, k))
    for j in range(width):
        wanted += (x[:, None, j].astype(np.float64) - c[None, :, j]) ** 2
    for given_points in (x, strided):
        assert train_kernels(form).assign(given_points, c).tolist() == wanted.argmin(axis=1).tolist()


@pytest.mark.parametrize("form", FORMS)
def test_spread_follows_its_definition(form):
    x, rng = clouds(700, 3, seed=5), np.random.default_rng(6)
    weights, luck = rng.uniform(1, 9, 700), rng.random((40, 3))
    chosen = train_kernels(form).spread(x, weights, luck)
    squared = np.ones(700)
    for count, index in enumerate(chosen):
        mass = weights * squared
        running = np.cumsum(mass)
        drawn = np.searchsorted(running, luck[count, : 3 if count else 1] * running[-1], side="right")
        apart = ((x.astype(np.float64) - x[drawn][:, None].astype(np.float64)) ** 2).sum(axis=2)
        left = [weights @ np.minimum(own, squared if count else np.inf) for own in apart]
        assert index == drawn[int(np.argmin(left))]
        squared = np.minimum(apart[int(np.argmin(left))], squared if count else np.inf)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    ("n", "width", "k", "levels", "scale"),
    [
        (2000, 2, 150, None, 1.0),
        (1500, 12, 40, None, 1.0),
        (900, 3, 60, 3, 1.0),
        (300, 5, 300, None, 1.0),
        (300, 5, 1, None, 1.0),
        (200, 4, 90, 2, 1.0),
        (400, 3, 30, None, 1e-30),
        (400, 3, 30, None, 1e30),
    ],
)
def test_every_form_learns_the_same_bits(form, n, width, k, levels, scale):
    x = points(n, 2 * width, 7, levels, scale)
    ours = train(x, [1, 2], k, kernels=train_kernels(form))
    plain = train(x, [1, 2], k, kernels=train_kernels("numpy"))
    for a, b in zip(ours, plain, strict=True):
        assert a.centers.tobytes() == b.centers.tobytes()
        assert (a.inertia, a.iterations, a.gain) == (b.inertia, b.iterations, b.gain)
        assert np.isfinite(a.centers).all()


@pytest.mark.parametrize(
    ("n", "width", "k"), [(20000, 2, 300), (12000, 5, 150), (6000, 25, 40), (4000, 60, 20)]
)
def test_inertia_is_as_low_as_that_of_scikit_learn(n, width, k):
    x = clouds(n, width, seed=width)
    (ours,) = train(x, [3], k)
    theirs = KMeans(k, n_init=1, random_state=3).fit(x)
    assert ours.inertia <= 1.02 * theirs.inertia_


def test_inertia_is_that_of_the_centres():
    x = clouds(3000, 6, seed=1)
    for m, one in enumerate(train(x, [1, 2], 50)):
        piece = x[:, 3 * m : 3 * m + 3]
        squared = ((piece[:, None].astype(np.float64) - one.centers[None]) ** 2).sum(axis=2).min(axis=1)
        assert squared.sum() <= one.inertia * (1 + 1e-12)
        assert one.inertia <= squared.sum() * (1 + 2 * max(one.gain, 1e-3))


@pytest.mark.parametrize("threads", [1, 2, 4])
def test_threads_and_pieces_do_not_change_the_bits(threads):
    x, seeds = clouds(1200, 40, seed=2), list(range(20))
    whole = train(x, seeds, 30)
    threaded = train(x, seeds, 30, threads=threads)
    pieces = train(x[:, :14], seeds[:7], 30, threads=threads) + train(x[:, 14:], seeds[7:], 30)
    for a, b, c in zip(whole, threaded, pieces, strict=True):
        assert a.centers.tobytes() == b.centers.tobytes() == c.centers.tobytes()
        assert a.inertia == b.inertia == c.inertia


def test_a_warm_start_goes_on_and_converges():
    x = clouds(5000, 4, seed=3)
    first = train(x, [1, 2], 80)
    again = first
    for _ in range(30):
        start = np.stack([one.centers for one in again])
        again = train(x, [1, 2], 80, start=start)
    for before, after in zip(first, again, strict=True):
        assert after.inertia <= before.inertia
        assert after.converged


def test_as_many_centres_as_distinct_points_leaves_nothing():
    x = np.repeat(points(40, 3, seed=9), 3, axis=0)
    (one,) = train(x, [5], 40)
    assert one.inertia == 0.0
    assert len(np.unique(one.centers, axis=0)) == 40


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(("threads", "rows"), [(1, 4096), (2, 64), (4, 7)])
def test_codes_do_not_depend_on_blocks_and_threads(form, threads, rows, monkeypatch):
    x = clouds(500, 24, seed=4)
    book = np.stack([one.centers for one in train(x, list(range(6)), 20)])
    whole = encode(book, x, np.uint8, kernels=train_kernels("numpy"))
    monkeypatch.setattr(encode_module, "ROWS", rows)
    codes = encode(book, x, np.uint8, threads=threads, kernels=train_kernels(form))
    assert codes.dtype == np.uint8
    assert codes.tobytes() == whole.tobytes()


@pytest.mark.parametrize("form", FORMS)
def test_every_centre_of_a_full_codebook_can_be_reached(form):
    book = np.arange(2**16, dtype=np.float32).reshape(1, -1, 1)
    x = np.array([[0], [65535], [40000], [12.4], [0.5]], dtype=np.float32)
    codes = encode(book, x, np.uint16, kernels=train_kernels(form))
    assert codes[:, 0].tolist() == [0, 65535, 40000, 12, 0]
