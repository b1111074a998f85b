"""States of jobs and chunks: label, tone and membership of each set in one place."""

from django.db import models


class JobState(models.TextChoices):
    QUEUED = "queued", "queued"
    RUNNING = "running", "running"
    SUCCEEDED = "succeeded", "succeeded"
    FAILED = "failed", "failed"
    CANCELLED = "cancelled", "cancelled"

    @property
    def is_terminal(self) -> bool:
        return self in TERMINAL

    @property
    def tone(self) -> str:
        """How pages colour it: calm, busy, good or bad."""
        return {
            "queued": "calm",
            "running": "busy",
            "succeeded": "good",
            "failed": "bad",
            "cancelled": "calm",
        }[self]


TERMINAL = frozenset({JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED})
ACTIVE = frozenset({JobState.QUEUED, JobState.RUNNING})


class ChunkState(models.TextChoices):
    WAITING = "waiting", "waiting"
    LEASED = "leased", "leased"
    DONE = "done", "done"
    FAILED = "failed", "failed"
