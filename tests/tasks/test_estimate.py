"""The estimate: from counts alone, growing with each of them."""

from __future__ import annotations

import pytest

from retrieval.profiles import PAPER_CONFIGURATIONS, Configuration
from tasks.estimate import Estimate, estimate
from tasks.states import RetrievalStage


def of(templates: int = 1000, queries: int = 2000, workers: int = 2, configurations=None) -> Estimate:
    chosen = configurations or [Configuration(2, 25, 100)]
    return estimate(configurations=chosen, templates=templates, queries=queries, workers=workers)


def test_every_stage_has_a_share() -> None:
    cost = of()
    assert set(cost.stages) == set(RetrievalStage.values)
    assert cost.seconds == pytest.approx(sum(cost.stages.values()), abs=0.1)


def test_space_is_that_of_the_arrays() -> None:
    cost = of(configurations=[Configuration(2, 25, 100), Configuration(1, 50, 400)])
    assert cost.prepared_bytes == 4 * 3000 * (2500 + 5000)
    codes = 1000 * (25 + 2 * 50)
    assert cost.database_bytes == codes + 4 * (100 * 2500 + 400 * 5000) + 160 * 2000 * 2


def test_lines_are_searched_on_a_step_of_2_whatever_the_configurations() -> None:
    assert of(configurations=[Configuration(1, 50, 200)]).prepared_bytes == 4 * (3000 * 5000 + 2000 * 2500)


@pytest.mark.parametrize("name", ["templates", "queries"])
def test_more_spectra_cost_more(name: str) -> None:
    assert of(**{name: 20_000}).seconds > of().seconds


def test_more_workers_take_less_time_and_the_same_space() -> None:
    many, few = of(workers=8, templates=50_000), of(workers=1, templates=50_000)
    assert many.seconds < few.seconds
    assert many.database_bytes == few.database_bytes


def test_the_papers_run_is_a_matter_of_an_evening() -> None:
    cost = of(templates=177_270, queries=492_938, configurations=PAPER_CONFIGURATIONS)
    assert 1 < cost.seconds / 3600 < 10


def test_it_is_within_a_factor_of_two_of_a_run_that_was_measured() -> None:
    """All twelve on 3,300 simulated templates and 2,000 queries, by two workers on two quiet cores."""
    cost = of(templates=3300, queries=2000, workers=2, configurations=PAPER_CONFIGURATIONS)
    measured = {"train": 65.1, "search": 22.7, "encode": 8.4}
    for stage, seconds in measured.items():
        assert seconds / 2 < cost.stages[stage] < seconds * 2
    assert 121.6 / 2 < cost.seconds < 121.6 * 2
