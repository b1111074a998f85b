"""Pages about runs and jobs: everybody reads, staff acts."""

from __future__ import annotations

import re
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tasks.models import Job
from tasks.services import job_cancel, job_retry
from tasks.states import JobState, RetrievalStage
from tests.factories import ChunkFactory, JobFactory, LogLineFactory, UserFactory

from .conftest import launch, work_off

pytestmark = pytest.mark.django_db


@pytest.fixture
def operator() -> Any:
    """Staff that may change jobs."""
    user = UserFactory(is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=["add_job", "change_job", "view_job"]))
    return user


@pytest.fixture
def running() -> Job:
    job = JobFactory(state=JobState.RUNNING, parameters={"estimate": {"stages": {"prepare": 10.0}}})
    for number, state in enumerate(["done", "done", "waiting"]):
        stage = RetrievalStage.PREPARE
        ChunkFactory(job=job, stage=stage, stage_number=stage.number, number=number, state=state, work=50)
    LogLineFactory(job=job, message="<b>odd</b> name", level="warning")
    return job


def test_a_complete_run_shows_its_stages_results_and_provenance(
    survey: None, client: Client, django_assert_max_num_queries: Any
) -> None:
    run = launch(note="a note")
    work_off(run.job)
    run.refresh_from_db()
    with django_assert_max_num_queries(10):
        page = client.get(run.get_absolute_url()).content.decode()
    for stage in RetrievalStage:
        assert stage.label in page
    assert run.neighbours_sha256 in page
    assert "a note" in page
    assert "role: unknown" in page
    assert "74 of 74 searches" in page
    for codebook in run.codebooks.all():
        assert f"{codebook.n_converged} of {codebook.segments}, {codebook.iterations} iteration" in page
    assert "data-active" not in page
    assert "Cancel" not in page


def test_the_list_of_runs_costs_the_same_for_one_and_for_many(
    client: Client, django_assert_num_queries: Any
) -> None:
    JobFactory(ended=True)
    with django_assert_num_queries(4):
        client.get(reverse("runs"))
    JobFactory.create_batch(5, ended=True)
    with django_assert_num_queries(4):
        page = client.get(reverse("runs")).content.decode()
    assert "6 runs" in page


def test_the_list_of_runs_tells_how_far_active_ones_are(
    client: Client, running: Job, django_assert_num_queries: Any
) -> None:
    began = timezone.now() - timedelta(seconds=1000)
    Job.objects.filter(pk=running.pk).update(started_at=began)
    running.chunks.filter(state="done").update(started_at=began, finished_at=timezone.now())
    JobFactory(ended=True)
    with django_assert_num_queries(4 + 2):
        page = client.get(reverse("runs")).content.decode()
    # Two thirds of the 10 s that preparation was to take, of 18 s in all: as the run's own page says.
    assert page.count("37 % after 16 min") == 1


def test_an_empty_list_says_what_to_do(client: Client) -> None:
    assert "No run has been launched." in client.get(reverse("runs")).content.decode()


def test_progress_is_told_in_numbers(client: Client, running: Job) -> None:
    page = client.get(reverse("run", args=[running.run_id])).content.decode()
    assert "data-active" in page
    assert "&lt;b&gt;odd&lt;/b&gt; name" in page
    progress = client.get(reverse("run-progress", args=[running.run_id])).json()
    assert (progress["state"], progress["active"], progress["tone"]) == ("running", True, "busy")
    stage = progress["stages"][RetrievalStage.PREPARE.number]
    assert (stage["total"], stage["done"], stage["chunks"], stage["percent"]) == (150, 100, 3, 66)
    assert progress["log"][0]["message"] == "<b>odd</b> name"


def test_progress_tells_rate_and_remaining_time(client: Client, running: Job) -> None:
    began = timezone.now() - timedelta(seconds=1000)
    Job.objects.filter(pk=running.pk).update(started_at=began)
    running.chunks.filter(state="done").update(started_at=began, finished_at=timezone.now())
    progress = client.get(reverse("run-progress", args=[running.run_id])).json()
    stage = progress["stages"][RetrievalStage.PREPARE.number]
    assert stage["rate"] == pytest.approx(0.1)  # 100 spectra in 1,000 s
    # Two thirds of the 10 s that preparation was to take took 1,000 s; all stages were to take 18 s.
    assert progress["remaining"] == pytest.approx((18 - 20 / 3) * 1000 / (20 / 3), rel=0.01)
    page = client.get(reverse("run", args=[running.run_id])).content.decode()
    assert "0.1/s" in page
    assert re.search(r"37 % after 16 min \d+ s, about 28 min \d+ s left", page)


