"""Claims, leases and fences, on chunks that do nothing."""

from __future__ import annotations

import threading
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.utils import timezone

from catalog import prepared
from catalog.models import Run
from tasks import leases, work
from tasks.errors import JobError, LeaseLostError
from tasks.leases import Heartbeat, claim, fenced
from tasks.models import Chunk, Job
from tasks.services import job_cancel, job_retry
from tasks.stages import Stage
from tasks.sweep import sweep
from tests.factories import ChunkFactory, JobFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def job() -> Job:
    """Two stages: three chunks, then one."""
    job = JobFactory()
    for number in range(3):
        ChunkFactory(job=job, stage_number=0, number=number)
    ChunkFactory(job=job, stage_number=1, number=0)
    return job


def stages(monkeypatch: pytest.MonkeyPatch, function) -> None:
    """Let every stage do this."""
    stage = Stage("test", "Test", "chunks", function)
    monkeypatch.setattr(work, "stages_of", lambda job: (stage, stage))


def expire(chunk: Chunk) -> None:
    Chunk.objects.filter(pk=chunk.pk).update(lease_expires_at=timezone.now() - timedelta(seconds=1))


def test_a_stage_opens_when_the_one_before_is_done(job: Job) -> None:
    taken = [claim(job.pk) for _ in range(4)]
    assert [chunk and chunk.number for chunk in taken] == [0, 1, 2, None]
    for chunk in taken[:2]:
        work._finish(chunk, lambda: None)
    assert claim(job.pk) is None
    work._finish(taken[2], lambda: None)
    last = claim(job.pk)
    assert (last.stage_number, last.number) == (1, 0)
    work._finish(last, lambda: None)
    job.refresh_from_db()
    assert job.state == "succeeded"
    assert claim(job.pk) is None


