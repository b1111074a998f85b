"""What each configuration adds to the union, against sets."""

from __future__ import annotations

from typing import Any

import pytest

from catalog.contributions import configuration_results, lines_to_find
from catalog.figures.configurations import configurations_data, configurations_plot
from catalog.models import Run
from tests import factories as f

pytestmark = pytest.mark.django_db

CONFIRMS = ({0, 1, 2}, {1, 2, 3, 4}, {5}, set())
"""Of six spectra, those that each of four configurations confirms."""
WRONG = {2, 4}
WITHOUT_LINES = {5}


@pytest.fixture
def run() -> Run:
    run = f.RunFactory()
    spectra = f.SpectrumFactory.create_batch(6)
    for number, confirms in enumerate(CONFIRMS):
        codebook = f.CodebookFactory(run=run, number=number, n_bytes=2_500_000, plan="tables", threads=1)
        f.CodebookBlockFactory(codebook=codebook, gains=[0.001, 0.02 * number])
        for index, spectrum in enumerate(spectra):
            f.NeighbourFactory(codebook=codebook, spectrum=spectrum, agrees=index in confirms)
    for index, spectrum in enumerate(spectra):
        f.LineRedshiftFactory(run=run, spectrum=spectrum, z=0.1)
        f.TruthFactory(
            spectrum=spectrum,
            z=0.3 if index in WRONG else 0.1005,
            line_fluxes={} if index in WITHOUT_LINES else {"ha": 5.0},
        )
    f.NeighbourFactory(agrees=True)  # of another run
    return run


def test_each_configuration_is_counted_as_sets_are(run: Run, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(3):
        results = configuration_results(run)
    union: set[int] = set()
    true = set(range(6)) - WRONG - WITHOUT_LINES
    for result, confirms in zip(results, CONFIRMS, strict=True):
        others = set().union(*(other for other in CONFIRMS if other is not confirms))
        assert result.confirms == len(confirms)
        assert result.adds == len(confirms - union)
        assert result.only == len(confirms - others)
        assert result.shared == len(confirms & others)
        union |= confirms
        assert (result.union, result.right_union) == (len(union), len(union & true))
        assert result.right == len(confirms & true)
    assert [result.gain for result in results] == [0.001, 0.02, 0.04, 0.06]
    assert lines_to_find(run) == 5


def test_figure_and_download_say_the_same(run: Run) -> None:
    results = configuration_results(run)
    bars = configurations_plot(results)["data"]
    alone, shared, union = ([int(y) for y in trace["y"]] for trace in bars)
    assert [a + b for a, b in zip(alone, shared, strict=True)] == [len(confirms) for confirms in CONFIRMS]
    assert union == [3, 5, 6, 6]
    data = configurations_data(results, with_truth=True)
    lines = [dict(zip(data.headings, row, strict=True)) for row in data.rows]
    assert [line["union"] for line in lines] == union
    assert [line["only_by_it"] for line in lines] == alone
    assert [line["right_union"] for line in lines] == [2, 3, 3, 3]
    without = configurations_data(results, with_truth=False)
    assert {row[without.headings.index("right")] for row in without.rows} == {None}


def test_a_run_without_configurations_has_nothing_to_find() -> None:
    run = f.RunFactory()
    assert configuration_results(run) == []
    assert lines_to_find(run) == 0
