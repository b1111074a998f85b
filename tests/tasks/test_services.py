"""What may be launched, and what a run is called."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import ValidationError

from catalog.models import Run, Spectrum
from retrieval.profiles import Configuration
from tasks.models import Job
from tasks.services import job_cancel, job_retry, retrieval_launch, retrieval_plan
from tests.factories import JobFactory, ReleaseFactory

pytestmark = pytest.mark.django_db
PAPER = Configuration(2, 25, 100)


@pytest.fixture
def spectra() -> None:
    """120 templates and 3 queries with (empty) files, one of each without."""
    release = ReleaseFactory()
    rows = [Spectrum(release=release, name=f"t{n}", role="template", cls="GALAXY", z=0.1) for n in range(121)]
    rows += [Spectrum(release=release, name=f"q{n}", role="unknown", cls="Unknown") for n in range(4)]
    for number, row in enumerate(rows):
        if row.name not in {"t120", "q3"}:
            row.file, row.sha256 = f"spectra/{row.name}", f"{number:064x}"
    Spectrum.objects.bulk_create(rows)


FAULTS = [
    ({"configurations": []}, "Choose at least one configuration."),
    ({"configurations": [PAPER, PAPER]}, "more than once: 2:25:100"),
    ({"configurations": [Configuration(2, 25, 121)]}, "need at least as many templates; there are 120"),
    ({"configurations": [Configuration(2, 33, 10)]}, "2500 samples do not divide into 33 segments"),
    ({"configurations": [Configuration(3, 25, 10)]}, "A step of 3 A does not divide"),
    ({"configurations": [Configuration(2, 0, 10)]}, "2:0:10: step, segments and centres must be 1 or more"),
    ({"metric": "cosine"}, "Metric 'cosine' is not one of l2_sum, l2_squared"),
    ({"normalization": "max"}, "Normalisation 'max'"),
    ({"z_tolerance": 0.003}, "tolerance is 0.003; it must be above 0 and below 0.003"),
    ({"z_tolerance": float("nan")}, "tolerance is nan"),
    ({"velocity_limit_kms": 0.0}, "velocity limit is 0 km/s"),
    ({"velocity_limit_kms": 5000.0}, "velocity limit is 5000 km/s"),
    ({"velocity_limit_kms": float("nan")}, "velocity limit is nan"),
    ({"seed": -1}, "The seed is -1"),
    ({"template_selection": {"name": "nothing like it"}}, "The selection of templates holds no spectra"),
    ({"template_selection": {"name": "t120"}}, "None of the 1 selected templates has a file"),
    ({"template_selection": {"role": "unknown"}}, "None of the 4 selected templates has a file and a"),
    ({"query_selection": {"name": "q3"}}, "None of the 1 selected queries has a file"),
    ({"query_selection": {"role": ["template", "unknown"]}}, "120 spectra are both templates and queries"),
    ({"query_selection": {"rol": "unknown"}}, "has no parameter rol"),
    ({"query_selection": {"z_min": "many"}}, "The selection of queries is not valid. z: Enter a number."),
    ({"query_selection": {"release": "nowhere"}}, "nowhere is not one of the available choices"),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "words"), FAULTS, ids=[words for _, words in FAULTS])
def test_a_run_that_cannot_be_is_refused_with_its_numbers(spectra: None, changes: Any, words: str) -> None:
    with pytest.raises(ValidationError) as refused:
        retrieval_launch(**{"configurations": [PAPER], **changes})
    assert words in " ".join(refused.value.messages)
    assert not Run.objects.exists()
    assert not Job.objects.exists()


def test_every_fault_is_told_at_once(spectra: None) -> None:
    with pytest.raises(ValidationError) as refused:
        retrieval_launch(configurations=[Configuration(2, 33, 500)], metric="cosine", seed=-1)
    assert len(refused.value.messages) == 3


def test_a_selection_counts_what_it_leaves_out(spectra: None) -> None:
    plan = retrieval_plan(configurations=[PAPER])
    assert (plan.templates.count, plan.templates.left_out) == (120, 1)
    assert (plan.queries.count, plan.queries.left_out) == (3, 1)


PROFILES = [
    ({}, "lu2022"),
    ({"configurations": [PAPER, Configuration(1, 50, 100)]}, "custom"),
    ({"metric": "l2_squared"}, "custom"),
    ({"z_tolerance": 0.002}, "custom"),
    ({"velocity_limit_kms": 300.0}, "custom"),
    ({"normalization": "as_printed"}, "lu2022"),
    ({"seed": 9}, "lu2022"),
]


@pytest.mark.parametrize(("changes", "profile"), PROFILES)
def test_only_the_papers_own_parameters_bear_its_name(spectra: None, changes: Any, profile: str) -> None:
    run = retrieval_launch(**{"configurations": [PAPER], **changes})
    assert run.profile == profile
    assert run.job.state == "queued"
    assert run.job.chunks.get().stage == "select"
    assert run.code_version


def test_selections_are_kept_as_parameters_without_the_silent_ones(spectra: None) -> None:
    run = retrieval_launch(
        configurations=[PAPER], query_selection={"role": "unknown", "warned": "", "cls": ""}
    )
    assert run.query_selection == {"role": ["unknown"]}
    assert run.template_selection == {"role": ["template"]}


@pytest.mark.parametrize("state", ["succeeded", "failed", "cancelled"])
def test_what_has_ended_is_not_cancelled(state: str) -> None:
    job = JobFactory(ended=True, state=state)
    with pytest.raises(ValidationError, match="nothing to cancel"):
        job_cancel(job_id=job.pk)


@pytest.mark.parametrize("state", ["queued", "running", "succeeded"])
def test_only_what_failed_or_was_cancelled_is_retried(state: str) -> None:
    job = JobFactory(ended=state == "succeeded", state=state)
    with pytest.raises(ValidationError, match="only a failed or cancelled job"):
        job_retry(job_id=job.pk)
