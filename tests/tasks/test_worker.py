"""A real worker, and what it is made to bear: the result stays the same."""

from __future__ import annotations

from datetime import timedelta

import pytest
import redis
from django.utils import timezone

from catalog import prepared
from catalog.models import Candidate, Neighbour, Run
from tasks.models import Chunk, Job
from tasks.sweep import sweep
from tasks.work import wake

from .conftest import Worker, launch, wait_for, work_off

pytestmark = pytest.mark.django_db(transaction=True)


def state(job: Job) -> str:
    return Job.objects.get(pk=job.pk).state


def reached(job: Job, stage: str) -> bool:
    return job.chunks.filter(stage=stage).exclude(state="waiting").exists()


def time_passes(job: Job) -> None:
    """Let leases run out and signs of life grow old, without waiting for it."""
    past = timezone.now() - timedelta(minutes=1)
    Chunk.objects.filter(job=job, state="leased").update(lease_expires_at=past)
    Job.objects.filter(pk=job.pk).update(heartbeat_at=past)


def expected() -> tuple[str, int, int]:
    """The result of an undisturbed run, done in this process."""
    run = launch()
    work_off(run.job)
    return result(run)


def result(run: Run) -> tuple[str, int, int]:
    run.refresh_from_db()
    neighbours = Neighbour.objects.filter(codebook__run=run).count()
    return run.neighbours_sha256, neighbours, Candidate.objects.filter(run=run).count()


def test_kills_a_flushed_broker_and_duplicates_change_nothing(
    survey: None, worker: Worker, broker: redis.Redis
) -> None:
    wanted = expected()
    broker.flushdb()
    run = launch()
    job = run.job
    for _ in range(5):
        wake(job)  # duplicates
    worker.start()
    wait_for(lambda: reached(job, "prepare"))
    worker.kill()
    assert state(job) == "running"
    time_passes(job)
    worker.start()
    wait_for(lambda: reached(job, "search"), doing=sweep)
    assert Job.objects.get(pk=job.pk).error == ""
    broker.flushdb()
    worker.kill()
    time_passes(job)
    assert broker.llen("celery") == 0
    sweep()
    assert broker.llen("celery") > 0
    worker.start()
    wait_for(lambda: state(job) == "succeeded", doing=sweep)
    assert result(run) == wanted
    assert set(job.chunks.values_list("state", flat=True)) == {"done"}
    wait_for(lambda: not prepared.exists(run), seconds=10)
