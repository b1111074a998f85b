"""The loop that does a job's chunks, and the task that runs it in slices."""

from __future__ import annotations

import logging
import time
import traceback

from django.conf import settings
from django.db import OperationalError, connections
from django.db.models import Sum
from django.utils import timezone

from catalog.codebooks import DamagedError
from catalog.prepared import PreparedGoneError

from .base import enqueue, task
from .errors import JobError, LeaseLostError
from .leases import MAX_ATTEMPTS, MAX_LOST, Heartbeat, claim, fenced, release_all
from .models import Chunk, Job, LogLine
from .selectors import seconds_worked
from .stages import Write, stages_of
from .states import ChunkState, JobState

logger = logging.getLogger(__name__)

SLICE_SECONDS = 20.0
"""How long a task works before it sends itself on: well under the broker's visibility timeout."""


@task
def work(*, job_id: int) -> None:
    """Work on a job for one slice; if more is to be done now, send a message to go on."""
    if work_slice(job_id=job_id):
        enqueue(work, job_id=job_id)


def wake(job: Job) -> None:
    """Call as many workers to the job as this portal has."""
    enqueue(work, times=settings.WORKERS, job_id=job.pk)


def work_slice(*, job_id: int, seconds: float = SLICE_SECONDS) -> bool:
    """Do chunks of a job until none is to be had or the time is over; True where more may be had now."""
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        chunk = claim(job_id)
        if chunk is None:
            return False
        do(chunk)
    return True


def do(chunk: Chunk) -> None:
    """Compute a claimed chunk and write its result, or record why it could not be done."""
    try:
        _attempt(chunk)
    except LeaseLostError:
        logger.info("Chunk %s was given to another worker or its job ended; its result is dropped.", chunk.pk)
    except OperationalError:
        # The database went away: the lease runs out and the chunk is done again.
        logger.exception("Chunk %s lost its database", chunk.pk)
        connections.close_all()


def _attempt(chunk: Chunk) -> None:
    try:
        if chunk.attempts > MAX_LOST:
            raise JobError(
                f"Its workers were killed {MAX_LOST} times. Look for a lack of memory, then retry the job."
            )
        with Heartbeat(chunk):
            write = stages_of(chunk.job)[chunk.stage_number].function(chunk)
        _finish(chunk, write)
    except (LeaseLostError, OperationalError):
        raise
    except (JobError, PreparedGoneError, DamagedError) as refused:
        _fail(chunk, str(refused))
    except Exception as error:
        logger.exception("Chunk %s failed at attempt %s", chunk.pk, chunk.attempts)
        reason = f"{type(error).__name__}: {error}".rstrip(".")
        if chunk.attempts < MAX_ATTEMPTS:
            _release(chunk, reason, traceback.format_exc())
        else:
            _fail(
                chunk,
                f"It failed {chunk.attempts} times, last with {reason}. The log holds the details; "
                "put its cause right, then retry: what is done stays done.",
                traceback.format_exc(),
            )


def _finish(chunk: Chunk, write: Write) -> None:
    with fenced(chunk) as job:
        write()
        now = timezone.now()
        chunk.state, chunk.finished_at, chunk.error = ChunkState.DONE, now, ""
        chunk.lease = chunk.lease_expires_at = None
        chunk.save()
        job.heartbeat_at = now
        if not job.chunks.filter(stage_number=chunk.stage_number).exclude(state=ChunkState.DONE).exists():
            _log_stage(chunk, job)
            if job.chunks.exclude(state=ChunkState.DONE).exists():
                wake(job)  # a stage opens: others may be idle
            else:
                job.state, job.finished_at = JobState.SUCCEEDED, now
        job.save()


def _log_stage(chunk: Chunk, job: Job) -> None:
    stage = stages_of(job)[chunk.stage_number]
    of_stage = job.chunks.filter(stage_number=chunk.stage_number)
    amount = of_stage.aggregate(work=Sum("work"))["work"]
    seconds = seconds_worked(job, timezone.now())[chunk.stage_number]
    work = f", {amount:,} {stage.unit}" if stage.unit else ""
    message = f"{stage.label}: done{work} in {seconds:.1f} s."
    LogLine.objects.create(job=job, message=message)


def _release(chunk: Chunk, reason: str, details: str) -> None:
    """Give the chunk back for another attempt."""
    with fenced(chunk) as job:
        chunk.state, chunk.error = ChunkState.WAITING, reason
        chunk.lease = chunk.lease_expires_at = None
        chunk.save()
        _log(job, LogLine.Level.WARNING, chunk, f"attempt {chunk.attempts} failed\n{details}")


def _fail(chunk: Chunk, sentence: str, details: str = "") -> None:
    """End the chunk and its job; chunks that others hold are taken from them."""
    with fenced(chunk) as job:
        chunk.state, chunk.error = ChunkState.FAILED, sentence
        chunk.lease = chunk.lease_expires_at = None
        chunk.save()
        release_all(job)
        job.state, job.finished_at = JobState.FAILED, timezone.now()
        job.error = f"{_place(chunk)}: {sentence}"
        job.save()
        _log(job, LogLine.Level.ERROR, chunk, f"{sentence}\n{details}".strip())


def _place(chunk: Chunk) -> str:
    return f"Stage {chunk.stage}, chunk {chunk.number}"


def _log(job: Job, level: str, chunk: Chunk, message: str) -> None:
    LogLine.objects.create(job=job, level=level, message=f"{_place(chunk)}: {message}")
