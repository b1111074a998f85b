"""Sends a message again for every job that should be moving and is not.

The scheduler calls it every few seconds. Nothing else repairs: a lost message, a killed worker or an emptied
broker all show as an active job without a sign of life.
"""

from __future__ import annotations

from datetime import timedelta

from django.db.models import Q
from django.utils import timezone

from .base import task
from .kin.kept import kept_expire
from .leases import claimable
from .models import Job
from .states import ACTIVE
from .work import wake

STALE = timedelta(seconds=10)
"""Longer than a lease's heartbeat, so that a job at work is left alone."""


@task
def sweep() -> None:
    """Wake workers for jobs that stand still; delete spectra whose time to be kept is over."""
    kept_expire()
    sleepers = Q(heartbeat_at__lt=timezone.now() - STALE) | Q(
        heartbeat_at__isnull=True, created_at__lt=timezone.now() - STALE
    )
    for job in Job.objects.filter(sleepers, state__in=ACTIVE).order_by("pk"):
        if job.chunks.filter(claimable(job)).exists():
            wake(job)