def test_time_in_which_nobody_worked_is_not_counted(client: Client, running: Job) -> None:
    """Cancelled at night and resumed in the morning: neither rate nor remaining time know of the night."""
    evening = timezone.now() - timedelta(hours=12)
    morning = timezone.now() - timedelta(seconds=150)
    Job.objects.filter(pk=running.pk).update(started_at=evening)
    first, second, third = running.chunks.order_by("number")
    for chunk, began, seconds in ((first, evening, 100), (second, evening + timedelta(seconds=50), 100)):
        chunk.started_at, chunk.finished_at = began, began + timedelta(seconds=seconds)
        chunk.save()
    third.state, third.started_at, third.lease = "leased", morning, uuid.uuid4()
    third.lease_expires_at = timezone.now() + timedelta(seconds=15)
    third.save()
    progress = client.get(reverse("run-progress", args=[running.run_id])).json()
    assert progress["seconds"] == pytest.approx(150 + 150, abs=5)  # two side by side for 150 s, and the third
    stage = progress["stages"][RetrievalStage.PREPARE.number]
    assert stage["rate"] == pytest.approx(100 / 300, abs=0.05)
    Job.objects.filter(pk=running.pk).update(state="cancelled", finished_at=timezone.now())
    job_retry(job_id=running.pk)
    later = client.get(reverse("run-progress", args=[running.run_id])).json()
    assert later["seconds"] == pytest.approx(150, abs=5)  # what the third did is lost


def test_before_anything_is_done_the_estimate_stands(client: Client) -> None:
    job = JobFactory(parameters={"estimate": {"stages": {"prepare": 111.0}}})
    page = client.get(reverse("run", args=[job.run_id])).content.decode()
    assert "waiting for a worker, about 1 min 59 s left" in page  # each other stage a second


def test_a_failed_job_says_why(client: Client, running: Job) -> None:
    Job.objects.filter(pk=running.pk).update(
        state="failed", error="No space.", finished_at=running.created_at
    )
    assert "No space." in client.get(reverse("run", args=[running.run_id])).content.decode()
    assert client.get(reverse("run-progress", args=[running.run_id])).json()["error"] == "No space."


@pytest.mark.parametrize("state", ["failed", "cancelled"])
def test_no_stage_of_a_job_that_has_ended_is_running(client: Client, running: Job, state: str) -> None:
    running.chunks.update(started_at=running.created_at)
    url = reverse("run-progress", args=[running.run_id])
    prepare = RetrievalStage.PREPARE.number
    states = [stage["state"] for stage in client.get(url).json()["stages"]]
    assert (states[prepare], states[-1]) == ("running", "waiting")
    Job.objects.filter(pk=running.pk).update(state=state, finished_at=running.created_at)
    states = [stage["state"] for stage in client.get(url).json()["stages"]]
    assert (states[prepare], states[-1]) == ("stopped", "not begun")


def test_tracebacks_are_for_staff(client: Client, running: Job, operator: Any) -> None:
    LogLineFactory(job=running, message="attempt 1 failed\nTraceback: secret place")
    for name in ("run", "run-progress"):
        url = address(name, running)
        client.logout()
        page = client.get(url).content.decode()
        assert "attempt 1 failed" in page
        assert "secret place" not in page
        client.force_login(operator)
        assert "secret place" in client.get(url).content.decode()


@pytest.mark.parametrize("name", ["run", "run-progress", "job", "job-progress"])
def test_what_is_not_there_is_404(client: Client, name: str) -> None:
    assert client.get(reverse(name, args=[999_999])).status_code == 404


ACTIONS = ["run-cancel", "run-retry", "job-cancel", "job-retry"]


def address(name: str, job: Job) -> str:
    return reverse(name, args=[job.run_id if name.startswith("run") else job.pk])


@pytest.mark.parametrize("name", ACTIONS)
def test_only_staff_with_the_right_acts_and_only_by_post(
    client: Client, running: Job, operator: Any, name: str
) -> None:
    url = address(name, running)
    assert client.post(url).status_code == 403
    client.force_login(UserFactory())
    assert client.post(url).status_code == 403
    client.force_login(UserFactory(is_staff=True))
    assert client.post(url).status_code == 403
    assert Job.objects.get(pk=running.pk).state == "running"
    client.force_login(operator)
    assert client.get(url).status_code == 405
    assert client.post(url).status_code == 302
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(operator)
    refused = strict.post(url)
    assert refused.status_code == 403
    assert "The form was not sent" in refused.content.decode()


def test_cancel_and_retry_from_the_page(client: Client, running: Job, operator: Any) -> None:
    client.force_login(operator)
    page = client.get(reverse("run", args=[running.run_id])).content.decode()
    assert reverse("run-cancel", args=[running.run_id]) in page
    page = client.post(reverse("run-cancel", args=[running.run_id]), follow=True).content.decode()
    assert "The run is cancelled." in page
    assert "Resume" in page
    assert Job.objects.get(pk=running.pk).state == "cancelled"
    assert reverse("run-retry", args=[running.run_id]) in page
    page = client.post(reverse("run-cancel", args=[running.run_id]), follow=True).content.decode()
    assert "nothing to cancel" in page
    client.post(reverse("run-retry", args=[running.run_id]))
    assert Job.objects.get(pk=running.pk).state == "queued"


def test_a_run_is_sent_from_its_job_to_its_page(client: Client, running: Job) -> None:
    assert client.get(reverse("job", args=[running.pk])).url == running.run.get_absolute_url()


def test_an_import_has_a_page(client: Client) -> None:
    job = JobFactory(importing=True)
    job_cancel(job_id=job.pk)
    page = client.get(job.get_absolute_url()).content.decode()
    assert "List files" in page
    assert "cancelled" in page