def test_a_worker_whose_job_is_deleted_lets_go(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    chunk = claim(job.pk)
    stages(monkeypatch, lambda chunk: Job.objects.get(pk=chunk.job_id).delete() and (lambda: None))
    work.do(chunk)
    assert not Job.objects.filter(pk=job.pk).exists()
    assert claim(job.pk) is None


def test_a_lease_that_ran_out_is_given_to_another_and_the_first_is_fenced_off(job: Job) -> None:
    first = claim(job.pk)
    others = [claim(job.pk), claim(job.pk)]
    assert claim(job.pk) is None
    expire(first)
    second = claim(job.pk)
    assert second.pk == first.pk
    assert second.pk not in {chunk.pk for chunk in others}
    assert second.attempts == 2
    written = []
    with pytest.raises(LeaseLostError):
        work._finish(first, lambda: written.append("first"))
    work._finish(second, lambda: written.append("second"))
    assert written == ["second"]


def test_what_a_result_writes_goes_back_with_its_transaction(job: Job) -> None:
    chunk = claim(job.pk)

    def write() -> None:
        Run.objects.filter(pk=job.run_id).update(note="half")
        raise OSError("disk")

    with pytest.raises(OSError, match="disk"):
        work._finish(chunk, write)
    chunk.refresh_from_db()
    assert chunk.state == "leased"
    assert Run.objects.get(pk=job.run_id).note == ""


def test_an_error_is_tried_three_times_then_the_job_fails(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    def run(chunk: Chunk):
        raise ZeroDivisionError("by nought")

    stages(monkeypatch, run)
    claims = 0
    while chunk := claim(job.pk):
        claims += 1
        work.do(chunk)
    job.refresh_from_db()
    assert job.state == "failed"
    assert claims == 7  # each of three chunks twice, then the first a third time
    assert "ZeroDivisionError: by nought" in job.error
    assert "Traceback" not in job.error
    last = job.log.order_by("-pk")[0]
    assert (last.level, "Traceback" in last.message) == ("error", True)
    assert not job.chunks.filter(state="leased").exists()


def test_a_refusal_ends_the_job_at_once_with_its_sentence(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    def run(chunk: Chunk):
        raise JobError("3 is more than 2.")

    stages(monkeypatch, run)
    work.do(claim(job.pk))
    job.refresh_from_db()
    assert (job.state, job.error) == ("failed", "Stage prepare, chunk 0: 3 is more than 2.")


def test_a_chunk_that_kills_its_workers_ends_the_job(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    stages(monkeypatch, lambda chunk: lambda: None)
    Chunk.objects.filter(job=job).exclude(stage_number=0, number=0).delete()
    for _ in range(leases.MAX_LOST):
        expire(claim(job.pk))
    work.do(claim(job.pk))
    job.refresh_from_db()
    assert job.state == "failed"
    assert "killed 8 times" in job.error


def test_cancelling_takes_effect_within_the_chunk(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    written = []

    def run(chunk: Chunk):
        job_cancel(job_id=job.pk)
        return lambda: written.append(chunk.pk)

    stages(monkeypatch, run)
    assert work.work_slice(job_id=job.pk) is False
    job.refresh_from_db()
    assert (job.state, written) == ("cancelled", [])
    assert job.finished_at is not None
    assert set(job.chunks.values_list("state", flat=True)) == {"waiting"}


def test_a_queued_job_cancels_at_once(job: Job) -> None:
    assert job_cancel(job_id=job.pk).state == "cancelled"
    assert claim(job.pk) is None


def test_retry_goes_on_with_what_is_not_done(
    job: Job, monkeypatch: pytest.MonkeyPatch, data_dir: Path
) -> None:
    prepared.folder(job.run).mkdir(parents=True)
    work._finish(claim(job.pk), lambda: None)
    job_cancel(job_id=job.pk)
    job.chunks.filter(state="waiting").update(attempts=3, error="before")
    assert job_retry(job_id=job.pk).state == "queued"
    assert list(job.chunks.order_by("stage_number", "number").values_list("state", "attempts")) == [
        ("done", 1), ("waiting", 0), ("waiting", 0), ("waiting", 0),
    ]  # fmt: skip
    stages(monkeypatch, lambda chunk: lambda: None)
    work.work_slice(job_id=job.pk)
    job.refresh_from_db()
    assert job.state == "succeeded"


def test_retry_prepares_again_where_the_prepared_spectra_were_dropped(job: Job, data_dir: Path) -> None:
    job.chunks.filter(stage_number=0).exclude(number=0).delete()
    work._finish(claim(job.pk), lambda: None)
    job_cancel(job_id=job.pk)
    job_retry(job_id=job.pk)
    assert claim(job.pk).stage_number == 0


def test_the_fence_sees_a_lease_given_away_under_the_same_chunk(job: Job) -> None:
    chunk = claim(job.pk)
    Chunk.objects.filter(pk=chunk.pk).update(state="done", lease=None, lease_expires_at=None)
    with pytest.raises(LeaseLostError), fenced(chunk):
        pass


def test_a_message_for_a_job_that_is_gone_is_no_error() -> None:
    assert work.work_slice(job_id=999_999) is False


@pytest.mark.django_db(transaction=True)
def test_two_claims_at_once_never_get_the_same_chunk(job: Job) -> None:
    got: list[int] = []

    def take() -> None:
        try:
            while chunk := claim(job.pk):
                got.append(chunk.pk)
        finally:
            connection.close()

    threads = [threading.Thread(target=take) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(got) == len(set(got)) == 3


@pytest.mark.django_db(transaction=True)
def test_the_heartbeat_keeps_a_lease_alive(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leases, "HEARTBEAT", 0.05)
    chunk = claim(job.pk)
    expire(chunk)
    with Heartbeat(chunk):
        for _ in range(100):
            if Chunk.objects.get(pk=chunk.pk).lease_expires_at > timezone.now():
                break
            threading.Event().wait(0.05)
    assert Chunk.objects.get(pk=chunk.pk).lease_expires_at > timezone.now()


@pytest.mark.django_db(transaction=True)
def test_the_sweeper_calls_workers_only_to_jobs_that_stand_still(broker, settings) -> None:
    old, now = timezone.now() - timedelta(minutes=1), timezone.now()

    def waiting(**fields) -> Job:
        job = JobFactory()
        ChunkFactory(job=job)
        Job.objects.filter(pk=job.pk).update(**fields)
        return job

    waiting(created_at=old)  # its message was lost
    waiting(state="running", heartbeat_at=old)  # its worker was killed
    waiting(state="running", heartbeat_at=now)
    waiting(created_at=now)
    waiting(state="cancelled", finished_at=now, created_at=old)
    sweep()
    assert broker.llen("celery") == 2 * settings.WORKERS
