"""A run is never stuck on "running" or "cancelling", whatever happens to its workers and messages."""

from __future__ import annotations

from datetime import timedelta

import pytest
import redis
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tasks.leases import claim
from tasks.models import Chunk, Job
from tasks.services import job_cancel, job_retry
from tasks.states import ACTIVE, TERMINAL, JobState
from tasks.sweep import sweep
from tasks.work import do, work_slice

from .conftest import launch

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def abandoned(survey: None, broker: redis.Redis) -> Job:
    """A running job whose worker died with a chunk in its hands, and whose messages are lost."""
    job = launch().job
    assert claim(job.pk) is not None
    broker.flushdb()
    past = timezone.now() - timedelta(minutes=5)
    Chunk.objects.filter(job=job, state="leased").update(lease_expires_at=past)
    Job.objects.filter(pk=job.pk).update(heartbeat_at=past)
    job.refresh_from_db()
    assert job.state == "running"
    return job


def test_a_run_is_never_stuck_on_running(abandoned: Job, broker: redis.Redis) -> None:
    sweep()
    assert broker.dbsize() > 0, "a worker is called again"
    work_slice(job_id=abandoned.pk, seconds=120)
    abandoned.refresh_from_db()
    assert (abandoned.state, abandoned.error) == ("succeeded", "")
    assert abandoned.run.completed_at is not None


def test_a_run_is_never_stuck_on_cancelling(abandoned: Job, client: Client) -> None:
    """No state lies between running and cancelled: it needs no worker's consent, living or dead."""
    assert set(JobState) == ACTIVE | TERMINAL
    assert "cancelling" not in JobState.values
    job_cancel(job_id=abandoned.pk)
    progress = client.get(reverse("run-progress", args=[abandoned.run_id])).json()
    assert (progress["state"], progress["active"]) == ("cancelled", False)
    assert "running" not in {stage["state"] for stage in progress["stages"]}
    assert claim(abandoned.pk) is None


def test_a_worker_that_finishes_after_the_cancellation_changes_nothing(survey: None) -> None:
    job = launch().job
    chunk = claim(job.pk)
    assert chunk is not None
    job_cancel(job_id=job.pk)
    do(chunk)
    job.refresh_from_db()
    assert job.state == "cancelled"
    assert not job.chunks.filter(state__in=["done", "leased"]).exists()
    job_retry(job_id=job.pk)
    work_slice(job_id=job.pk, seconds=120)
    job.refresh_from_db()
    assert job.state == "succeeded"
