"""The page of two runs, and a run launched like another."""

from __future__ import annotations

import csv
from typing import Any

import pytest
from django.http import QueryDict
from django.test import Client
from django.urls import reverse

from catalog.models import Run
from tasks.forms import Launch
from tests import factories as f
from tests.factories import UserFactory

from .conftest import launch, work_off

pytestmark = pytest.mark.django_db
COMPARE, DIFFERENCES = reverse("run-compare"), reverse("run-differences")
TEMPLATES = reverse("run-templates")
LAUNCH, PREVIEW = reverse("admin:tasks_job_launch"), reverse("admin:tasks_job_preview")


def two_runs(**changes: Any) -> tuple[Run, Run]:
    runs = launch(note="first"), launch(**{"seed": 9} | changes)
    for run in runs:
        work_off(run.job)
        run.refresh_from_db()
    return runs


def lines(answer: Any) -> list[dict[str, str]]:
    """The rows of a downloaded CSV."""
    return list(csv.DictReader(b"".join(answer).decode().splitlines()))


def test_two_real_runs_side_by_side(survey: None, client: Client, django_assert_max_num_queries: Any) -> None:
    a, b = two_runs(z_tolerance=0.0005)
    with django_assert_max_num_queries(22):
        answer = client.get(COMPARE, {"a": a.pk, "b": b.pk})
    page = answer.content.decode()
    assert f'href="{TEMPLATES}?a={a.pk}&amp;b={b.pk}"' in page
    assert answer.status_code == 200
    assert f"From run {a.pk} to run {b.pk}" in page
    assert "Redshift tolerance" in page
    in_a, in_b = (set(run.candidates.values_list("spectrum", flat=True)) for run in (a, b))
    assert in_a - in_b
    gained, lost, _ = answer.context["parts"]
    assert (gained.count, lost.count) == (len(in_b - in_a), len(in_a - in_b))
    assert answer.context["n_kept"] == len(in_a & in_b)
    for url, count in ((lost.url, lost.count), (answer.context["kept_url"], len(in_a & in_b))):
        assert f">{count}</strong>" in client.get(url).content.decode()

    rows = list(
        csv.DictReader(b"".join(client.get(DIFFERENCES, {"a": a.pk, "b": b.pk})).decode().splitlines())
    )
    assert len(rows) == len(in_a | in_b)
    by_what = [sum(row["what"] == what for row in rows) for what in ("gained", "lost", "kept")]
    assert by_what == [len(in_b - in_a), len(in_a - in_b), len(in_a & in_b)]
    one = next(row for row in rows if row["what"] == "lost")
    assert float(one["z_CL_a"])
    assert one["z_CL_b"] == ""
    assert one["why"]


def test_nearest_templates_have_a_page_of_their_own(
    survey: None, client: Client, django_assert_max_num_queries: Any
) -> None:
    """Which scripts fetch its section from."""
    a, b = two_runs()
    with django_assert_max_num_queries(7):
        answer = client.get(TEMPLATES, {"a": a.pk, "b": b.pk})
    searched = sum(shift.count for shift in answer.context["ranks"])
    assert searched > 0
    assert {one.count for one in answer.context["shared"]} == {searched}
    page = answer.content.decode()
    assert '<section id="nearest"' in page
    assert f'href="{COMPARE}?a={a.pk}&amp;b={b.pk}"' in page


def test_without_runs_named_the_two_newest_are_compared(client: Client) -> None:
    assert "Two complete runs are needed." in client.get(COMPARE).content.decode()
    f.RunFactory()
    assert "Two complete runs are needed." in client.get(COMPARE).content.decode()
    b = f.RunFactory()
    f.RunFactory(completed_at=None)
    assert f"to run {b.pk}" in client.get(COMPARE).content.decode()


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("a={a}&b=99999", "There is no complete run 99999."),
        ("a={a}&b={a}", "is named twice"),
        ("a=x", "There is no complete run x."),
        ("c=1", "has no parameter c"),
        ("a={a}&b={b}&catalogue=77", "There is no catalogue 77."),
        ("a=²", "There is no complete run ²."),
        ("a=999999999999999999999999", "There is no complete run"),
    ],
)
def test_what_cannot_be_compared_is_said(client: Client, query: str, words: str) -> None:
    a, b = f.RunFactory(), f.RunFactory()
    answer = client.get(COMPARE, QueryDict(query.format(a=a.pk, b=b.pk)))
    assert answer.status_code == 400
    assert words in answer.content.decode()
    for part in (DIFFERENCES, TEMPLATES):
        assert client.get(part, QueryDict(query.format(a=a.pk, b=b.pk))).status_code == 404


@pytest.fixture
def staff(client: Client) -> Client:
    client.force_login(UserFactory(is_staff=True, is_superuser=True))
    return client


def test_a_run_like_another_begins_with_all_its_settings(survey: None, staff: Client) -> None:
    first = launch(
        seed=5, z_tolerance=0.0007, metric="l2_squared", normalization="as_printed", velocity_limit_kms=400.0,
        template_selection={"role": ["template"], "z_max": ["0.2"]},
    )  # fmt: skip
    page = staff.get(LAUNCH, {"like": first.pk})
    assert f"New retrieval run like run {first.pk}" in page.content.decode()
    assert page.context["preview"]["changes"] == []
    assert page.context["preview"]["faults"] == []

    form = Launch.like(first).data.copy()
    form["seed"] = "6"
    form["custom"] = "2:25:8"
    preview = staff.get(f"{PREVIEW}?{form.urlencode()}").json()
    assert preview["changes"] == [
        ["Configurations", "2:25:8, 1:50:12", "2:25:8"],
        ["Seed", "5", "6"],
    ]
    form["launch"] = "Launch"
    staff.post(LAUNCH, form.urlencode(), content_type="application/x-www-form-urlencoded")
    second = Run.objects.exclude(pk=first.pk).get()
    assert (second.seed, second.z_tolerance, second.metric) == (6, 0.0007, "l2_squared")
    assert second.template_selection == first.template_selection
    page = staff.get(second.get_absolute_url()).content.decode()
    assert first.get_absolute_url() in page
    assert f"like run {first.pk}" in page
    assert f"{LAUNCH}?like={second.pk}" in page


@pytest.mark.parametrize("number", ["99999", "x", "²"])
def test_like_a_run_that_is_not_there_is_404(staff: Client, number: str) -> None:
    assert staff.get(LAUNCH, {"like": number}).status_code == 404


def test_nobody_but_operators_is_offered_to_launch(survey: None, client: Client) -> None:
    run = launch()
    assert "Launch one like it" not in client.get(run.get_absolute_url()).content.decode()


def test_configurations_as_figure_and_as_table(survey: None, client: Client) -> None:
    run = launch()
    work_off(run.job)
    page = client.get(run.get_absolute_url()).content.decode()
    figure, data = (
        reverse("run-configurations", args=[run.pk]),
        reverse("run-configurations-data", args=[run.pk]),
    )
    assert figure in page
    assert data in page
    union = client.get(figure).json()["data"][2]["y"][-1]
    rows = lines(client.get(data))
    assert int(rows[-1]["union"]) == union == run.candidates.count()
    assert int(rows[-1]["right_union"]) > 0
