"""A worker killed at random moments of training, encoding and search: bits and finished work stay."""

from __future__ import annotations

import random
import time
from datetime import timedelta
from functools import partial

import pytest
from django.utils import timezone

from catalog.models import CodeBlock, CodebookBlock, Run
from tasks.models import Chunk, Job
from tasks.stages import select
from tasks.sweep import sweep

from .conftest import Worker, launch, wait_for, work_off

pytestmark = pytest.mark.django_db(transaction=True)

KILLS = 2  # of each stage


@pytest.fixture
def many_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cut the work of a run that is selected in this process into many pieces."""
    monkeypatch.setattr(select, "SMALLEST_BLOCK", 4)
    monkeypatch.setattr(select, "LARGEST_BLOCK", 4)
    monkeypatch.setattr(select, "TRAINING_COST", 1)


def content(run: Run) -> tuple[str, list[tuple[int, bytes]], list[tuple[int, bytes]]]:
    """Checksum of the neighbours, and what the blocks of codebooks and codes hold, byte for byte."""
    run.refresh_from_db()
    parts = []
    for model, place in ((CodebookBlock, "first_segment"), (CodeBlock, "number")):
        rows = model.objects.filter(codebook__run=run).order_by("codebook__number", place)
        parts.append([(where, bytes(data)) for where, data in rows.values_list(place, "data")])
    return run.neighbours_sha256, *parts


def finished(job: Job) -> dict[int, tuple[object, ...]]:
    """When each chunk was done, and at which attempt."""
    done = job.chunks.filter(state="done")
    return {pk: about for pk, *about in done.values_list("pk", "attempts", "started_at", "finished_at")}


def at_work(job: Job, stage: str, share: float) -> bool:
    """Whether so much of a stage is done, and a living worker is at it (or it is over)."""
    chunks = job.chunks.filter(stage=stage)
    done, total = chunks.filter(state="done").count(), chunks.count()
    held = chunks.filter(state="leased", lease_expires_at__gt=timezone.now())
    return done == total or (done >= share * total and held.exists())


def time_passes(job: Job) -> None:
    """Let leases run out and signs of life grow old, without waiting for it."""
    past = timezone.now() - timedelta(minutes=1)
    Chunk.objects.filter(job=job, state="leased").update(lease_expires_at=past)
    Job.objects.filter(pk=job.pk).update(heartbeat_at=past)


def test_kills_at_random_moments_leave_the_bits_and_what_is_done(
    survey: None, worker: Worker, many_chunks: None
) -> None:
    undisturbed = launch(seed=4)
    work_off(undisturbed.job)
    wanted = content(undisturbed)
    assert len(wanted[1]) == 25 + 50
    assert len(wanted[2]) == 2 * 12

    run = launch(seed=4)
    job = run.job
    # Selected here, where the work is cut small; all else by the worker.
    work_off(job, until=lambda: job.chunks.filter(stage="prepare").exists())
    chosen = random.Random(run.pk + time.time_ns())
    before: dict[int, tuple[object, ...]] = {}
    interrupted: set[tuple[int, int]] = set()
    for stage in ("train", "encode", "search"):
        share = 0.0
        for _ in range(KILLS):
            share = chosen.uniform(share, 0.9)
            worker.start()
            wait_for(partial(at_work, job, stage, share), doing=sweep)
            time.sleep(chosen.uniform(0, 0.02))
            worker.kill()
            after = finished(job)
            assert before.items() <= after.items(), "what is done is not done again"
            before = after
            interrupted |= set(job.chunks.filter(state="leased").values_list("pk", "attempts"))
            time_passes(job)
    worker.start()
    wait_for(lambda: Job.objects.get(pk=job.pk).state == "succeeded", doing=sweep)
    after = finished(job)
    assert before.items() <= after.items()
    assert content(run) == wanted
    # Nothing was begun anew but what a kill had interrupted.
    assert sum(attempts - 1 for attempts, *_ in after.values()) == len(interrupted)
