"""Who works on which chunk. The rows decide, under the job's lock; whoever lost its lease writes nothing.

Every change locks the job first and the chunk after it, so two of them never wait for each other.
"""

from __future__ import annotations

import logging
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from types import TracebackType
from typing import Self

from django.db import DatabaseError, connection, transaction
from django.db.models import Min, Q, QuerySet
from django.utils import timezone

from .errors import LeaseLostError
from .models import Chunk, Job
from .states import ACTIVE, ChunkState, JobState

logger = logging.getLogger(__name__)

LEASE = timedelta(seconds=15)
HEARTBEAT = 3.0
"""Seconds between two signs of life; a lease outlives several."""
MAX_ATTEMPTS = 3
"""Attempts that may end in an error."""
MAX_LOST = 8
"""Attempts in all, also those whose worker was killed: by then it is the chunk that kills."""


def locked(job_id: int) -> Job:
    """The job, locked against other claims, results and cancellation until the transaction ends."""
    return _lock(Job.objects.filter(pk=job_id)).get()


def _lock(jobs: QuerySet[Job]) -> QuerySet[Job]:
    return jobs.select_for_update(no_key=True)


def claimable(job: Job) -> Q:
    """Chunks of the job that a worker may take: of its first stage with open chunks, free or given up."""
    opened = job.chunks.exclude(state=ChunkState.DONE).aggregate(stage=Min("stage_number"))["stage"]
    free = Q(state=ChunkState.WAITING) | Q(state=ChunkState.LEASED, lease_expires_at__lt=timezone.now())
    return Q(stage_number=opened) & free


def claim(job_id: int) -> Chunk | None:
    """Take one chunk; None where there is none to take now, or no such job any more."""
    with transaction.atomic():
        job = _lock(Job.objects.filter(pk=job_id, state__in=ACTIVE)).first()
        if job is None:
            return None
        chunk = (
            job.chunks.select_for_update(skip_locked=True)
            .filter(claimable(job))
            .order_by("attempts", "number")
            .first()
        )
        if chunk is None:
            return None
        now = timezone.now()
        chunk.state, chunk.lease, chunk.lease_expires_at = ChunkState.LEASED, uuid.uuid4(), now + LEASE
        chunk.attempts += 1
        chunk.started_at = chunk.started_at or now
        chunk.save()
        job.started_at = job.started_at or now
        job.state, job.heartbeat_at = JobState.RUNNING, now
        job.save()
        return chunk


@contextmanager
def fenced(chunk: Chunk) -> Iterator[Job]:
    """A transaction that holds the job's lock.

    Raises LeaseLostError where the lease is no longer ours, or the job was deleted.
    """
    with transaction.atomic():
        job = _lock(Job.objects.filter(pk=chunk.job_id)).first()
        held = Chunk.objects.select_for_update().filter(
            pk=chunk.pk, lease=chunk.lease, state=ChunkState.LEASED
        )
        if job is None or not held.exists():
            raise LeaseLostError
        yield job


def release_all(job: Job) -> None:
    """Take the job's chunks from whoever holds them; the job is locked."""
    job.chunks.filter(state=ChunkState.LEASED).update(
        state=ChunkState.WAITING, lease=None, lease_expires_at=None
    )


class Heartbeat:
    """Keeps a chunk's lease alive from a thread of its own while the chunk is worked on."""

    def __init__(self, chunk: Chunk) -> None:
        self._chunk = chunk
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._beat, name=f"lease-{chunk.pk}", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()

    def _beat(self) -> None:
        while not self._ended.wait(HEARTBEAT):
            try:
                now = timezone.now()
                Chunk.objects.filter(pk=self._chunk.pk, lease=self._chunk.lease).update(
                    lease_expires_at=now + LEASE
                )
                Job.objects.filter(pk=self._chunk.job_id).update(heartbeat_at=now)
            except DatabaseError:
                logger.warning("No sign of life for chunk %s: the database does not answer.", self._chunk.pk)
            finally:
                connection.close()
