"""Watching a job to its end from a terminal, with a hand lent where no worker comes."""

from __future__ import annotations

import sys
import time
from datetime import timedelta

from django.utils import timezone
from tqdm import tqdm

from .models import Job
from .selectors import job_progress
from .states import JobState
from .work import work_slice

PATIENCE = timedelta(seconds=5)
"""How long a job may stand still before this process works on it."""
LOOK = 0.3


def follow(*, job_id: int, quiet: bool = False) -> Job:
    """Wait until a job has ended; where no worker takes it, work on it here. Shows a bar on a terminal."""
    helping = False
    with tqdm(total=100, unit="%", disable=quiet or None, leave=False, bar_format=_BAR) as bar:
        while True:
            job = Job.objects.get(pk=job_id)
            progress = job_progress(job)
            running = [stage.label for stage in progress.stages if stage.state == "running"]
            bar.set_description(running[0] if running else progress.state)
            bar.n = progress.percent
            bar.refresh()
            if not progress.active:
                return job
            if not helping and timezone.now() - (job.heartbeat_at or job.created_at) > PATIENCE:
                helping = True
                if not quiet:
                    tqdm.write("no worker takes the job: working on it in this process", file=sys.stderr)
            if not (helping and work_slice(job_id=job_id, seconds=1.0)):
                time.sleep(LOOK)


_BAR = "{desc:32s} {percentage:3.0f}% |{bar}| {elapsed}"


def seconds_of(job: Job) -> float:
    """From its start to its end."""
    if job.started_at is None or job.finished_at is None:
        return 0.0
    return round((job.finished_at - job.started_at).total_seconds(), 2)


def succeeded(job: Job) -> bool:
    return job.state == JobState.SUCCEEDED
